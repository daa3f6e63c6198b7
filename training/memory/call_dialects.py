"""Find the tool calls of a reply, in the dialects that models write them in.

JSON objects, alone or after a tool's name (Mistral, harmony, Kimi, DeepSeek, ReAct); elements such as
`<function=…><parameter=…>` or `<invoke name="…">`; Python such as `[tool(key="value")]`. Marks such as
`<tool_call>` show where a call is meant to begin and end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.llm.lenient_json import CUT_OFF, JsonMatch, NearJsonReader
from training.memory.call_json import parse_found_value, parse_named_call
from training.memory.tools import TOOL_NAMES, MalformedCall, ToolCall, excerpt

_TOOL_NAME = "|".join(TOOL_NAMES)
_IDENTIFIER = r"[A-Za-z_][\w.-]*+"
_WRAPPER = f"tool_calls?|tool_use|function_calls?|{_TOOL_NAME}"
_PREFIX = r"(?:\w++:)?"  # of an element's name
# Text that may stand between a tool's name and its arguments.
_NAME_SEPARATOR = r"""(?: [\s:(>] | ```\w*+ | \[ARGS\] | \[CALL_ID\][\w-]++ | <[|｜][^|｜<>{}]{1,40}+[|｜]>
            | (?:json|commentary|Action\ Input)\b )*"""
_SEGMENT_START = re.compile(
    rf"""
    (?P<object>\{{) (?= \s*+ (?: ["'}}<] | \Z | [A-Za-z_$][\w$-]*+ \s*+ : ) )
  | (?: \bto=(?:functions\.)? | \[TOOL_CALLS\]\s*+ ) (?P<addressed>{_IDENTIFIER}) {_NAME_SEPARATOR} (?=\{{)
  | (?<![\w.-]) (?:<|functions\.)? (?P<known>{_TOOL_NAME}) (?: :\d+ )? {_NAME_SEPARATOR} (?=\{{)
  | < {_PREFIX} (?:function|invoke) (?:\s+name)? \s*=\s* ["']? (?P<element>{_IDENTIFIER}) ["']? \s* >
  | (?P<list>\[\s*+)? (?<![\w.-]) (?:functions\.)? (?P<python>{_IDENTIFIER})
    (?= \( \s*+ (?: \w++\s*+= | ["'] ) )
  | (?P<opens> <{_PREFIX}(?:{_WRAPPER})> | \[TOOL_CALLS\] | \bto=functions\. | <\|python_tag\|>
      | <[|｜]tool[_▁]calls?(?:[_▁]section)?(?:[_▁](?:begin|start))?[|｜]> )
  | (?P<closes> </{_PREFIX}(?:{_WRAPPER})> | \[/TOOL_CALLS\] | <\|(?:call|end|return)\|>
      | <[|｜](?:/tool[_▁]calls?|tool[_▁]calls?(?:[_▁]section)?[_▁]end)[|｜]> )
    """,
    re.VERBOSE,
)
_QUOTED_TOOL = re.compile(rf"[\"'](?:{_TOOL_NAME})[\"']")
_OBJECT_START = re.compile(r"\s*+(?=\{)")
_PARAMETER = re.compile(rf"""\s*+<{_PREFIX}parameter(?:\s+name)?\s*=\s*["']?([\w.-]++)["']?\s*>""")
_PARAMETER_END = re.compile(rf"</{_PREFIX}parameter>")
_ELEMENT_TAG = re.compile(rf"</?{_PREFIX}(?:parameter|function|invoke)\b[^<>]*+>?")
_ELEMENT_END = re.compile(rf"\s*+</{_PREFIX}(?:function|invoke)>")
_LINE_END = re.compile(r"\A\r?\n|\r?\n\Z")
_COMMA = re.compile(r"\s*+,\s*+")

_MAX_LIST_GAP = 40  # characters between two calls of a list


@dataclass(frozen=True, slots=True)
class ReplySegment:
    """A mark around calls, or a part of the reply that was read as calls."""

    start: int
    end: int
    mark: str | None = None  # "opens" or "closes"; None: calls
    calls: tuple[ToolCall | MalformedCall, ...] = ()
    is_explicit: bool = False  # it is meant as a call even without a mark before it


def scan_reply(text: str) -> Iterator[ReplySegment]:
    """Yield the marks and calls of a text from left to right, without the marks inside a call."""
    values, position, is_marked = NearJsonReader(text), 0, False
    list_end = -_MAX_LIST_GAP - 1  # where a list of Python calls may go on
    while match := _SEGMENT_START.search(text, position):
        start, position, kind = match.start(), match.end(), match.lastgroup
        if kind in ("opens", "closes"):
            is_marked = kind == "opens"
            segment = ReplySegment(start, position, mark=kind)
        elif kind == "object":
            value = values.read_at(start)
            names_tool = _QUOTED_TOOL.search(text, start, min(value.end, start + 200)) is not None
            segment = _call_segment(start, value, parse_found_value(value, text), names_tool)
        elif kind == "element":
            segment = _parse_element(match["element"], text, values, start, position)
        elif kind == "python":
            name = match["python"].rpartition(".")[2]
            is_tool = name in TOOL_NAMES
            is_listed = (
                list_end >= start - _MAX_LIST_GAP and _COMMA.fullmatch(text, list_end, start) is not None
            )
            if not (is_tool or is_marked or is_listed or match["list"]):
                continue
            value = values.read_at(position)
            call = _parse_python_call(name if is_tool else match["python"], value, text)
            if value.error is not None and not (is_tool or is_marked):
                continue
            segment = _call_segment(start, value, [call], is_tool)
            list_end = value.end
        else:
            value = values.read_at(position)
            segment = _call_segment(start, value, parse_named_call(match[str(kind)], value, text), True)
        yield segment
        position = segment.end


def call_spans(text: str) -> Iterator[tuple[int, int]]:
    """Return the spans of a text's calls and objects: tags inside them are content."""
    return ((segment.start, segment.end) for segment in scan_reply(text) if segment.mark is None)


def _call_segment(
    start: int, value: JsonMatch, calls: list[ToolCall | MalformedCall], is_explicit: bool
) -> ReplySegment:
    return ReplySegment(start, value.end, calls=tuple(calls), is_explicit=is_explicit)


def _parse_python_call(name: str, value: JsonMatch, text: str) -> ToolCall | MalformedCall:
    if value.error is None:
        return ToolCall(name, value.value)
    reason = CUT_OFF if value.error == CUT_OFF else "its arguments cannot be read"
    return MalformedCall(reason, f"{name}{excerpt(text, value.start, value.end)}")


def _parse_element(name: str, text: str, values: NearJsonReader, start: int, position: int) -> ReplySegment:
    """Parse the call of an element, whose arguments are parameter elements or one object."""
    if body := _OBJECT_START.match(text, position):
        value = values.read_at(body.end())
        return _call_segment(start, value, parse_named_call(name, value, text), True)
    arguments = {}
    while parameter := _PARAMETER.match(text, position):
        position = parameter.end()
        mark = _ELEMENT_TAG.search(text, position)
        if mark is None or not _PARAMETER_END.match(mark.group()):
            position = values.find_resume(position, mark.start() if mark else len(text))
            break
        arguments[parameter[1]] = _LINE_END.sub("", text[position : mark.start()])
        position = mark.end()
    if end := _ELEMENT_END.match(text, position):
        return ReplySegment(start, end.end(), calls=(ToolCall(name, arguments),), is_explicit=True)
    malformed = MalformedCall(CUT_OFF, excerpt(text, start, position))
    return ReplySegment(start, position, calls=(malformed,), is_explicit=True)
