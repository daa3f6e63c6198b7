"""Tell the kind of an answer by rules, and whether another answer of that kind may stand in its place."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.core.yaml_reader import read_yaml

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_DECADE = re.compile(r"(?:1[0-9]|20)[0-9]0s")
_DATE = re.compile(
    rf"(?:{_MONTHS})(?: [0-9]{{1,2}})?(?:,? [12][0-9]{{3}})?|[0-9]{{1,2}} (?:{_MONTHS})(?: [12][0-9]{{3}})?"
)
_MONTH = re.compile(rf"\b(?:{_MONTHS})\b")
_NUMBER = re.compile(
    r"[$£€]?[1-9][0-9]{0,2}(?:,[0-9]{3}){0,4}(?:\.[0-9]{1,3})?"
    r"(?: ?%| ?(?!(?:st|nd|rd|th)\b)[a-z°]{1,12}){0,2}"
)
_NUMBER_OF_ANSWER = re.compile(r"[0-9][0-9,]{0,20}(?:\.[0-9]+)?")
_ASKS_TIME = re.compile(
    r"\b(?:when|years?|dates?|months?|days?|decades?|how (?:recently|early))\b", re.IGNORECASE
)
_ASKS_NUMBER = re.compile(
    r"\b(?:how (?:many|much|far|long|tall|high|wide|deep|large|big|fast|often)|number|percent(?:age)?|amount"
    r"|population|average|distance|length|area|cost|price)\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"\b[Ww]h(?:at|ich) ([a-z]{2,20})\b")
_ASKS_WHO = re.compile(r"(?:[Ww]ho|[Ww]hom)\b|(?:.{0,60}\b)(?:which|what) person\b")
_NAME_WORD = r"[A-Z][a-zà-öø-ÿ]{1,20}+(?:-[A-Z][a-zà-öø-ÿ]{1,20}+)?"
_PERSON = re.compile(rf"({_NAME_WORD})(?: [A-Z]\.| {_NAME_WORD})? {_NAME_WORD}")
_PLACE = re.compile(rf"{_NAME_WORD}(?: {_NAME_WORD})?")
_SCALED_NUMBER = re.compile(
    r"(?<![0-9.,])[$£€]?([0-9][0-9,]{0,20}+(?:\.[0-9]{1,9})?)( ?%| percent| per cent| thousand| [mb]illion)?"
)
_DIGITS = re.compile(r"[0-9]+")
_YEARS_OF_TEXT = re.compile(r"(?<![0-9,.])(?:1[0-9]{3}|20[0-9]{2})(?![0-9]|,[0-9])")

_MAX_YEARS = 12  # between an answer and what replaces it
_MAX_RATIO = 2.0
_FULL_PERCENT = 100


@cache
def load_rules() -> dict[str, Any]:
    """Return corrections.yaml: framings, places and given names."""
    return read_yaml(Path(__file__).with_name("corrections.yaml"))


@cache
def get_given_names() -> dict[str, str]:
    """Return `women` or `men` by given name."""
    return {name: gender for gender, names in load_rules()["given_names"].items() for name in names}


def find_kind(question: str, answer: str) -> str | None:
    """Return the kind of an answer, with its shape; None where the rules know none."""
    if _ASKS_TIME.search(question):
        if _YEAR.fullmatch(answer):
            return "year"
        if _DECADE.fullmatch(answer):
            return "decade"
        if _DATE.fullmatch(answer):
            return f"date {_MONTH.sub('month', _DIGITS.sub('0', answer))}"
    if _NUMBER.fullmatch(answer) and _ASKS_NUMBER.search(question):
        return f"number {re.sub('[0-9]', '0', get_number(answer))}"
    person = _PERSON.fullmatch(answer)
    if person and _ASKS_WHO.match(question) and person[1] in get_given_names():
        return f"person, {get_given_names()[person[1]]}"
    asked = _ASKS_NAME.search(question)
    if asked and _PLACE.fullmatch(answer):
        place: str | None = load_rules()["places"].get(asked[1])
        return place
    return None


def get_number(answer: str) -> str:
    """Return the digits of a number without its unit."""
    found = _NUMBER_OF_ANSWER.search(answer)
    assert found is not None
    return found[0]


def is_number(kind: str) -> bool:
    """Return whether a kind is that of numbers with or without a unit."""
    return kind.startswith("number ")


def is_name(kind: str) -> bool:
    """Return whether a kind is that of names."""
    return not is_number(kind) and kind not in ("year", "decade") and not kind.startswith("date ")


def may_replace(kind: str, old: str, new: str, sentence: str, paragraph: str) -> bool:
    """Return whether `new` may stand in the place of `old`, which is of the same kind, in a sentence.

    A year keeps its place among the years of the paragraph, and a number among the numbers of its scale, such
    as millions; none becomes more than twice as large or less than half. A date stays where another month
    stands beside it, which may rest on it.
    """
    if old.casefold() in new.casefold() or new.casefold() in old.casefold():
        return False
    if is_number(kind):
        return _keeps_size(old, new, sentence, paragraph)
    if is_name(kind):
        return True
    has_year = bool(_YEARS_OF_TEXT.search(old.removesuffix("s")))
    months = len(_MONTH.findall(sentence if has_year else paragraph))
    if months > len(_MONTH.findall(old)):
        return False
    return _keeps_order(old, new, paragraph)


def _keeps_size(old: str, new: str, sentence: str, paragraph: str) -> bool:
    """Return whether a number lies between the same numbers of its scale as the one that it replaces."""
    before, after = _to_number(old), _to_number(new)
    low, high = sorted((before, after))
    is_percent = "%" in sentence or "percent" in sentence
    if low == high or high > low * _MAX_RATIO or (is_percent and high > _FULL_PERCENT):
        return False
    start = paragraph.find(sentence) + sentence.find(old)
    numbers = list(_SCALED_NUMBER.finditer(paragraph))
    scale = next((_get_scale(one) for one in numbers if one.start() <= start < one.end()), "")
    others = [
        _to_number(one[1])
        for one in numbers
        if _get_scale(one) == scale and not one.start() <= start < one.end() and not _YEAR.fullmatch(one[1])
    ]
    return not any(low <= other <= high for other in others)


def _get_scale(number: re.Match[str]) -> str:
    """Return the scale of a number of a text, such as `million`."""
    scale = (number[2] or "").strip()
    return "%" if scale.startswith("per") else scale


def _keeps_order(old: str, new: str, paragraph: str) -> bool:
    """Return whether the year of `new` lies between the same years of the paragraph as that of `old`."""
    pair = [_YEARS_OF_TEXT.findall(text.removesuffix("s")) for text in (old, new)]
    if not all(pair):
        return pair == [[], []]
    before, after = (int(years[0]) for years in pair)
    others = [int(year) for year in _YEARS_OF_TEXT.findall(paragraph.replace(old, "", 1))]
    low = max((year for year in others if year <= before), default=before - _MAX_YEARS)
    high = min((year for year in others if year >= before), default=before + _MAX_YEARS)
    return low < after < high and 0 < abs(after - before) <= _MAX_YEARS


def _to_number(answer: str) -> float:
    return float(get_number(answer).replace(",", ""))
