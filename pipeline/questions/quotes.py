"""Where a model's quote stands in a chunk: letter by letter but for case and white space."""

import re

from pipeline.schema import Chunk

_LEAST = 8  # characters of a quote that says something


def quoted(quote: str, chunk: Chunk) -> list[str]:
    """The ids of the segments that the quote lies in, in order; empty where it does not stand in them.

    A quote of what frames the segments, such as the date of an interaction, is none.
    """
    words = quote.strip().strip("\"'“”").split()
    if sum(map(len, words)) < _LEAST:
        return []
    found = re.search(r"\s+".join(map(re.escape, words)), chunk.text, re.IGNORECASE)
    if found is None:
        return []
    return [one.id for one in chunk.segments if one.start < found.end() and one.end > found.start()]
