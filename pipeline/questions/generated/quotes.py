"""Find a model's quote in a chunk.

It must be there letter by letter, except for case, white space and the way in which accents are composed.
"""

import re
from bisect import bisect_right

from pipeline.core.schema import Chunk
from pipeline.text.normalize import fold_case

_MIN_QUOTE_CHARS = 8  # shorter quotes could stand anywhere
_WORD = re.compile(r"\S+")


def find_quoted_segments(quote: str, chunk: Chunk) -> list[str]:
    """Return the ids of the segments that hold the quote, in their order.

    It is empty where the chunk lacks the quote, where the quote is shorter than 8 characters, and where it
    quotes the text between segments, such as the date of an interaction.
    """
    words = quote.strip().strip("\"'“”").split()
    if sum(map(len, words)) < _MIN_QUOTE_CHARS:
        return []
    span = _locate_quote(fold_case(" ".join(words)), chunk.text)
    if span is None:
        return []
    start, end = span
    return [segment.id for segment in chunk.segments if segment.start < end and segment.end > start]


def _locate_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the first span of a text that equals a quote, which is case-folded and has single spaces."""
    matches = list(_WORD.finditer(text))
    words = [fold_case(match[0]) for match in matches]
    first = " ".join(words).find(quote)
    if first < 0:
        return None
    starts, length = [], 0  # of the folded words
    for word in words:
        starts.append(length)
        length += len(word) + 1

    def to_source_offset(offset: int, is_end: bool) -> int:
        index = bisect_right(starts, offset - is_end) - 1
        match = matches[index]
        if len(words[index]) == len(match[0]):
            return match.start() + offset - starts[index]
        return match.end() if is_end else match.start()

    return to_source_offset(first, False), to_source_offset(first + len(quote), True)
