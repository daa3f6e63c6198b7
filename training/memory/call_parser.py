"""Parse the tool calls of a reply: `<tool_call>{"name": …, "arguments": {…}}</tool_call>` and other forms.

Models write several calls in one tag, code fences, text around the calls, Python's quotes, trailing commas,
arguments as a string or without a wrapper, and other dialects (`call_dialects.py`); replies are cut off.
Text that can be read as a call becomes a ToolCall. Text that was meant as a call and cannot be read becomes
a MalformedCall with its reason. All other text is skipped.

The parser never raises, and its time grows in proportion to the length of the reply.
"""

from pipeline.core.unicode import to_well_formed
from pipeline.llm.thinking import strip_thinking
from training.memory.call_dialects import call_spans, scan_reply
from training.memory.tools import MalformedCall, ToolCall, excerpt

__all__ = ["MalformedCall", "ToolCall", "parse_calls"]

_MAX_REPLY_CHARS = 200_000  # the rest of a reply is not read
_MAX_CALLS = 2_000


def parse_calls(reply: str) -> list[ToolCall | MalformedCall]:
    """Return the calls of a reply in order; a MalformedCall for each that was meant and cannot be read."""
    text = strip_thinking(reply[:_MAX_REPLY_CHARS], call_spans)
    calls: list[ToolCall | MalformedCall] = []
    mark_end: int | None = None  # end of the last opening mark, until it is closed
    num_before = 0  # calls before that mark
    for segment in scan_reply(text):
        if segment.mark is None:
            is_meant = mark_end is not None or segment.is_explicit
            calls += [call for call in segment.calls if is_meant or isinstance(call, ToolCall)]
        else:
            between = "" if mark_end is None else text[mark_end : segment.start].strip()
            if mark_end is not None and len(calls) == num_before and (between or segment.mark == "closes"):
                calls.append(_missing_object(between))
            mark_end, num_before = (segment.end, len(calls)) if segment.mark == "opens" else (None, 0)
        if len(calls) > _MAX_CALLS:
            surplus = MalformedCall("there are too many calls", excerpt(text, segment.start))
            return [*calls[:_MAX_CALLS], surplus]
    if mark_end is not None and len(calls) == num_before:
        calls.append(_missing_object(text[mark_end:]))
    if len(reply) > _MAX_REPLY_CHARS:
        unread = to_well_formed(excerpt(reply, _MAX_REPLY_CHARS))
        calls.append(MalformedCall("the reply is too long", unread))
    return calls


def _missing_object(text: str) -> MalformedCall:
    return MalformedCall("there is no JSON object", excerpt(text.strip()))
