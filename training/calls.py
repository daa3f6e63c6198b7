"""A JSON value as tool calls: name and arguments wherever models and servers put them."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from pipeline.text.near_json import CUT_OFF, Found, Values
from training.tools import TOOL_NAMES, Call, Unread

_NAME_KEYS = ("name", "tool", "tool_name")
_OTHER_NAME_KEYS = ("function", "function_name", "action")  # names a tool beside its arguments only
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "action_input")
_LIST_KEYS = ("tool_calls", "tool_call", "function_calls", "function_call")
_FENCED = re.compile(r"\s*+(?:```\w*+\s*+)?")
_NO_OBJECT = "no object of keys and values"
_DEEPEST = 10  # lists and messages around a call
_LAYERS = 3  # of strings around arguments: JSON in JSON


def calls_of(found: Found, text: str) -> list[Call | Unread]:
    """What was found in a text as calls, or why it is none; several where it lists them."""
    beginning = text[found.start : min(found.end, found.start + 80)]
    if found.problem is None:
        return _calls(found.value, beginning)
    if found.problem.startswith("Expecting ':'"):
        return [Unread(_NO_OBJECT, beginning)]
    return [Unread(CUT_OFF if found.problem == CUT_OFF else "invalid JSON", beginning)]


def named_call(name: str, found: Found, text: str) -> list[Call | Unread]:
    """A name and the object after it: its arguments, unless that is a call as a whole."""
    value = found.value
    if found.problem is not None or (isinstance(value, dict) and (_name(value) or _listed(value))):
        return calls_of(found, text)
    return [_call(name, value, text[found.start : min(found.end, found.start + 80)])]


def _calls(value: Any, text: str, depth: int = 0) -> list[Call | Unread]:
    if depth > _DEEPEST:
        return [Unread("it is nested too deep", text)]
    if isinstance(value, list):
        return list(chain.from_iterable(_calls(one, text, depth + 1) for one in value))
    if not isinstance(value, dict):
        return [Unread(_NO_OBJECT, text)]
    listed = _listed(value)
    if listed:
        return _calls(listed, text, depth + 1)
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = _name(value)
    if name is not None:
        key = next((key for key in _ARGUMENT_KEYS if key in value), None)
        rest = {key: value[key] for key in value if key not in (*_NAME_KEYS, "id", "type")}
        return [_call(name, value[key] if key else rest, text)]
    tools = [key for key in value if key in TOOL_NAMES]  # the name as the key of the arguments
    return [_call(key, value[key], text) for key in tools] or [Unread("it names no tool", text)]


def _listed(value: Mapping[str, Any]) -> Any:
    """The calls under a message's key, in a string or not; None where there are none."""
    listed = (_unwrapped(value[key]) for key in _LIST_KEYS if key in value)
    return next((one for one in listed if one and isinstance(one, list | dict)), None)


def _name(value: Mapping[str, Any]) -> str | None:
    others = _OTHER_NAME_KEYS if any(key in value for key in _ARGUMENT_KEYS) else ()
    return next((value[key] for key in (*_NAME_KEYS, *others) if isinstance(value.get(key), str)), None)


def _call(name: str, arguments: Any, text: str) -> Call | Unread:
    arguments = _unwrapped(arguments)
    if not isinstance(arguments, dict):
        return Unread("its arguments are no object", text)
    return Call(name.strip(), arguments)


def _unwrapped(value: Any) -> Any:
    """The value in a string, white space and a code fence around it or not."""
    for _ in range(_LAYERS):
        if not isinstance(value, str):
            break
        begin = _FENCED.match(value)
        start = begin.end() if begin else 0
        if value[start : start + 1] not in ("{", "[", '"'):
            break
        value = Values(value).at(start).value
    return value
