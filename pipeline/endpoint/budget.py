"""How much was asked, and how much more may be: requests, tokens, cost. And how fast."""

from dataclasses import dataclass
from time import monotonic

from pipeline.endpoint.requests import Request
from pipeline.endpoint.settings import PREFIX, Settings
from pipeline.endpoint.stopping import StopAskingError

_MILLION = 1_000_000
_BYTES = 3  # of a token, about, where a server does not count
_FIRST_APART = 0.005  # seconds between the first requests, as many as may be in flight


@dataclass
class Budget:
    """What one run of a stage spends. A request is sent only if all that it could take is still allowed."""

    settings: Settings
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    _prompts_out: int = 0  # tokens that requests in flight may come to
    _completions_out: int = 0

    def reserve(self, request: Request) -> None:
        """Count a request as in flight. Raises StopAskingError where it could pass a limit."""
        allowed = self.settings
        prompt, completion = request.most_prompt_tokens, request.max_tokens
        prompts = self.prompt_tokens + self._prompts_out + prompt
        completions = self.completion_tokens + self._completions_out + completion
        self._within(self.requests + 1, allowed.max_requests, "MAX_REQUESTS")
        self._within(prompts + completions, allowed.max_tokens, "MAX_TOKENS")
        self._within(self._cost(prompts, completions), allowed.max_cost, "MAX_COST")
        self.requests += 1
        self._prompts_out += prompt
        self._completions_out += completion

    def settle(self, request: Request, prompt_tokens: int | None, completion_tokens: int | None) -> None:
        """A request came back; None: it may have been paid for, and nobody counted."""
        self._prompts_out -= request.most_prompt_tokens
        self._completions_out -= request.max_tokens
        guess = request.most_prompt_tokens // _BYTES
        self.prompt_tokens += guess if prompt_tokens is None else prompt_tokens
        self.completion_tokens += request.max_tokens if completion_tokens is None else completion_tokens

    def told(self) -> str:
        """What was spent so far, for people."""
        tokens = f"{self.requests} requests, {self.prompt_tokens} + {self.completion_tokens} tokens"
        if self.settings.price_in is None or self.settings.price_out is None:
            return tokens
        return f"{tokens}, cost {self._cost(self.prompt_tokens, self.completion_tokens):.2f}"

    def _cost(self, prompt: int, completion: int) -> float:
        return (
            prompt * (self.settings.price_in or 0) + completion * (self.settings.price_out or 0)
        ) / _MILLION

    def _within(self, value: float, limit: float | None, name: str) -> None:
        if limit is not None and value > limit:
            raise StopAskingError(
                f"{PREFIX}{name} is {limit:g}, and another request might pass it ({self.told()})", "raise it"
            )


class Pace:
    """Requests are sent at most so often in a minute, evenly; the first of a run one after the other.

    Sent all at once, each would wait until the connections of all are made, and so would the next ones, which
    begin as these come back.
    """

    def __init__(self, per_minute: float | None, at_once: int) -> None:
        self._apart = 60.0 / per_minute if per_minute else 0.0
        self._first = at_once
        self._next = monotonic()

    def turn(self) -> float:
        """Take the next turn; return the seconds until it comes."""
        now = monotonic()
        mine = max(now, self._next)
        self._next = mine + (max(self._apart, _FIRST_APART) if self._first > 0 else self._apart)
        self._first -= 1
        return mine - now
