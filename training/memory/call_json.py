"""Read a JSON value as tool calls, wherever models and servers put the name and the arguments."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from pipeline.llm.lenient_json import CUT_OFF, JsonMatch, NearJsonReader
from training.memory.tools import TOOL_NAMES, MalformedCall, ToolCall, excerpt

_NAME_KEYS = ("name", "tool", "tool_name")
_OTHER_NAME_KEYS = ("function", "function_name", "action")  # they name a tool only beside its arguments
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "action_input")
_LIST_KEYS = ("tool_calls", "tool_call", "function_calls", "function_call")
_CODE_FENCE = re.compile(r"\s*+(?:```\w*+\s*+)?")
_NOT_AN_OBJECT = "no object of keys and values"
_MAX_DEPTH = 10  # lists and messages around a call
_MAX_STRING_LAYERS = 3  # strings around arguments: JSON in JSON


def parse_found_value(match: JsonMatch, text: str) -> list[ToolCall | MalformedCall]:
    """Return the calls of a JSON value that was found in a text, or a MalformedCall with the reason.

    There are several calls where the value lists them.
    """
    beginning = excerpt(text, match.start, match.end)
    if match.error is None:
        return _extract_calls(match.value, beginning)
    if match.error.startswith("Expecting ':'"):
        return [MalformedCall(_NOT_AN_OBJECT, beginning)]
    return [MalformedCall(CUT_OFF if match.error == CUT_OFF else "invalid JSON", beginning)]


def parse_named_call(name: str, match: JsonMatch, text: str) -> list[ToolCall | MalformedCall]:
    """Return the call of a name and the object after it.

    The object is the call's arguments, unless it is a whole call itself.
    """
    value = match.value
    if match.error is not None or (
        isinstance(value, dict) and (_find_tool_name(value) or _find_call_list(value))
    ):
        return parse_found_value(match, text)
    return [_build_call(name, value, excerpt(text, match.start, match.end))]


def _extract_calls(value: Any, text: str, depth: int = 0) -> list[ToolCall | MalformedCall]:
    if depth > _MAX_DEPTH:
        return [MalformedCall("it is nested too deep", text)]
    if isinstance(value, list):
        return list(chain.from_iterable(_extract_calls(one, text, depth + 1) for one in value))
    if not isinstance(value, dict):
        return [MalformedCall(_NOT_AN_OBJECT, text)]
    listed = _find_call_list(value)
    if listed:
        return _extract_calls(listed, text, depth + 1)
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = _find_tool_name(value)
    if name is not None:
        key = next((key for key in _ARGUMENT_KEYS if key in value), None)
        rest = {key: value[key] for key in value if key not in (*_NAME_KEYS, "id", "type")}
        return [_build_call(name, value[key] if key else rest, text)]
    tools = [key for key in value if key in TOOL_NAMES]  # some models write {name: arguments}
    return [_build_call(key, value[key], text) for key in tools] or [MalformedCall("it names no tool", text)]


def _find_call_list(value: Mapping[str, Any]) -> Any:
    """Return the calls under a message's key, in a string or not; None where there are none."""
    listed = (_decode_json_string(value[key]) for key in _LIST_KEYS if key in value)
    return next((one for one in listed if one and isinstance(one, list | dict)), None)


def _find_tool_name(value: Mapping[str, Any]) -> str | None:
    other_keys = _OTHER_NAME_KEYS if any(key in value for key in _ARGUMENT_KEYS) else ()
    return next((value[key] for key in (*_NAME_KEYS, *other_keys) if isinstance(value.get(key), str)), None)


def _build_call(name: str, arguments: Any, text: str) -> ToolCall | MalformedCall:
    arguments = _decode_json_string(arguments)
    if not isinstance(arguments, dict):
        return MalformedCall("its arguments are no object", text)
    return ToolCall(name.strip(), arguments)


def _decode_json_string(value: Any) -> Any:
    """Return the JSON value in a string, with or without white space and a code fence before it."""
    for _ in range(_MAX_STRING_LAYERS):
        if not isinstance(value, str):
            break
        fence = _CODE_FENCE.match(value)
        start = fence.end() if fence else 0
        if value[start : start + 1] not in ("{", "[", '"'):
            break
        value = NearJsonReader(value).read_at(start).value
    return value
