"""A model behind the endpoint as a Chat: its answers are kept, and nothing is paid for twice.

What a sample is kept under depends on the seed and on its prompt alone, and not on what is asked beside it.
"""

import json
from collections import Counter
from collections.abc import Sequence

from pipeline.endpoint.answers import Answer
from pipeline.endpoint.asking import Asker
from pipeline.endpoint.completions import NO_ANSWER
from pipeline.endpoint.requests import Request
from pipeline.errors import MemcurateError
from pipeline.params import EndpointModel
from training.chats import Message, Sampling
from training.tools import TOOLS

_AT_ONCE = 64  # episodes that go on side by side; how many requests are in flight is the environment's to say


class EndpointChat:
    """See above. Chat. `native`: tools are passed to the server, and its tool calls come back as text."""

    at_once = _AT_ONCE
    longest: int | None = None  # the server refuses what is too long

    def __init__(self, model: EndpointModel, asker: Asker, native: bool = False) -> None:
        """Try the model out. Raises MemcurateError where it cannot be asked."""
        self.takes_tools = native
        self._model = model
        self._asker = asker
        self._step = f"model {model.model}"
        asker.try_out(model, self._step)

    def count(self, messages: Sequence[Message]) -> int:
        """About so many: the server's tokenizer is not known, so a token is taken as three bytes."""
        tools = len(json.dumps(TOOLS)) if self.takes_tools else 0
        return (sum(len(message["content"].encode()) for message in messages) + tools) // 3

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """See Chat. A refusal is an empty reply. Raises MemcurateError where nothing more can be asked."""
        before: Counter[str] = Counter()  # chats of the same words
        requests = []
        for chat in chats:
            words = json.dumps(chat)
            requests.append(
                Request(
                    model=self._model.model,
                    revision=self._model.revision,
                    messages=list(chat),
                    temperature=sampling.temperature,
                    max_tokens=sampling.max_tokens,
                    sample=sampling.seed + before[words] if sampling.temperature else 0,
                    tools=TOOLS if tools and self.takes_tools else None,
                    options=self._model.options,
                )
            )
            before[words] += 1
        return [_said(answer) for answer in self._asker.complete(requests, self._model, self._step)]


def _said(answer: Answer) -> str:
    if answer.reason == NO_ANSWER:
        raise MemcurateError(
            f"model {answer.model} gave no answer to a request ({answer.detail}): the others are kept, run "
            "it again"
        )
    return answer.text or ""
