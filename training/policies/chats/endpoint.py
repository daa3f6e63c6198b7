"""A model behind the endpoint as a ChatModel: its responses are cached, so no request is paid for twice.

The cache key of a sample depends on the seed and its own prompt alone, not on the other chats of the batch.
"""

import json
from collections import Counter
from collections.abc import Sequence

from pipeline.core.errors import MemcurateError
from pipeline.core.params import EndpointModel
from pipeline.llm.chat_completions import NO_RESPONSE
from pipeline.llm.client import LLMClient
from pipeline.llm.requests import Request
from pipeline.llm.response_cache import LLMResponse
from training.memory.prompts import Message
from training.memory.tools import TOOLS
from training.policies.chats import SamplingParams

_BATCH_SIZE = 64  # episodes that run together; MEMCURATE_ENDPOINT_MAX_CONCURRENCY limits the requests


class EndpointChatModel:
    """The ChatModel of an endpoint."""

    batch_size = _BATCH_SIZE
    context_window: int | None = None  # the server refuses prompts that are too long

    def __init__(self, model: EndpointModel, client: LLMClient, native_tools: bool = False) -> None:
        """Send a trial request; raises MemcurateError where the model does not answer it.

        With `native_tools` the server gets the tools, and its tool calls come back as text.
        """
        self.supports_tools = native_tools
        self._model = model
        self._client = client
        self._step = f"model {model.name}"
        client.check_model(model, self._step)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a chat at three bytes each: the server's tokenizer is not known."""
        tools = len(json.dumps(TOOLS)) if self.supports_tools else 0
        return (sum(len(message["content"].encode()) for message in messages) + tools) // 3

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        """Return a reply for each chat, empty where the server refused it.

        Raises MemcurateError where the endpoint answers no more requests; responses up to then stay cached.
        """
        num_equal: Counter[str] = Counter()  # earlier chats of the same text
        requests = []
        for chat in chats:
            text = json.dumps(chat)
            requests.append(
                Request(
                    model=self._model.name,
                    revision=self._model.revision,
                    messages=list(chat),
                    temperature=sampling.temperature,
                    max_tokens=sampling.max_tokens,
                    sample=sampling.seed + num_equal[text] if sampling.temperature else 0,
                    tools=TOOLS if allow_tools and self.supports_tools else None,
                    options=self._model.options,
                )
            )
            num_equal[text] += 1
        responses = self._client.complete(requests, self._model, self._step)
        return [_reply_text(response) for response in responses]


def _reply_text(response: LLMResponse) -> str:
    if response.reason == NO_RESPONSE:
        raise MemcurateError(
            f"model {response.model} gave no response to a request ({response.detail}). The other responses "
            "are cached: run the same command again."
        )
    return response.text or ""
