"""Limits on requests: their number, tokens and cost in one run of a stage, and their rate."""

from dataclasses import dataclass
from time import monotonic

from pipeline.llm.requests import Request
from pipeline.llm.settings import ENV_PREFIX, EndpointSettings
from pipeline.llm.stop_error import RequestsStoppedError

_MILLION = 1_000_000
_BYTES_PER_TOKEN = 3  # an estimate, for servers that do not count tokens
_RAMP_UP_INTERVAL = 0.005  # seconds between the first requests of a run


@dataclass
class Budget:
    """The spending of one run of a stage.

    A request is sent only if its largest possible number of tokens is still within the limits.
    """

    settings: EndpointSettings
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    _reserved_prompt_tokens: int = 0  # the most that requests in flight may use
    _reserved_completion_tokens: int = 0

    def reserve(self, request: Request) -> None:
        """Count a request as in flight. Raises RequestsStoppedError when it could pass a limit."""
        limits = self.settings
        prompt, completion = request.max_prompt_tokens, request.max_tokens
        prompts = self.prompt_tokens + self._reserved_prompt_tokens + prompt
        completions = self.completion_tokens + self._reserved_completion_tokens + completion
        self._check_limit(self.requests + 1, limits.max_requests, "MAX_REQUESTS")
        self._check_limit(prompts + completions, limits.max_tokens, "MAX_TOKENS")
        self._check_limit(self._cost(prompts, completions), limits.max_cost, "MAX_COST")
        self.requests += 1
        self._reserved_prompt_tokens += prompt
        self._reserved_completion_tokens += completion

    def settle(self, request: Request, prompt_tokens: int | None, completion_tokens: int | None) -> None:
        """Count a request that came back; None: it may have cost tokens that the server did not count."""
        self._reserved_prompt_tokens -= request.max_prompt_tokens
        self._reserved_completion_tokens -= request.max_tokens
        estimate = request.max_prompt_tokens // _BYTES_PER_TOKEN
        self.prompt_tokens += estimate if prompt_tokens is None else prompt_tokens
        self.completion_tokens += request.max_tokens if completion_tokens is None else completion_tokens

    def format_usage(self) -> str:
        """Format the requests, tokens and cost so far, for people."""
        tokens = f"{self.requests} requests, {self.prompt_tokens} + {self.completion_tokens} tokens"
        if self.settings.price_in is None or self.settings.price_out is None:
            return tokens
        return f"{tokens}, cost {self._cost(self.prompt_tokens, self.completion_tokens):.2f}"

    def _cost(self, prompt: int, completion: int) -> float:
        return (
            prompt * (self.settings.price_in or 0) + completion * (self.settings.price_out or 0)
        ) / _MILLION

    def _check_limit(self, value: float, limit: float | None, name: str) -> None:
        if limit is not None and value > limit:
            raise RequestsStoppedError(
                f"{ENV_PREFIX}{name} is {limit:g}, and another request might pass it ({self.format_usage()})",
                "raise it",
            )


class RateLimiter:
    """A rate limiter that spaces requests evenly, and ramps up at the start of a run.

    Without the ramp-up each of the first requests would wait until the connections of all are made, and so
    would the next ones, which begin when these come back.
    """

    def __init__(self, requests_per_minute: float | None, ramp_up_requests: int) -> None:
        """Allow `requests_per_minute` (None: no limit); the first `ramp_up_requests` go one by one."""
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._ramp_up_left = ramp_up_requests
        self._next_slot = monotonic()

    def reserve_slot(self) -> float:
        """Reserve the next time slot; return the seconds until it begins."""
        now = monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + (
            max(self._interval, _RAMP_UP_INTERVAL) if self._ramp_up_left > 0 else self._interval
        )
        self._ramp_up_left -= 1
        return slot - now
