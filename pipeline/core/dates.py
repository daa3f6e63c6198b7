"""Dates of chunks: synthetic dates where a source has none, and the dates that a chunk shows."""

import re
from datetime import datetime, timedelta

from pipeline.core.schema import Chunk, SegmentSpan

_ISO_DATE = re.compile(r"(?<![\d-])(?:19|20)\d\d-\d\d-\d\d(?![\d-])")
FIRST_DAY = datetime(2024, 1, 1)
# Beginnings of a chunk of a conversation without times.
UNDATED_HEADINGS = ("[Dialogue]\n", "[Event happened]\n")


def find_days(name: str) -> list[datetime]:
    """Return the days that are written as YYYY-MM-DD in a name, in order, each once."""
    dates = dict.fromkeys(_ISO_DATE.findall(name))
    return [day for date in dates if (day := _parse_date(date)) is not None]


def _parse_date(date: str) -> datetime | None:
    try:
        return datetime.strptime(date, "%Y-%m-%d")
    except ValueError:
        return None


def synthetic_time(index: int) -> str:
    """Return the synthetic time of chunk `index` (one day per chunk), YYYY-MM-DD HH:MM."""
    return f"{FIRST_DAY + timedelta(days=index):%Y-%m-%d %H:%M}"


def displayed_date(chunk: Chunk) -> str | None:
    """Return the date of a chunk, YYYY-MM-DD; None where it is synthetic and the chunk's text lacks it."""
    date = chunk.time[:10]
    return None if chunk.text.startswith(UNDATED_HEADINGS) and date not in chunk.text else date


def displayed_time(chunk: Chunk, segment: SegmentSpan) -> str | None:
    """Return the time in the heading above a segment, YYYY-MM-DD HH:MM; None where the chunk shows none.

    A heading stands above the first segment of a section, with that segment's own time. The times of the
    segments after it are not shown. `segment` is one of the chunk's.
    """
    first = last = None  # the first segment of the section, and the one before it
    before = None
    for one in chunk.segments:
        if first is None or one.section != first.section or one.document != first.document:
            first, last = one, before
        before = one
        if one is segment:
            break
    if first is None or first.time is None:
        return None
    heading = chunk.text[last.end if last else 0 : first.start]
    return first.time if first.time in heading else None
