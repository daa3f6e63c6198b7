"""Dates of chunks: synthetic dates where a source has none, and the dates that a chunk shows."""

from datetime import datetime, timedelta

from pipeline.core.schema import Chunk

FIRST_DAY = datetime(2024, 1, 1)
# Beginnings of a chunk of a conversation without times.
UNDATED_HEADINGS = ("[Dialogue]\n", "[Event happened]\n")


def synthetic_time(index: int) -> str:
    """Return the synthetic time of chunk `index` (one day per chunk), YYYY-MM-DD HH:MM."""
    return f"{FIRST_DAY + timedelta(days=index):%Y-%m-%d %H:%M}"


def displayed_date(chunk: Chunk) -> str | None:
    """Return the date of a chunk, YYYY-MM-DD; None where it is synthetic and the chunk's text lacks it."""
    date = chunk.time[:10]
    return None if chunk.text.startswith(UNDATED_HEADINGS) and date not in chunk.text else date
