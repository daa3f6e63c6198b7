"""Chat models, on this machine or behind an endpoint; policies, answerers and judges use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from training.memory.prompts import Message


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """The settings by which a completion is sampled."""

    max_tokens: int  # of the completion
    temperature: float  # 0: the likeliest token
    seed: int = 0
    sample_index: int = 0  # makes samples of equal prompts and seed differ


class ChatModel(Protocol):
    """A model that completes chats."""

    batch_size: int  # chats that it completes together
    supports_tools: bool  # whether it passes TOOLS to the model; otherwise the prompt must list them
    context_window: int | None  # tokens of prompt and completion together; None: not known

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of a chat as the model reads it, with the tools where it supports them."""

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        """Return a completion for each chat, with tool calls as text.

        `allow_tools`: whether the model may call tools.
        """
