"""Strict base model of all blocks of params.yaml, and the types that they share."""

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_COUNT = 1_000_000_000  # a larger count would run for years


class StrictModel(BaseModel):
    """Base model in which an unknown key or a value of another type is an error; values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def hex_validator(digits: int) -> Callable[[str], str]:
    """Return a validator of a hash of `digits` hexadecimal digits."""

    def check(text: str) -> str:
        if not re.fullmatch(f"[0-9a-f]{{{digits}}}", text):
            raise ValueError(f"takes {digits} hexadecimal digits, in lower case; got {text!r}")
        return text

    return check


Sha256 = Annotated[str, AfterValidator(hex_validator(64))]


TokenBudget = Annotated[int, Field(ge=128, le=131_072)]


PositiveCount = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Percent = Annotated[int, Field(ge=0, le=100)]


M = TypeVar("M", bound=StrictModel)


def require_ordered(model: M, low: str, high: str) -> M:
    """Return the model. Raises ValueError where its field `low` is over its field `high`."""
    if getattr(model, low) > getattr(model, high):
        raise ValueError(f"{low} {getattr(model, low)} is over {high} {getattr(model, high)}")
    return model
