"""Limit the requests in flight by how the server answers, so that its rate limit is met from below.

The limit grows and shrinks as a TCP sender's congestion window does (RFC 5681): it begins low and doubles
with each round of answers, until the server first limits. Then it is halved, and grows by one with each
round.
"""

import asyncio
import random
from collections import deque
from time import monotonic

_INITIAL_LIMIT = 4
_FIRST_HOLD, _MAX_HOLD = 0.5, 30.0  # seconds, where the server names no wait: doubled until the next answer


class AdaptiveConcurrency:
    """The limit of requests in flight to one model, from 1 to a maximum.

    A reply that limits shrinks it, and holds back all requests for the wait that the server names. Replies to
    requests that were sent before the last decrease do not shrink it again: one excess is one decrease.
    """

    def __init__(self, maximum: int) -> None:
        """Begin at the lower of 4 and `maximum`."""
        self.limit = float(min(_INITIAL_LIMIT, maximum))
        self.last_answer = 0.0  # time of the last completion, by the monotonic clock
        self._maximum = maximum
        self._has_limited = False
        self._holds = 0  # without a named wait, since the last answer
        self._held_until = self._last_decrease = 0.0
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self) -> None:
        """Wait in turn until the limit allows another request. Raises the error given to `stop`."""
        if self._in_flight < int(self.limit):
            self._in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()  # it came to its turn just before
            raise

    def release(self) -> None:
        """Count a request as no longer in flight."""
        self._in_flight -= 1
        self._admit()

    def stop(self, error: Exception) -> None:
        """Raise an error in all that wait for their turn."""
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(error)
        self._waiting.clear()

    def seconds_held(self) -> float:
        """Return the seconds for which no request may be sent."""
        return max(0.0, self._held_until - monotonic())

    def record_answer(self) -> None:
        """Grow after a completion."""
        self.last_answer = monotonic()
        self._holds = 0
        growth = 1 / self.limit if self._has_limited else 1.0
        self.limit = min(self.limit + growth, float(self._maximum))
        self._admit()

    def record_limit(self, sent_at: float, wait: float | None) -> bool:
        """Shrink after a reply that limits, and hold all requests back; return whether it shrank.

        `sent_at`: when its request was sent, by the monotonic clock. `wait`: the seconds that the server
        names; 0: shrink alone; None: it limits without naming a wait.
        """
        now = monotonic()
        is_new = sent_at >= self._last_decrease
        if is_new:
            self._last_decrease = now
            self._has_limited = True
            self.limit = max(1.0, self.limit / 2)
        if wait is None:
            wait = min(_FIRST_HOLD * 2**self._holds, _MAX_HOLD) if is_new else 0.0
            self._holds += is_new
        if wait:
            self._held_until = max(self._held_until, now + wait + _FIRST_HOLD * random.random() / 4)
        return is_new

    def _admit(self) -> None:
        while self._waiting and self._in_flight < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
