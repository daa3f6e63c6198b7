"""Where a model's quote stands in a chunk: letter by letter but for case, white space and how accents are
composed.
"""

import re
from bisect import bisect_right

from pipeline.schema import Chunk
from pipeline.text.normal import folded

_LEAST = 8  # characters of a quote that says something
_WORD = re.compile(r"\S+")


def quoted(quote: str, chunk: Chunk) -> list[str]:
    """The ids of the segments that the quote lies in, in order; empty where it does not stand in them.

    A quote of what frames the segments, such as the date of an interaction, is none.
    """
    words = quote.strip().strip("\"'“”").split()
    if sum(map(len, words)) < _LEAST:
        return []
    place = _place(folded(" ".join(words)), chunk.text)
    if place is None:
        return []
    start, end = place
    return [one.id for one in chunk.segments if one.start < end and one.end > start]


def _place(wanted: str, text: str) -> tuple[int, int] | None:
    """Where a text holds something folded, whose white space is single spaces, for the first time."""
    found = list(_WORD.finditer(text))
    words = [folded(word[0]) for word in found]
    first = " ".join(words).find(wanted)
    if first < 0:
        return None
    starts, length = [], 0  # of the folded words
    for word in words:
        starts.append(length)
        length += len(word) + 1

    def original(place: int, after: bool) -> int:
        number = bisect_right(starts, place - after) - 1
        if len(words[number]) == len(found[number][0]):
            return found[number].start() + place - starts[number]
        return found[number].end() if after else found[number].start()

    return original(first, False), original(first + len(wanted), True)
