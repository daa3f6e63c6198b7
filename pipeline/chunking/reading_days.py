"""The day on which texts are read first: after all that they tell."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline.core.dates import FIRST_DAY, find_days
from pipeline.text.file_dates import find_last_day
from pipeline.text.full_dates import find_full_dates

_MAX_GAP = timedelta(days=366)  # of a date in a text after all others; a later one is a plan, or a slip


def find_first_reading_day(names: Iterable[str], titles: Iterable[str], texts: Iterable[str]) -> datetime:
    """Return the day on which texts are read first: after the dates in their names, titles and sentences.

    A note that says `sold on 3 May 2025` is not read before. Of the dates in the texts, those are left out
    that stand more than a year after all others.

    Args:
        names: Of the texts, such as the paths of their files.
        titles: Of their sections.
        texts: The texts, or parts of them.
    """
    named = {day for title in titles for day in find_days(title)}
    for name in names:
        last = find_last_day(name)
        named.update(find_days(name) if last is None else [last])
    named = {day for day in named if day >= FIRST_DAY}
    told = {day for text in texts for day in find_full_dates(text, FIRST_DAY.year)}
    days = sorted(named | told)
    while len(days) > 1 and days[-1] not in named and days[-1] - days[-2] > _MAX_GAP:
        days.pop()
    return days[-1] + timedelta(days=1) if days else FIRST_DAY
