"""Full dates in texts: `2 May 2025`, `May 2nd, 2025`, `2025-05-02`, `2. Mai 2025`."""

import re
from datetime import datetime

from pipeline.text.languages import find_language, list_language_codes
from pipeline.text.lexicon import MONTH_NUMBERS

_MAX_CHARS_BEFORE = 30  # of the day and the month before a year
_SHORT = 3  # letters of a short month
_MAX_MONTH = 12


def _list_months() -> dict[str, int]:
    """Return the months of all known languages, and short English ones, with their numbers."""
    months = {"sept": 9} | {month[:_SHORT]: number for month, number in MONTH_NUMBERS.items()}
    for code in list_language_codes():
        language = find_language(code)
        assert language is not None
        months |= language.months
    return months | MONTH_NUMBERS


_MONTHS = _list_months()
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=lambda month: (-len(month), month)))})"
_DAY = r"(?<![\d.,:/-])(?P<day>\d{1,2})"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ISO = re.compile(r"[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)(?!\d)")  # after the year
# Before the year.
_DAY_FIRST = re.compile(
    rf"{_DAY}(?:st|nd|rd|th|er|\.)?(?:\sof|\sde)?\s{_MONTH}\.?,?(?:\sdel?)?\s\Z", re.IGNORECASE
)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s\Z", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\d.,:/-])(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})(?P=mark)\Z")


def find_full_dates(text: str, first_year: int) -> set[datetime]:
    """Return the days that a text names with their year, from `first_year` on.

    Of 3/2/2025 the day is not known, so it is left out; in 3.2.2025 it is the first number.
    """
    days = set()
    for year in _YEAR.finditer(text):
        if int(year.group()) >= first_year and (found := _find_month_and_day(text, year)):
            try:
                days.add(datetime(int(year.group()), *found))
            except ValueError:
                continue
    return days


def _find_month_and_day(text: str, year: re.Match[str]) -> tuple[int, int] | None:
    """Return the (month, day) beside a year; None: it has none, or either number may be the day."""
    iso = _ISO.match(text, year.end())
    if iso:
        return int(iso["month"]), int(iso["day"])
    before = text[max(0, year.start() - _MAX_CHARS_BEFORE) : year.start()]
    words = _DAY_FIRST.search(before) or _MONTH_FIRST.search(before)
    if words:
        return _MONTHS[words["month"].lower()], int(words["day"])
    numbers = _NUMBERS.search(before)
    if numbers is None:
        return None
    one, two = int(numbers["one"]), int(numbers["two"])
    if numbers["mark"] == "." or one > _MAX_MONTH or one == two:
        return two, one
    return (one, two) if two > _MAX_MONTH else None
