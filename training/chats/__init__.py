"""Models that complete a chat, on this machine or behind an endpoint. Policies and answerers use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Message = dict[str, str]  # role and content


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a completion is drawn."""

    max_tokens: int  # of the completion
    temperature: float  # 0: the likeliest token
    seed: int = 0
    turn: int = 0  # which of several draws of a seed; prompts that differ need none


class Chat(Protocol):
    """A model that completes chats."""

    at_once: int  # chats that it completes together
    takes_tools: bool  # whether it shows the model TOOLS itself, so that no prompt must
    longest: int | None  # tokens of prompt and completion together; None: not known

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a chat as the model reads it, tools included where it takes them."""

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """A completion for each chat. `tools`: whether the model may call them; its calls come as text."""
