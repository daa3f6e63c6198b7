"""Times as data files write them: ISO 8601, seconds or milliseconds since 1970, and some usual forms.

Dates such as 3/2/2024 begin with the day in most countries and with the month in others. Which one holds is
told by the other dates of a column, where one has a number beyond 12, or by the user; it is not guessed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

_DAYS = ("%Y/%m/%d", "%d.%m.%Y")
_FORMS = (*_DAYS, *(f"{day} {clock}" for day in _DAYS for clock in ("%H:%M", "%H:%M:%S")))
_SLASH_DATE = re.compile(
    r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?:,? +(\d{1,2}:\d{2})(?::\d{2})?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_WEEKDAY = re.compile(r" ?\([A-Za-z]{3}\)")
_MAX_CHARS = 60
_MONTHS = 12
_MIN_SECONDS, _MAX_SECONDS = 10**8, 10**11  # 1973 to 5138; ten times more are milliseconds, and so on


def find_day_first(values: Iterable[Any]) -> bool | None:
    """Return whether dates such as 3/2/2024 among a column's values begin with the day; None: not known."""
    found = set()
    for value in values:
        match = _match_slash_date(value)
        if match and (int(match[1]) > _MONTHS) != (int(match[3]) > _MONTHS):
            found.add(int(match[1]) > _MONTHS)
    return found.pop() if len(found) == 1 else None


def find_day_first_by_order(values: Sequence[str]) -> bool | None:
    """Return whether dates such as 3/2/2024 begin with the day, of entries in order of time; None: not known.

    It is known where one of both readings never goes back by a day, and the other does.
    """
    rises = {}
    for day_first in (True, False):
        days = [time[:10] for value in values if (time := parse_time(value, day_first))]
        rises[day_first] = all(one <= other for one, other in pairwise(days))
    return None if rises[True] == rises[False] else rises[True]


def is_ambiguous(value: Any) -> bool:
    """Return whether a value is a date such as 3/2/2024, in February or in March."""
    match = _match_slash_date(value)
    if match is None:
        return False
    first, second = int(match[1]), int(match[3])
    return first != second and max(first, second) <= _MONTHS


def explain_ambiguous(value: object) -> str:
    """Return what to do about a time that `is_ambiguous`."""
    return f"{value}: which number is the day? Write `day_first: true` or `false` beside `format`"


def _match_slash_date(value: Any) -> re.Match[str] | None:
    is_short = isinstance(value, str) and len(value) <= _MAX_CHARS
    return _SLASH_DATE.fullmatch(value.strip()) if is_short else None


def parse_time(value: Any, day_first: bool | None = None) -> str | None:
    """Return a time as YYYY-MM-DD HH:MM, on its own clock; None where it is not known to be one.

    `day_first`: whether 3/2/2024 is in February; None: such dates are not known.
    """
    if isinstance(value, datetime):
        return _format(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d} 00:00" if value.year >= 1000 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        if len(value) > _MAX_CHARS:
            return None
        if re.fullmatch(r"\d{9,20}(\.\d+)?", value):
            return _parse_seconds(float(value))
        match = _SLASH_DATE.fullmatch(value)
        return _parse_slash_date(match, day_first) if match else _parse_text(value)
    return _parse_seconds(value) if isinstance(value, int | float) else None


def parse_time_by_forms(value: Any, forms: Iterable[str]) -> str | None:
    """Return a time that has one of some forms of `strptime` as YYYY-MM-DD HH:MM; None for other values."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _MAX_CHARS:
        return None
    for form in forms:
        try:
            return _format(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _parse_slash_date(match: re.Match[str], day_first: bool | None) -> str | None:
    first, second = int(match[1]), int(match[3])
    if day_first is None and first != second and max(first, second) <= _MONTHS:
        return None
    if first > _MONTHS or second > _MONTHS:
        day_first = first > _MONTHS
    day, month = (first, second) if day_first else (second, first)
    hour, minute = map(int, (match[5] or "0:00").split(":"))
    if match[6]:
        hour = hour % 12 + 12 * (match[6] in "Pp")
    try:
        return _format(datetime(int(match[4]), month, day, hour, minute))
    except ValueError:
        return None


def _parse_text(text: str) -> str | None:
    text = _WEEKDAY.sub("", text)
    try:
        return _format(datetime.fromisoformat(text))
    except ValueError:
        pass
    time = parse_time_by_forms(text, _FORMS)
    if time is not None:
        return time
    try:
        return _format(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parse_seconds(number: float) -> str | None:
    while number >= _MAX_SECONDS:
        number /= 1000
        if number != number or number == float("inf"):
            return None
    if number < _MIN_SECONDS:
        return None
    try:
        return _format(datetime.fromtimestamp(number, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _format(time: datetime) -> str | None:
    return f"{time:%Y-%m-%d %H:%M}" if time.year >= 1000 else None
