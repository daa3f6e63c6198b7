"""A reply of a model as the shape that was asked for: parsed, mended where it is nearly JSON, checked."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import json_repair
from pydantic import BaseModel, ValidationError

from pipeline.text.json_values import InvalidJsonError, checked_value
from pipeline.text.near_json import completed, objects
from pipeline.text.thinking import without_thinking
from pipeline.text.well_formed import well_formed_value

R = TypeVar("R", bound=BaseModel)

_PUNCTUATION = re.compile(r"[^\w\s]")
_LONGEST_MENDED = 30_000  # characters
_MOST_REPAIRED = 5_000_000  # characters times punctuation, with which the time of a repair grows


class UnfitReplyError(Exception):
    """What is wrong with a reply, in words for the model that wrote it."""


def parsed(text: str, shape: type[R], cut_off: bool = False) -> R:
    """The first JSON object in a reply, as the shape; nearly JSON is mended. Raises UnfitReplyError.

    Of a reply that was cut off only what is whole is taken: mended, it would say less than was meant.
    """
    said = without_thinking(text)
    first = next(objects(said), None)
    start = first.start if first else said.find("{")
    if start < 0:
        raise UnfitReplyError("there is no JSON object in it" + (", and it was cut off" if cut_off else ""))
    if first and first.problem is None:
        value = first.value
    elif cut_off:
        raise UnfitReplyError("it was cut off before its end: write less")
    else:
        value = _mended(said[start:])
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors()]
        raise UnfitReplyError("; ".join(wrong[:3])) from None


def _mended(text: str) -> Any:
    """The value of a text that begins with an object and is not JSON. Raises UnfitReplyError."""
    if len(text) > _LONGEST_MENDED:
        raise UnfitReplyError("it is not JSON, and too long to be mended")
    whole = next(objects(completed(text)), None)
    return _repaired(text) if whole is None or whole.problem else whole.value


def _repaired(text: str) -> Any:
    """The value that json_repair guesses, if every string in it stands in the text.

    Where it guesses wrong it drops backslashes, cuts strings and takes quotes for content. Raises
    UnfitReplyError.
    """
    if len(text) * len(_PUNCTUATION.findall(text)) > _MOST_REPAIRED:
        raise UnfitReplyError("it is not JSON, and too broken to be mended")
    try:
        value = checked_value(json_repair.loads(text))
    except InvalidJsonError as error:
        raise UnfitReplyError(f"it is not JSON: {error}") from None
    except Exception:  # its guesses fail in more ways than it documents
        raise UnfitReplyError("it is not JSON") from None
    if not all(_stands(string, text) for string in _strings(value)):
        raise UnfitReplyError("it is not JSON: escape quotes in strings, and close what is open")
    return well_formed_value(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _stands(string: str, text: str) -> bool:
    """Whether a string stands in a text as a whole: in quotes, cut off at the end, or as a bare word."""
    ways = {json.dumps(string)[1:-1], json.dumps(string, ensure_ascii=False)[1:-1]}
    if "\\" not in string:
        ways.add(string)
    for way in map(re.escape, ways):
        if re.search(rf"""["'“]{way}(?:["'”]|\Z)|[:,\[{{\s](?=[^\W\d]){way}\s*(?:[,}}\]]|\Z)""", text):
            return True
    return False
