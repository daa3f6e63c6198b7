"""A model behind any server that speaks OpenAI's chat API. Where it is comes from the environment.

MEMCURATE_ENDPOINT_URL is its base address (…/v1), MEMCURATE_ENDPOINT_KEY its key, if it wants one.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openai import APIError, OpenAI

from pipeline.errors import MemcurateError
from training.chats import Message, Sampling
from training.tools import TOOLS

_AT_ONCE = 8
_SECONDS = 600.0  # for one completion
_TRIES = 3


class EndpointChat:
    """See above. Chat. `native`: tools are passed to the server, and its tool calls come back as text."""

    at_once = _AT_ONCE
    longest: int | None = None  # the server refuses what is too long

    def __init__(self, model: str, native: bool = False) -> None:
        """Ask the model for a token, to see whether it is there.

        Raises MemcurateError when no address is set, or nobody answers there, or key or model are refused.
        """
        url = os.environ.get("MEMCURATE_ENDPOINT_URL")
        if not url:
            raise MemcurateError(
                f"model {model} is behind an endpoint, but MEMCURATE_ENDPOINT_URL is not set: "
                "set it to the server's address, such as http://127.0.0.1:8000/v1"
            )
        self._model, self._url = model, url
        self.takes_tools = native
        key = os.environ.get("MEMCURATE_ENDPOINT_KEY", "none")
        self._client = OpenAI(base_url=url, api_key=key, timeout=_SECONDS, max_retries=_TRIES)
        self._complete([{"role": "user", "content": "hello"}], Sampling(1, 0.0), tools=False, place=0)

    def count(self, messages: Sequence[Message]) -> int:
        """About so many: the server's tokenizer is not known, so a token is taken as three bytes."""
        tools = len(json.dumps(TOOLS)) if self.takes_tools else 0
        return (sum(len(message["content"].encode()) for message in messages) + tools) // 3

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """See Chat. Raises MemcurateError when the server gives no answer after a few tries."""

        def one(place: int) -> str:
            return self._complete(chats[place], sampling, tools and self.takes_tools, place)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(one, range(len(chats))))

    def _complete(self, messages: Sequence[Message], sampling: Sampling, tools: bool, place: int) -> str:
        more: dict[str, Any] = {"tools": TOOLS} if tools else {}
        try:
            completion = self._client.chat.completions.create(
                model=self._model,
                messages=list(messages),  # type: ignore[arg-type]  # plain dictionaries of the same shape
                max_tokens=sampling.max_tokens,
                temperature=sampling.temperature,
                seed=sampling.seed + place,
                **more,
            )
        except APIError as error:
            raise self._refused(error) from None
        if not completion.choices:
            return ""
        message = completion.choices[0].message
        return "\n".join([message.content or "", *map(_as_text, message.tool_calls or [])]).strip()

    def _refused(self, error: APIError) -> MemcurateError:
        return MemcurateError(
            f"the endpoint at {self._url} gives no answer for model {self._model} ({type(error).__name__}: "
            f"{error.message}). Start the server, or set MEMCURATE_ENDPOINT_URL and MEMCURATE_ENDPOINT_KEY."
        )


def _as_text(call: Any) -> str:
    """A native tool call in the form that training/parsing.py reads."""
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return f"<tool_call>{json.dumps(function)}</tool_call>"
