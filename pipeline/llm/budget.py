"""Limits on requests: their number, tokens and cost in one run of a stage."""

from dataclasses import dataclass

from pipeline.llm.requests import Request
from pipeline.llm.settings import ENV_PREFIX, EndpointSettings
from pipeline.llm.stop_error import RequestsStoppedError

_MILLION = 1_000_000
_BYTES_PER_TOKEN = 3  # an estimate, for servers that do not count tokens


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
