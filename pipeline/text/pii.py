"""Find personal data and secrets in a text: e-mail addresses, phone and card numbers, keys.

The library phonenumbers judges phone numbers, patterns judge the rest. They prefer precision over recall: a
verse, a score or a year must not count as a phone number.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import phonenumbers

PiiKind = Literal["email", "phone", "card", "key"]
CharSpan = tuple[int, int]

# mark: pattern. Only a text that holds the mark is searched for the pattern, which is faster.
_KEY_PATTERNS = {
    mark: re.compile(rf"(?<![\w-])(?:{pattern})(?!\w)", re.ASCII)
    for mark, pattern in {
        "AKIA": r"AKIA[A-Z2-7]{16}",  # AWS
        "ASIA": r"ASIA[A-Z2-7]{16}",  # AWS, temporary
        **{f"gh{kind}_": rf"gh{kind}_[A-Za-z0-9]{{36,251}}" for kind in "pousr"},  # GitHub
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
_MARKS_WITH_UNDERSCORES = tuple(mark for mark in _KEY_PATTERNS if "_" in mark)
_PLAIN_MARKS = tuple(mark for mark in _KEY_PATTERNS if "_" not in mark)
_MIN_DISTINCT_CHARS = 6  # among a key's last 16; with fewer it is a placeholder such as xxxxxxxx
_PRIVATE_KEY_HEADER = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_PRIVATE_KEY_LINES = re.compile(r"(?:\s{1,4}[A-Za-z0-9+/]{16,}+={0,2})+")
_MAX_PRIVATE_KEY_CHARS = 20_000  # between header and footer

# Domains that are reserved for examples (RFC 2606) belong to nobody.
_EMAIL = re.compile(
    r"(?<![\w.%+-])[A-Z0-9](?:[\w.%+-]{0,62}[\w%+-])?"
    r"@(?!(?:[A-Z0-9-]+\.)*example\.(?:com|net|org)\b)"
    r"(?:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.)+[A-Z]{2,24}(?![\w@])",
    re.ASCII | re.IGNORECASE,
)

# Numbers are searched only where this many digits stand close together: phonenumbers alone would be slow.
_DIGIT_SEPARATORS = r"[\s().\-–/]{0,3}"
_MANY_DIGITS = re.compile(
    rf"\d(?:{_DIGIT_SEPARATORS}\d){{8}}|\+{_DIGIT_SEPARATORS}\d(?:{_DIGIT_SEPARATORS}\d){{6}}"
)
_MIN_TRIES = 65_535  # numbers that are none, after which phonenumbers ends by default
# To find runs of digits in UTF-8, without what may stand between them. Characters beyond ASCII count as
# digits, for some are.
_SEPARATOR_BYTES = bytes(code for code in range(128) if chr(code).isspace() or chr(code) in "().-/")
_TO_DIGIT_RUNS = bytes(code if code > 127 or chr(code).isdigit() else ord(" ") for code in range(256))
# Their numbers are recognized without a country code; those of a language in texts in that language.
_REGIONS = ("US", "GB")
_REGIONS_BY_LANGUAGE = {
    "de": ("DE", "AT", "CH"),
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "fr": ("FR", "BE", "CH", "CA"),
    "it": ("IT", "CH"),
    "ja": ("JP",),
    "ko": ("KR",),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("BR", "PT"),
    "ru": ("RU",),
    "zh": ("CN", "TW", "HK"),
}

# In fours, or as American Express and Diners Club print them, or in one piece.
_CARD = re.compile(
    r"(?<![\w.,-])"
    r"(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})"
    r"(?![\w-]|[.,]\d)",
    re.ASCII,
)
_SEPARATORS = re.compile("[ -]")
_CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|352[89]|35[3-8]\d|62\d\d)\d{12,15}"  # Discover, JCB, UnionPay
)


def may_hold_pii(text: str) -> bool:
    """Return whether a text has what every finding has; most texts have not."""
    return (
        "@" in text
        or _has_many_digits(text)
        or "PRIVATE KEY" in text
        or any(mark in text for mark in _PLAIN_MARKS)
        or ("_" in text and any(mark in text for mark in _MARKS_WITH_UNDERSCORES))
    )


def _has_many_digits(text: str) -> bool:
    """Return whether `_MANY_DIGITS` is in a text; most have no run of digits that is long enough."""
    runs = text.encode("utf-8", "surrogatepass").translate(_TO_DIGIT_RUNS, _SEPARATOR_BYTES).split()
    min_digits = 7 if "+" in text else 9
    return max(map(len, runs), default=0) >= min_digits and _MANY_DIGITS.search(text) is not None


def _find_keys(text: str) -> Iterator[CharSpan]:
    for mark, pattern in _KEY_PATTERNS.items():
        if mark in text:
            for match in pattern.finditer(text):
                if len(set(match[0][-16:])) >= _MIN_DISTINCT_CHARS:
                    yield match.span()
    if "PRIVATE KEY" in text:
        yield from _find_private_keys(text)


def _find_private_keys(text: str) -> Iterator[CharSpan]:
    """Yield the spans of private keys; without a footer, of the header and the lines of the key after it."""
    position = 0
    while header := _PRIVATE_KEY_HEADER.search(text, position):
        footer = f"-----END {header[1]}-----"
        limit = header.end() + _MAX_PRIVATE_KEY_CHARS + len(footer)
        start_of_footer = text.find(footer, header.end(), limit)
        if start_of_footer >= 0:
            position = start_of_footer + len(footer)
        else:
            lines = _PRIVATE_KEY_LINES.match(text, header.end())
            position = lines.end() if lines else header.end()
        yield header.start(), position


def _find_emails(text: str) -> Iterator[CharSpan]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.span()


def _find_cards(text: str) -> Iterator[CharSpan]:
    for match in _CARD.finditer(text):
        digits = _SEPARATORS.sub("", match[0])
        if _CARD_ISSUERS.fullmatch(digits) and _passes_luhn(digits):
            yield match.span()


def _passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(two // 10 + two % 10 for two in doubled)) % 10 == 0


def _find_phones(text: str, language: str) -> Iterator[CharSpan]:
    leniency = phonenumbers.Leniency.STRICT_GROUPING
    max_tries = max(_MIN_TRIES, len(text))  # so that the search does not end before the text
    for region in list_phone_regions(language):
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency, max_tries=max_tries):
            # "(1-800-433-7300 in the US)": the bracket does not belong to the number.
            is_bracket_open = match.raw_string.startswith("(") and ")" not in match.raw_string
            yield match.start + is_bracket_open, match.end


def list_phone_regions(language: str) -> tuple[str, ...]:
    """Return the regions whose phone numbers are found without a country code in texts in a language."""
    return _REGIONS + _REGIONS_BY_LANGUAGE.get(language, ())


def find_pii_spans(text: str, language: str = "en") -> list[tuple[PiiKind, CharSpan]]:
    """Return (kind, span) of each finding, in order; of two that overlap the kind that is searched first.

    `language`: of the text, by ISO 639; its countries' phone numbers are found without a country code.
    """
    finders: list[tuple[PiiKind, Callable[[str], Iterator[CharSpan]]]] = [
        ("key", _find_keys),
        ("email", _find_emails),
    ]
    if _MANY_DIGITS.search(text):
        finders += [("card", _find_cards), ("phone", partial(_find_phones, language=language))]
    kept: list[tuple[CharSpan, PiiKind]] = []  # sorted, without overlap
    for kind, find in finders:
        for start, end in find(text):
            index = bisect(kept, start, key=lambda finding: finding[0][0])
            neighbors = kept[max(0, index - 1) : index + 1]
            if all(end <= other_start or other_end <= start for (other_start, other_end), _ in neighbors):
                kept.insert(index, ((start, end), kind))
    return [(kind, span) for span, kind in kept]
