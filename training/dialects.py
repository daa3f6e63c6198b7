"""Where calls stand in a reply, in the dialects that models write them in, and what each says.

JSON objects, alone or after a tool's name (Mistral, harmony, Kimi, DeepSeek, ReAct); elements such as
`<function=…><parameter=…>` or `<invoke name="…">`; Python such as `[tool(key="value")]`. Marks such as
`<tool_call>` say where calls are meant to stand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.text.near_json import CUT_OFF, Found, Values
from training.calls import calls_of, named_call
from training.tools import TOOL_NAMES, Call, Unread

_TOOL = "|".join(TOOL_NAMES)
_NAME = r"[A-Za-z_][\w.-]*+"
_WRAPPER = f"tool_calls?|tool_use|function_calls?|{_TOOL}"
_PREFIX = r"(?:\w++:)?"  # of an element's name
# What may stand between a tool's name and its arguments.
_LINK = r"""(?: [\s:(>] | ```\w*+ | \[ARGS\] | \[CALL_ID\][\w-]++ | <[|｜][^|｜<>{}]{1,40}+[|｜]>
            | (?:json|commentary|Action\ Input)\b )*"""
_PART = re.compile(
    rf"""
    (?P<object>\{{) (?= \s*+ (?: ["'}}<] | \Z | [A-Za-z_$][\w$-]*+ \s*+ : ) )
  | (?: \bto=(?:functions\.)? | \[TOOL_CALLS\]\s*+ ) (?P<addressed>{_NAME}) {_LINK} (?=\{{)
  | (?<![\w.-]) (?:<|functions\.)? (?P<known>{_TOOL}) (?: :\d+ )? {_LINK} (?=\{{)
  | < {_PREFIX} (?:function|invoke) (?:\s+name)? \s*=\s* ["']? (?P<element>{_NAME}) ["']? \s* >
  | (?P<list>\[\s*+)? (?<![\w.-]) (?:functions\.)? (?P<python>{_NAME}) (?= \( \s*+ (?: \w++\s*+= | ["'] ) )
  | (?P<opens> <{_PREFIX}(?:{_WRAPPER})> | \[TOOL_CALLS\] | \bto=functions\. | <\|python_tag\|>
      | <[|｜]tool[_▁]calls?(?:[_▁]section)?(?:[_▁](?:begin|start))?[|｜]> )
  | (?P<closes> </{_PREFIX}(?:{_WRAPPER})> | \[/TOOL_CALLS\] | <\|(?:call|end|return)\|>
      | <[|｜](?:/tool[_▁]calls?|tool[_▁]calls?(?:[_▁]section)?[_▁]end)[|｜]> )
    """,
    re.VERBOSE,
)
_QUOTED_TOOL = re.compile(rf"[\"'](?:{_TOOL})[\"']")
_OBJECT = re.compile(r"\s*+(?=\{)")
_PARAMETER = re.compile(rf"""\s*+<{_PREFIX}parameter(?:\s+name)?\s*=\s*["']?([\w.-]++)["']?\s*>""")
_PARAMETER_END = re.compile(rf"</{_PREFIX}parameter>")
_ELEMENT = re.compile(rf"</?{_PREFIX}(?:parameter|function|invoke)\b[^<>]*+>?")
_END = re.compile(rf"\s*+</{_PREFIX}(?:function|invoke)>")
_LINE_END = re.compile(r"\A\r?\n|\r?\n\Z")
_AND = re.compile(r"\s*+,\s*+")

_NEAR = 40  # characters between two calls of a list


@dataclass(frozen=True, slots=True)
class Part:
    """A mark between calls, or what was found; `meant`: it is meant as a call even without a mark."""

    start: int
    end: int
    mark: str | None = None  # opens or closes
    found: tuple[Call | Unread, ...] = ()
    meant: bool = False


def parts(text: str) -> Iterator[Part]:
    """Marks and calls of a text, from left to right; none stands in a call."""
    values, place, inside = Values(text), 0, False
    listed = -_NEAR - 1  # where a list of Python calls may go on
    while match := _PART.search(text, place):
        start, place, kind = match.start(), match.end(), match.lastgroup
        if kind in ("opens", "closes"):
            inside = kind == "opens"
            part = Part(start, place, mark=kind)
        elif kind == "object":
            value = values.at(start)
            meant = _QUOTED_TOOL.search(text, start, min(value.end, start + 200)) is not None
            part = _part(start, value, calls_of(value, text), meant)
        elif kind == "element":
            part = _element(match["element"], text, values, start, place)
        elif kind == "python":
            last = match["python"].rpartition(".")[2]
            known = last in TOOL_NAMES
            follows = listed >= start - _NEAR and _AND.fullmatch(text, listed, start) is not None
            if not (known or inside or follows or match["list"]):
                continue
            value = values.at(place)
            called = _python_call(last if known else match["python"], value, text)
            if value.problem is not None and not (known or inside):
                continue
            part = _part(start, value, [called], known)
            listed = value.end
        else:
            value = values.at(place)
            part = _part(start, value, named_call(match[str(kind)], value, text), True)
        yield part
        place = part.end


def call_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the calls and objects of a text stand: what they name is content."""
    return ((part.start, part.end) for part in parts(text) if part.mark is None)


def _part(start: int, value: Found, found: list[Call | Unread], meant: bool) -> Part:
    return Part(start, value.end, found=tuple(found), meant=meant)


def _python_call(name: str, value: Found, text: str) -> Call | Unread:
    if value.problem is None:
        return Call(name, value.value)
    why = CUT_OFF if value.problem == CUT_OFF else "its arguments cannot be read"
    return Unread(why, f"{name}{text[value.start : min(value.end, value.start + 80)]}")


def _element(name: str, text: str, values: Values, start: int, place: int) -> Part:
    """The call of an element, whose arguments are elements, or an object."""
    if body := _OBJECT.match(text, place):
        value = values.at(body.end())
        return _part(start, value, named_call(name, value, text), True)
    arguments = {}
    while parameter := _PARAMETER.match(text, place):
        place = parameter.end()
        mark = _ELEMENT.search(text, place)
        if mark is None or not _PARAMETER_END.match(mark.group()):
            place = values.resume(place, mark.start() if mark else len(text))
            break
        arguments[parameter[1]] = _LINE_END.sub("", text[place : mark.start()])
        place = mark.end()
    if end := _END.match(text, place):
        return Part(start, end.end(), found=(Call(name, arguments),), meant=True)
    return Part(start, place, found=(Unread(CUT_OFF, text[start : min(place, start + 80)]),), meant=True)
