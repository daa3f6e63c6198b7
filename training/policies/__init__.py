"""Policies read a chunk and write tool calls. Rules, local models and endpoints share one interface."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from training.memory.memory import Memory


@dataclass(frozen=True, slots=True)
class Observation:
    """The input of a policy at a step."""

    memory: Memory  # the policy must not change it
    chunk: str


class Policy(Protocol):
    """A writer of memories."""

    name: str
    batch_size: int  # episodes that run together

    def act(self, observations: Sequence[Observation]) -> list[str]:
        """Return a reply for each observation; `training/memory/call_parser.py` finds its tool calls."""
