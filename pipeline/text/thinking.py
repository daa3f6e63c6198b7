"""Take away what a model thought before it said something: the one definition of where thinking ends.

Thought is what stands between `<think>` and `</think>`, what stands before a `</think>` that nothing opened
(chat templates put the opening tag into the prompt), and what follows a leading `<think>` that is not ended.
So is what harmony's analysis channel holds. A tag in a string of a JSON object is content, and ends nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from pipeline.text.near_json import object_spans
from pipeline.text.well_formed import to_well_formed

Spans = Iterable[tuple[int, int]]

_OPEN, _CLOSE = "<think>", "</think>"
_ANALYSIS = re.compile(r"<\|channel\|>\s*+analysis\b")
_TAG = re.compile(rf"</?think>|{_ANALYSIS.pattern}|<\|(?:channel|start|end|call|return)\|>")


def without_thinking(reply: str, content: Callable[[str], Spans] = object_spans) -> str:
    """Return a reply without its thoughts, well-formed.

    `content`: gives the spans of a text, in order, whose tags are content; the JSON objects by default.
    """
    reply = to_well_formed(reply)
    if not _TAG.search(reply):
        return reply
    kept: list[str] = []
    place = 0  # one past the last thought
    opened: re.Match[str] | None = None
    for tag in _outside(reply, content(reply)):
        if opened is None:
            if tag.group() == _CLOSE:
                kept, place = [], tag.end()
            elif tag.group() == _OPEN or _ANALYSIS.match(tag.group()):
                opened = tag
        elif _ends(opened, tag):
            kept.append(reply[place : opened.start()])
            place, opened = tag.end() if tag.group() == _CLOSE else tag.start(), None
    if opened is not None and _leads(reply, opened):
        return " ".join([*kept, reply[place : opened.start()]])
    return " ".join([*kept, reply[place:]])


def _outside(reply: str, spans: Spans) -> Iterator[re.Match[str]]:
    """The tags that stand in no span."""
    remaining = iter(spans)
    start, end = next(remaining, (len(reply), len(reply)))
    for tag in _TAG.finditer(reply):
        while tag.start() >= end and end < len(reply):
            start, end = next(remaining, (len(reply), len(reply)))
        if tag.start() < start:
            yield tag


def _ends(opened: re.Match[str], tag: re.Match[str]) -> bool:
    return tag.group() == _CLOSE or (opened.group() != _OPEN and tag.group().startswith("<|"))


def _leads(reply: str, opened: re.Match[str]) -> bool:
    """Whether a thought begins here; in the middle of a sentence the tag is only named."""
    before = reply[: opened.start()].rstrip(" \t\r")
    return opened.group() != _OPEN or not before or before[-1] in "\n>"
