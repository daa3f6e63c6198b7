"""The dates in the names of files: `2025-04-19-trip.md`, `trip_20250419.md`, `journal/2025/04/19.md`.

Only what is surely a date is read. In 03-02-2025 the day may be either number, so it is not; with dots the
first is the day, and a number beyond 12 is the day anywhere.
"""

import re
from calendar import monthrange
from datetime import datetime
from typing import NamedTuple

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}(?P<mark>[-_. ])(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?!\d)")
_DIGITS = re.compile(rf"(?<![^\W_]){_YEAR}(?P<month>\d\d)(?P<day>\d\d)(?=[Tt]\d{{4}}|[\W_]|\Z)")
_YEAR_LAST = re.compile(rf"(?<!\d)(?P<one>\d\d)(?P<mark>[-_.])(?P<two>\d\d)(?P=mark){_YEAR}(?!\d)")
_MONTH = re.compile(rf"(?<!\d){_YEAR}[-_. ](?P<month>\d\d)(?!\d)")
# 2025/04/19 trip.md, 2025/04/19/trip.md, 2025-04/19.md and 2025/2025-04/19.md
_FOLDERS = re.compile(rf"(?:\A|/){_YEAR}[-_/](?P<month>\d\d)/(?P<day>\d\d)(?P<rest>(?![^\W_])[^/]*|/[^/]+)\Z")
_JOINERS = "-_, "
_MAX_MONTH = 12


class _FoundDate(NamedTuple):
    day: datetime
    start: int
    end: int


def find_file_days(path: str) -> list[datetime]:
    """Return the days that the name of a file has, in order, each once; without any, that of its folders."""
    found = _find_in_name(path.rpartition("/")[2])
    if not found:
        day, _ = _find_in_folders(path)
        return [] if day is None else [day]
    return list(dict.fromkeys(one.day for one in found))


def find_last_day(path: str) -> datetime | None:
    """Return the last day that the name of a file has, or the last of its month where it has no day."""
    days = find_file_days(path)
    if not days:
        for match in _MONTH.finditer(path.rpartition("/")[2]):
            year, month = int(match["year"]), int(match["month"])
            if 1 <= month <= _MAX_MONTH:
                days.append(datetime(year, month, monthrange(year, month)[1]))
    return max(days, default=None)


def write_date(path: str) -> str:
    """Return the name of a file without ending, with its only day as YYYY-MM-DD between spaces."""
    name = path.rpartition("/")[2]
    found = _find_in_name(name)
    if len(found) == 1:
        day, start, end = found[0]
        parts = (name[:start].rstrip(_JOINERS), f"{day:%Y-%m-%d}", name[end:].lstrip(_JOINERS))
    elif not found and (of_folders := _find_in_folders(path))[0] is not None:
        folder_day, rest = of_folders
        parts = ("", f"{folder_day:%Y-%m-%d}", rest.strip("/" + _JOINERS))
    else:
        return name
    return " ".join(part for part in parts if part)


def _find_in_name(name: str) -> list[_FoundDate]:
    found = []
    for pattern in (_YEAR_FIRST, _DIGITS):
        for match in pattern.finditer(name):
            found.append(_make(match, int(match["month"]), int(match["day"])))
    for match in _YEAR_LAST.finditer(name):
        one, two = int(match["one"]), int(match["two"])
        if match["mark"] == "." or one > _MAX_MONTH or one == two:
            found.append(_make(match, two, one))
        elif two > _MAX_MONTH:
            found.append(_make(match, one, two))
    return sorted(one for one in found if one is not None)


def _make(match: re.Match[str], month: int, day: int) -> _FoundDate | None:
    try:
        return _FoundDate(datetime(int(match["year"]), month, day), *match.span())
    except ValueError:
        return None


def _find_in_folders(path: str) -> tuple[datetime | None, str]:
    """Return (the day that the last folders and the name of a file make, the rest of the name)."""
    match = _FOLDERS.search(path)
    found = _make(match, int(match["month"]), int(match["day"])) if match else None
    return (found.day, match["rest"]) if match and found else (None, "")
