"""Times as data files write them: ISO 8601, seconds or milliseconds since 1970, and some usual forms."""

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_DAYS = ("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y")
_FORMS = (*_DAYS, *(f"{day} {clock}" for day in _DAYS for clock in ("%H:%M", "%H:%M:%S")))
_WEEKDAY = re.compile(r" ?\([A-Za-z]{3}\)")
_MAX_CHARS = 60
_MIN_SECONDS, _MAX_SECONDS = 10**8, 10**11  # 1973 to 5138; ten times more are milliseconds, and so on


def parse_time(value: Any) -> str | None:
    """Return a time as YYYY-MM-DD HH:MM, on its own clock; None where it is not known to be one."""
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
        return _parse_text(value)
    return _parse_seconds(value) if isinstance(value, int | float) else None


def _parse_text(text: str) -> str | None:
    text = _WEEKDAY.sub("", text)
    try:
        return _format(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _FORMS:
        try:
            return _format(datetime.strptime(text, form))
        except ValueError:
            continue
    try:
        return _format(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError):
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
