"""The four rewards of an episode (paper, section on rewards), each with its formula.

r1 and r3 are of the episode, r2 and r4 of a step; a step's reward is r1 + r2 + beta r3 + gamma r4. As in
the paper's code r3 is not clipped (a memory larger than its text makes it negative), r4 is a share of all
calls of a step, and a delete counts as no valid operation. Questions that only a judge can measure are left
out of r1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.schema import CallMade


@dataclass(frozen=True, slots=True)
class Rewards:
    """The rewards of an episode; a number per step where they are a step's."""

    correctness: float | None  # r1; None where no question could be measured
    tool_format: list[float]  # r2
    compression: float  # r3
    content: list[float]  # r4
    beta: float
    gamma: float

    def of_steps(self) -> list[float] | None:
        """Total reward of each step; None where r1 is."""
        if self.correctness is None:
            return None
        shared = self.correctness + self.beta * self.compression
        return [
            shared + tool_format + self.gamma * content
            for tool_format, content in zip(self.tool_format, self.content, strict=True)
        ]

    def total(self) -> float | None:
        """Mean of the steps' total rewards; without steps r2 and r4 are 0."""
        steps = self.of_steps()
        if steps is None or self.correctness is None:
            return None
        return mean(steps) if steps else self.correctness + self.beta * self.compression


def correctness(scores: Sequence[float | None]) -> float | None:
    """r1: mean over the questions that could be measured."""
    measured = [score for score in scores if score is not None]
    return mean(measured) if measured else None


def tool_format(calls: Sequence[CallMade]) -> float:
    """r2: share of a step's calls that were read and applied; 0 where there is none."""
    return mean([float(call.applied) for call in calls])


def compression(memory_tokens: int, chunk_tokens: int) -> float:
    """r3: 1 - tokens of the memory / tokens of the chunks."""
    return 1 - memory_tokens / chunk_tokens


def content(calls: Sequence[CallMade]) -> float:
    """r4: share of a step's calls whose content is valid for its memory type; 0 where there is none."""
    return mean([float(call.valid) for call in calls])


def mean(numbers: Iterable[float]) -> float:
    """Of some numbers; 0 for none."""
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else 0.0
