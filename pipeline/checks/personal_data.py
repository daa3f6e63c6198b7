"""Finds what looks like personal data or a secret: e-mail addresses, phone and card numbers, keys.

It reports and drops nothing. The library phonenumbers judges phone numbers, patterns the rest. They would
rather miss something than take a verse, a score or a year for a person's number.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterator
from typing import Literal

import phonenumbers

from pipeline.ids import short_id
from pipeline.schema import Finding, Instance, Span

Kind = Literal["email", "phone", "card", "key"]
Place = tuple[int, int]

# A key has a mark of its own: only a text that holds the mark is searched for the pattern.
_KEYS = {
    mark: re.compile(rf"(?<![\w-])(?:{pattern})(?!\w)", re.ASCII)
    for mark, pattern in {
        "AKIA": r"AKIA[A-Z2-7]{16}",  # AWS
        "ASIA": r"ASIA[A-Z2-7]{16}",  # AWS, for a while
        "gh": r"gh[pousr]_[A-Za-z0-9]{36,251}",  # GitHub
        "github_pat_": r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
        "glpat-": r"glpat-[\w-]{20,}",  # GitLab
        "xox": r"xox[abeoprs]-\d[A-Za-z0-9-]{16,}",  # Slack
        "xapp-": r"xapp-\d-[A-Za-z0-9-]{20,}",
        "hooks.slack.com": r"https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}",
        "sk-": r"sk-(?:(?:proj|svcacct|admin|ant)-[\w-]{40,}|[A-Za-z0-9]{48})",  # OpenAI, Anthropic
        "k_": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
        "AIza": r"AIza[\w-]{35}",  # Google
        "GOCSPX-": r"GOCSPX-[\w-]{28}",
        "hf_": r"hf_[A-Za-z]{34,}",  # Hugging Face
        "npm_": r"npm_[A-Za-z0-9]{36}",
        "eyJ": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",  # JWT: two JSON objects and a signature
    }.items()
}
_MIN_DIFFERENT = 6  # characters among a key's last 16; with fewer it is a placeholder such as xxxxxxxx
_PRIVATE_KEY = re.compile(  # a header alone too, where the segment ends before the key does
    r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----(?:[\s\S]{0,20000}?-----END \1-----)?"
)

# Domains that are reserved for examples (RFC 2606) are nobody's.
_EMAIL = re.compile(
    r"(?<![\w.%+-])[A-Z0-9](?:[\w.%+-]{0,62}[\w%+-])?"
    r"@(?!(?:[A-Z0-9-]+\.)*example\.(?:com|net|org)\b)"
    r"(?:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.)+[A-Z]{2,24}(?![\w@])",
    re.ASCII | re.IGNORECASE,
)

# A number is looked for only where so many digits stand close together; phonenumbers alone would be slow.
_BETWEEN = r"[\s().\-–/]{0,3}"
_MANY_DIGITS = re.compile(rf"\d(?:{_BETWEEN}\d){{8}}|\+{_BETWEEN}\d(?:{_BETWEEN}\d){{6}}")
_REGIONS = ("US", "GB")  # whose numbers are known without the country's code

# In fours, or as American Express and Diners Club print them, or in one piece.
_CARD = re.compile(
    r"(?<![\w.,-])"
    r"(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})"
    r"(?![\w-]|[.,]\d)",
    re.ASCII,
)
_SEPARATORS = re.compile("[ -]")
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|352[89]|35[3-8]\d|62\d\d)\d{12,15}"  # Discover, JCB, UnionPay
)


def find(instance: Instance) -> list[Finding]:
    """What stands in the segments of an instance, in reading order; what frames them is not searched."""
    found = []
    for chunk in instance.chunks:
        for segment in chunk.segments:
            text = chunk.text[segment.start : segment.end]
            for kind, (start, end) in _found(text):
                first = segment.raw.start + start
                found.append(
                    Finding(
                        id=short_id(instance.source, segment.id, kind, start),
                        source=instance.source,
                        split=instance.split,
                        instance=instance.id,
                        segment=segment.id,
                        kind=kind,
                        raw=Span(segment.raw.file, segment.raw.record, first, first + end - start),
                        masked=_masked(text[start:end]),
                    )
                )
    return found


def _masked(found: str) -> str:
    return found[:2] + "*" * (len(found) - 4) + found[-2:]


def _keys(text: str) -> Iterator[Place]:
    for mark, pattern in _KEYS.items():
        if mark in text:
            for match in pattern.finditer(text):
                if len(set(match[0][-16:])) >= _MIN_DIFFERENT:
                    yield match.span()
    if "PRIVATE KEY" in text:
        for match in _PRIVATE_KEY.finditer(text):
            yield match.span()


def _emails(text: str) -> Iterator[Place]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.span()


def _cards(text: str) -> Iterator[Place]:
    for match in _CARD.finditer(text):
        digits = _SEPARATORS.sub("", match[0])
        if _ISSUED.fullmatch(digits) and _passes_luhn(digits):
            yield match.span()


def _passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(two // 10 + two % 10 for two in doubled)) % 10 == 0


def _phones(text: str) -> Iterator[Place]:
    leniency = phonenumbers.Leniency.STRICT_GROUPING
    for region in _REGIONS:
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency):
            # "(1-800-433-7300 in the US)": the bracket is not the number's
            alone = match.raw_string.startswith("(") and ")" not in match.raw_string
            yield match.start + alone, match.end


_ANYWHERE: tuple[tuple[Kind, Callable[[str], Iterator[Place]]], ...] = (("key", _keys), ("email", _emails))
_NUMBERS: tuple[tuple[Kind, Callable[[str], Iterator[Place]]], ...] = (("card", _cards), ("phone", _phones))


def _found(text: str) -> list[tuple[Kind, Place]]:
    """Kinds and places, in order; where two overlap, the one that is searched for first."""
    kept: list[tuple[Place, Kind]] = []  # in order, and apart
    for kind, search in _ANYWHERE + _NUMBERS if _MANY_DIGITS.search(text) else _ANYWHERE:
        for start, end in search(text):
            place = bisect(kept, start, key=lambda one: one[0][0])
            beside = kept[max(0, place - 1) : place + 1]
            if all(end <= other_start or other_end <= start for (other_start, other_end), _ in beside):
                kept.insert(place, ((start, end), kind))
    return [(kind, place) for place, kind in kept]
