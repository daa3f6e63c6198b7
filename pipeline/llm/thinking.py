"""Strip the reasoning of a model from its reply: the one definition of where thinking ends.

A thought is the text between `<think>` and `</think>`, the text before a `</think>` without an opening tag
(chat templates put that into the prompt), and the text after a leading `<think>` without an end. Harmony's
analysis channel is a thought too. A tag in a string of a JSON object is content.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from pipeline.core.unicode import to_well_formed
from pipeline.llm.lenient_json import object_spans

Spans = Iterable[tuple[int, int]]

_OPEN, _CLOSE = "<think>", "</think>"
_ANALYSIS_CHANNEL = re.compile(r"<\|channel\|>\s*+analysis\b")
_TAG = re.compile(rf"</?think>|{_ANALYSIS_CHANNEL.pattern}|<\|(?:channel|start|end|call|return)\|>")


def strip_thinking(reply: str, content_spans: Callable[[str], Spans] = object_spans) -> str:
    """Return a reply without its thoughts, made well-formed.

    `content_spans` returns the spans of a text, in order, in which tags are content: by default those of its
    JSON objects.
    """
    reply = to_well_formed(reply)
    return " ".join(reply[start:end] for start, end in visible_spans(reply, content_spans))


def visible_spans(reply: str, content_spans: Callable[[str], Spans] = object_spans) -> list[tuple[int, int]]:
    """Return the spans of a well-formed reply that are not thoughts, as `strip_thinking` joins them."""
    if not _TAG.search(reply):
        return [(0, len(reply))]
    kept: list[tuple[int, int]] = []
    offset = 0  # one past the last thought
    open_tag: re.Match[str] | None = None
    for tag in _tags_outside(reply, content_spans(reply)):
        if open_tag is None:
            if tag.group() == _CLOSE:
                kept, offset = [], tag.end()
            elif tag.group() == _OPEN or _ANALYSIS_CHANNEL.match(tag.group()):
                open_tag = tag
        elif _is_closing_tag(open_tag, tag):
            kept.append((offset, open_tag.start()))
            offset, open_tag = tag.end() if tag.group() == _CLOSE else tag.start(), None
    if open_tag is not None and _is_thought_start(reply, open_tag):
        return [*kept, (offset, open_tag.start())]
    return [*kept, (offset, len(reply))]


def _tags_outside(reply: str, spans: Spans) -> Iterator[re.Match[str]]:
    """Iterate over the tags outside all spans."""
    remaining = iter(spans)
    start, end = next(remaining, (len(reply), len(reply)))
    for tag in _TAG.finditer(reply):
        while tag.start() >= end and end < len(reply):
            start, end = next(remaining, (len(reply), len(reply)))
        if tag.start() < start:
            yield tag


def _is_closing_tag(open_tag: re.Match[str], tag: re.Match[str]) -> bool:
    return tag.group() == _CLOSE or (open_tag.group() != _OPEN and tag.group().startswith("<|"))


def _is_thought_start(reply: str, open_tag: re.Match[str]) -> bool:
    """Return whether a thought begins at an opening tag; in the middle of a sentence the tag is content."""
    before = reply[: open_tag.start()].rstrip(" \t\r")
    return open_tag.group() != _OPEN or not before or before[-1] in "\n>"
