"""Tool calls out of what a model wrote: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, and like it.

Models write several calls in one tag, code fences, text around the calls, Python's quotes, trailing commas,
arguments as a string or not wrapped at all; replies are cut off. What can be read is a call; what was meant
as one and cannot be read is a failure with its reason. Text that never was a call is passed over.

Nothing raises, and the time grows with the length of the text.
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from training.tools import Call

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_TAG = re.compile(r"</?tool_call>")
_LITERAL = re.compile(r"\b(?:true|false|null)\b")
_PYTHON = {"true": "True", "false": "False", "null": "None"}
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_NAME_KEYS = ("name", "tool", "tool_name")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")
_LONGEST = 200_000  # characters that are looked at
_MOST_CALLS = 256

_DECODER = json.JSONDecoder(strict=False)  # lets a line end stand in a string


@dataclass(frozen=True, slots=True)
class Unread:
    """What was meant as a call and is none: why, and how it begins."""

    why: str
    text: str


def parse(reply: str) -> list[Call | Unread]:
    """The calls of a reply, in order, and what was meant as one and could not be read."""
    text = without_thinking(reply[:_LONGEST])
    found: list[Call | Unread] = []
    for part, tagged in _parts(text):
        found += _calls(part) if tagged else [one for one in _calls(part) if isinstance(one, Call)]
        if len(found) >= _MOST_CALLS:
            break
    return found[:_MOST_CALLS]


def without_thinking(reply: str) -> str:
    """A reply without what a model thought before it; a thought that is not ended goes on to the end."""
    return _THINKING.sub(" ", reply)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """(text, whether it stands in a tag): a tag that is not closed goes on to the next, or to the end."""
    inside, place = False, 0
    for tag in _TAG.finditer(text):
        if text[place : tag.start()].strip() or inside:
            yield text[place : tag.start()], inside
        inside, place = tag.group() == "<tool_call>", tag.end()
    if text[place:].strip() or inside:
        yield text[place:], inside


def _calls(text: str) -> list[Call | Unread]:
    """Every object of a text as a call, or why it is none; one reason at least."""
    found: list[Call | Unread] = []
    place = text.find("{")
    while place >= 0 and len(found) < _MOST_CALLS:
        value, end = _object(text, place)
        found.append(_call(value, text[place:end]))
        place = text.find("{", end)
    return found or [Unread("there is no JSON object", text.strip()[:80])]


def _object(text: str, start: int) -> tuple[Any, int]:
    """(the object that begins at `start`, or Unread; where it ends)."""
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = _closing(text, start)
    if end is None:
        return Unread("cut off before its end", text[start : start + 80]), len(text)
    literal = text[start:end]
    for mended in (_TRAILING_COMMA.sub(r"\1", literal), literal):
        try:
            return _DECODER.decode(mended), end
        except (ValueError, RecursionError):
            pass
        try:
            return _python(mended), end
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
    return Unread("invalid JSON", literal[:80]), end


def _python(literal: str) -> Any:
    """The value of a Python literal, JSON's words for true, false and null allowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in strings
        return ast.literal_eval(_LITERAL.sub(lambda match: _PYTHON[match.group()], literal))


def _closing(text: str, start: int) -> int | None:
    """One past the brace that closes the one at `start`; None where the text ends before."""
    depth, quote, place = 0, "", start
    while place < len(text):
        letter = text[place]
        if quote:
            if letter == "\\":
                place += 1
            elif letter == quote:
                quote = ""
        elif letter == '"' or (letter == "'" and not _apostrophe(text, place)):
            quote = letter
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return None


def _apostrophe(text: str, place: int) -> bool:
    """Whether a single quote stands inside a word."""
    return text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()


def _call(value: Any, text: str) -> Call | Unread:
    """An object as a call: its name and arguments wherever models put them."""
    if isinstance(value, Unread):
        return value
    if not isinstance(value, dict):
        return Unread("no object of keys and values", text[:80])
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    if name is None:
        return Unread("it names no tool", text[:80])
    key = next((key for key in _ARGUMENT_KEYS if key in value), None)
    arguments = value[key] if key else {key: value[key] for key in value if key not in (*_NAME_KEYS, "id")}
    if isinstance(arguments, str):
        arguments, _ = _object(arguments, 0) if arguments.startswith("{") else (None, 0)
    if not isinstance(arguments, dict):
        return Unread("its arguments are no object", text[:80])
    return Call(name.strip(), {str(key): value for key, value in arguments.items()})
