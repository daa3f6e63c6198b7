"""A reply of a model as the shape that was asked for: parsed, mended where it is nearly JSON, checked."""

import json
from typing import TypeVar

import json_repair
from pydantic import BaseModel, ValidationError

R = TypeVar("R", bound=BaseModel)

_THINKS, _THOUGHT = "<think>", "</think>"


class UnfitReplyError(Exception):
    """What is wrong with a reply, in words for the model that wrote it."""


def parsed(text: str, shape: type[R], cut_off: bool = False) -> R:
    """The first JSON object in a reply, as the shape; nearly JSON is mended. Raises UnfitReplyError.

    Of a reply that was cut off only what is whole is taken: mended, it would say less than was meant.
    """
    said = text.rpartition(_THOUGHT)[2]
    start = -1 if said.lstrip().startswith(_THINKS) else said.find("{")
    if start < 0:
        raise UnfitReplyError("there is no JSON object in it" + (", and it was cut off" if cut_off else ""))
    try:
        value, _ = json.JSONDecoder().raw_decode(said, start)
    except json.JSONDecodeError:
        if cut_off:
            raise UnfitReplyError("it was cut off before its end: write less") from None
        value = json_repair.loads(said[start:])
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors()]
        raise UnfitReplyError("; ".join(wrong[:3])) from None
