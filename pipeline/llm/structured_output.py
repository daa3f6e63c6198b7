"""Parse a reply of a model as a pydantic type; nearly JSON is repaired."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import json_repair
from pydantic import BaseModel, ValidationError

from pipeline.core.json_reader import InvalidJsonError, check_bounds
from pipeline.core.unicode import to_well_formed_value
from pipeline.llm.lenient_json import close_brackets, find_objects
from pipeline.llm.thinking import strip_thinking

R = TypeVar("R", bound=BaseModel)

_PUNCTUATION = re.compile(r"[^\w\s]")
_MAX_REPAIR_CHARS = 30_000
_MAX_REPAIR_COST = 5_000_000  # characters times punctuation, with which the time of a repair grows


class InvalidReplyError(Exception):
    """An error in a reply, in words for the model that wrote it."""


def parse_reply(text: str, reply_type: type[R], is_truncated: bool = False) -> R:
    """Parse the first JSON object in a reply as `reply_type`; nearly JSON is repaired.

    Of a reply that was cut off only a complete object counts: repaired, it would say less than was meant.
    Raises InvalidReplyError.
    """
    visible_text = strip_thinking(text)
    first = next(find_objects(visible_text), None)
    start = first.start if first else visible_text.find("{")
    if start < 0:
        raise InvalidReplyError(
            "there is no JSON object in it" + (", and it was cut off" if is_truncated else "")
        )
    if first and first.error is None:
        value = first.value
    elif is_truncated:
        raise InvalidReplyError("it was cut off before its end: write less")
    else:
        value = _repair_json(visible_text[start:])
    try:
        return reply_type.model_validate(value)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors()]
        raise InvalidReplyError("; ".join(problems[:3])) from None


def _repair_json(text: str) -> Any:
    """Parse a text that begins with an object and is not JSON. Raises InvalidReplyError."""
    if len(text) > _MAX_REPAIR_CHARS:
        raise InvalidReplyError("it is not JSON, and too long to be mended")
    whole = next(find_objects(close_brackets(text)), None)
    return _repair_with_library(text) if whole is None or whole.error else whole.value


def _repair_with_library(text: str) -> Any:
    """Parse a text with json_repair, and accept the value if the text has every string in it.

    A wrong guess of json_repair drops backslashes, cuts strings or takes quotes for content. Raises
    InvalidReplyError.
    """
    if len(text) * len(_PUNCTUATION.findall(text)) > _MAX_REPAIR_COST:
        raise InvalidReplyError("it is not JSON, and too broken to be mended")
    try:
        value = check_bounds(json_repair.loads(text))
    except InvalidJsonError as error:
        raise InvalidReplyError(f"it is not JSON: {error}") from None
    except Exception:  # json_repair fails in more ways than it documents
        raise InvalidReplyError("it is not JSON") from None
    if not all(_occurs_in(string, text) for string in _iter_strings(value)):
        raise InvalidReplyError("it is not JSON: escape quotes in strings, and close what is open")
    return to_well_formed_value(value)


def _iter_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _iter_strings(item)


def _occurs_in(string: str, text: str) -> bool:
    """Return whether a text has a whole string: in quotes, cut off at the end, or as a bare word."""
    variants = {json.dumps(string)[1:-1], json.dumps(string, ensure_ascii=False)[1:-1]}
    if "\\" not in string:
        variants.add(string)
    for variant in map(re.escape, variants):
        if re.search(
            rf"""["'“]{variant}(?:["'”]|\Z)|[:,\[{{\s](?=[^\W\d]){variant}\s*(?:[,}}\]]|\Z)""", text
        ):
            return True
    return False
