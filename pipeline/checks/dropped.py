"""What a check says of a question that it does not keep."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a question is dropped: a reason that is the same for all alike, and what was found in this one."""

    reason: str
    detail: str
