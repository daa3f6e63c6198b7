"""Sentences of Markdown: an item of a list is one or more of its own, with or without a full stop."""

import re
from itertools import pairwise

from pipeline.text.sentences import SentenceSplitter

_MARK = r"(?:[-*+]|\d{1,3}[.)])"
_ITEM = re.compile(rf"^[ \t]*(?={_MARK}[ \t]+\S)", re.MULTILINE)
_MARK_ALONE = re.compile(_MARK)


def split_markdown(text: str, splitter: SentenceSplitter) -> list[tuple[int, int]]:
    """Return the start and end of each sentence of a text in Markdown, as character offsets.

    A sentence ends where an item of a list begins. The mark of an item, such as `2.`, is a part of its text.
    """
    spans: list[tuple[int, int]] = []
    starts = [match.end() for match in _ITEM.finditer(text)]
    for start, end in pairwise([0, *starts, len(text)]):
        own = [
            (start + first, start + last) for first, last in splitter.spans(text[start:end]) if first < last
        ]
        if len(own) > 1 and _MARK_ALONE.fullmatch(text, *own[0]):
            own[:2] = [(own[0][0], own[1][1])]
        spans += own
    return spans
