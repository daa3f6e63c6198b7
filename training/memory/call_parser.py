"""Parse the tool calls of a reply: `<tool_call>{"name": …, "arguments": {…}}</tool_call>` and other forms.

Models write several calls in one tag, code fences, text around the calls, Python's quotes, trailing commas,
arguments as a string or without a wrapper, and other dialects (`call_dialects.py`); replies are cut off.
Text that can be read as a call becomes a ToolCall. Text that was meant as a call and cannot be read becomes
a MalformedCall with its reason. All other text is skipped.

The parser never raises, and its time grows in proportion to the length of the reply.
"""

from collections.abc import Sequence

from pipeline.core.unicode import to_well_formed
from pipeline.llm.thinking import visible_spans
from training.memory.call_dialects import call_spans, scan_reply
from training.memory.tools import MalformedCall, ToolCall, excerpt

__all__ = ["MalformedCall", "ToolCall", "locate_calls", "parse_calls"]

_MAX_REPLY_CHARS = 200_000  # the rest of a reply is not read
_MAX_CALLS = 2_000

LocatedCall = tuple[ToolCall | MalformedCall, int]  # a call, and the offset of its end


def parse_calls(reply: str) -> list[ToolCall | MalformedCall]:
    """Return the calls of a reply in order; a MalformedCall for each that was meant and cannot be read."""
    return [call for call, _ in locate_calls(reply)]


def locate_calls(reply: str) -> list[LocatedCall]:
    """Return the calls of a reply in order, each with the offset in the reply where it ends.

    Calls of one list end together; a call that is cut off ends with the reply.
    """
    read = to_well_formed(reply[:_MAX_REPLY_CHARS])
    spans = visible_spans(read, call_spans)
    located = _scan_calls(" ".join(read[start:end] for start, end in spans))
    calls = [(call, _find_in_reply(end, spans)) for call, end in located]
    if len(reply) > _MAX_REPLY_CHARS and len(calls) <= _MAX_CALLS:
        unread = to_well_formed(excerpt(reply, _MAX_REPLY_CHARS))
        calls.append((MalformedCall("the reply is too long", unread), len(reply)))
    return calls


def _scan_calls(text: str) -> list[LocatedCall]:
    calls: list[LocatedCall] = []
    mark_end: int | None = None  # end of the last opening mark, until it is closed
    num_before = 0  # calls before that mark
    for segment in scan_reply(text):
        if segment.mark is None:
            is_meant = mark_end is not None or segment.is_explicit
            calls += [(call, segment.end) for call in segment.calls if is_meant or isinstance(call, ToolCall)]
        else:
            between = "" if mark_end is None else text[mark_end : segment.start].strip()
            if mark_end is not None and len(calls) == num_before and (between or segment.mark == "closes"):
                calls.append((_missing_object(between), segment.end))
            elif mark_end is not None and segment.mark == "closes":
                calls[-1] = (calls[-1][0], segment.end)
            mark_end, num_before = (segment.end, len(calls)) if segment.mark == "opens" else (None, 0)
        if len(calls) > _MAX_CALLS:
            surplus = MalformedCall("there are too many calls", excerpt(text, segment.start))
            return [*calls[:_MAX_CALLS], (surplus, len(text))]
    if mark_end is not None and len(calls) == num_before:
        calls.append((_missing_object(text[mark_end:]), len(text)))
    return calls


def _find_in_reply(offset: int, spans: Sequence[tuple[int, int]]) -> int:
    """Return the offset in a reply of an offset in its spans, which are joined by a space each."""
    for start, end in spans:
        if offset <= end - start:
            return start + offset
        offset -= end - start + 1
    return spans[-1][1]


def _missing_object(text: str) -> MalformedCall:
    return MalformedCall("there is no JSON object", excerpt(text.strip()))
