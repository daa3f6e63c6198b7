"""Failed attempts to get a completion, and the time before the next one."""

import random
from dataclasses import dataclass

# Seconds. A longer named wait ends the request; a longer time in which the server limits all ends the stage.
MAX_RETRY_AFTER = 900.0
_INITIAL_BACKOFF, _MAX_BACKOFF = 0.5, 30.0  # seconds, where the server does not name a wait


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A failed attempt to get a completion."""

    message: str
    retry_after: float | None = None  # seconds that the server names; 0: retry at once in another form
    is_unreachable: bool = False
    may_work_without_schema: bool = False
    is_refused: bool = False  # the same request would be refused again
    is_rate_limited: bool = False
    is_billable: bool = True  # it may have cost tokens

    @property
    def names_too_long_a_wait(self) -> bool:
        """Whether the server wants more time than a request is worth."""
        return self.retry_after is not None and self.retry_after > MAX_RETRY_AFTER


def backoff_seconds(attempt: int, failure: FailedAttempt) -> float:
    """Return the seconds before retry number `attempt`, from 1, with jitter.

    They are as the server says, or else double with each attempt, up to 30.
    """
    jitter = 0.75 + random.random() / 2
    if failure.retry_after is not None:
        return failure.retry_after + jitter / 10 if failure.retry_after else 0.0
    return float(min(_INITIAL_BACKOFF * 2 ** (attempt - 1), _MAX_BACKOFF) * jitter)
