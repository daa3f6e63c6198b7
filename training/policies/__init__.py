"""Policies: what reads a chunk and writes tool calls. One interface for rules, local models and endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from training.memory import Memory


@dataclass(frozen=True, slots=True)
class Situation:
    """What a policy sees at a step: its memory, which it must not change, and the chunk."""

    memory: Memory
    chunk: str


class Policy(Protocol):
    """Writes memory."""

    name: str
    at_once: int  # episodes that are played together

    def write(self, situations: Sequence[Situation]) -> list[str]:
        """A reply for each situation, with tool calls as text (see training/parsing.py)."""
