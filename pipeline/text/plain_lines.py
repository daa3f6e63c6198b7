"""Sentences of plain text: a line is one or more of its own, unless the text is broken into lines at a width.

None goes on after an empty line.

A writer who breaks at a width fills the lines: the next word goes on a new line because it does not fit. So a
line end is meant where the next word would have fitted well. No width under 60 is assumed. Prose is told by
lines that go on in small letters; a line also goes on after a comma, or with a word such as `and`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.text.list_items import split_markdown
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.stop_words import stop_words

_MIN_WIDTH = 60
_MAX_WIDTH = 120
_MIN_PROSE_WIDTH = 40  # of lines in small letters; shorter ones are a list
_FILLED_PERCENT = 80  # of the width
_COLUMNS = re.compile(r"[^\s.?!:;,\"'”’)-](?:  |\t)\s*\S")  # of a table; not two spaces after a sentence
_GOES_ON = frozenset(",;–—-(&+/")
# Words that end no sentence, whatever follows.
_NO_ENDS = frozenset(
    "a an and as at but by for from his into my of or our than the their to with your".split()
)
_WORD_MARKS = "\"'(),.;:!?“”‘’"

_Line = tuple[int, str]  # its start in the text, and what it says


def split_plain(text: str, splitter: SentenceSplitter) -> list[tuple[int, int]]:
    """Return the start and end of each sentence of a plain text, as character offsets."""
    edges = [0, *_find_meant_line_starts(text), len(text)]
    return [
        (start + first, start + last)
        for start, end in pairwise(edges)
        for first, last in split_markdown(text[start:end], splitter)
    ]


def _find_meant_line_starts(text: str) -> Iterator[int]:
    """Yield the starts of lines that the writer began on purpose, but for the first of the text."""
    paragraph: list[_Line] = []
    start = 0
    for line in [*text.split("\n"), ""]:
        if line.strip():
            paragraph.append((start, line.strip()))
        elif paragraph:
            if paragraph[0][0]:
                yield paragraph[0][0]
            yield from _find_in_paragraph(paragraph)
            paragraph = []
        start += len(line) + 1


def _find_in_paragraph(lines: list[_Line]) -> Iterator[int]:
    """Yield the starts of lines of a paragraph that were begun on purpose, but for its first."""
    if len(lines) < 2:
        return
    texts = [text for _, text in lines]
    longest = max(map(len, texts))
    room = max(longest, _MIN_WIDTH) * _FILLED_PERCENT // 100
    pairs = list(pairwise(texts))
    have_room = [len(one) + 1 + len(other.split(maxsplit=1)[0]) <= room for one, other in pairs]
    in_columns = [_COLUMNS.search(one) and _COLUMNS.search(other) for one, other in pairs]
    clear = [
        has_room or bool(columns) or len(one) > _MAX_WIDTH
        for has_room, columns, (one, _) in zip(have_room, in_columns, pairs, strict=True)
    ]
    small = [other[0].islower() for _, other in pairs]
    is_prose = sum(small) * 2 > len(pairs) and longest >= _MIN_PROSE_WIDTH and not any(in_columns)
    are_meant = not is_prose and sum(clear) * 2 >= len(pairs)
    for (start, _), (one, other), is_clear, is_small in zip(lines[1:], pairs, clear, small, strict=True):
        is_new = (is_clear and not (is_prose and is_small)) or (are_meant and not is_small)
        if is_new and not _goes_on(one, other):
            yield start


def _goes_on(line: str, following: str) -> bool:
    """Return whether a line ends within a sentence by its last character, or by a word around its end."""
    last, first = line.split()[-1], following.split(maxsplit=1)[0]
    if line[-1] in _GOES_ON or last in _NO_ENDS:
        return True
    words = stop_words("en")
    return not following[0].isupper() and (
        last.strip(_WORD_MARKS) in words or (following[0].islower() and first.strip(_WORD_MARKS) in words)
    )
