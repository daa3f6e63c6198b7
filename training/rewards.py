"""The four rewards of an episode (paper, section on rewards), each with its formula.

r1 and r3 are of the episode, r2 and r4 of a step; a step's reward is r1 + r2 + beta r3 + gamma r4. As in
the paper's code r3 is not clipped (a memory larger than its text makes it negative), r4 is a share of all
calls of a step, and a delete counts as no valid operation. Questions that were not measured, which takes
a judge, are left out of r1.
"""

from collections.abc import Iterable, Sequence

from training.params import RewardParams
from training.schema import CallMade, Episode


def total(r1: float | None, r2: float, r3: float, r4: float, params: RewardParams) -> float | None:
    """r1 + r2 + beta r3 + gamma r4, of a step or, with the means of its steps, of an episode."""
    if r1 is None:
        return None
    return r1 + r2 + params.compression * r3 + params.content * r4


def of_steps(episode: Episode, params: RewardParams) -> list[float | None]:
    """The total reward of each step of an episode; None where r1 could not be measured."""
    r1, r3 = episode.correctness, episode.compression
    return [total(r1, tool_format(step.calls), r3, content(step.calls), params) for step in episode.steps]


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
