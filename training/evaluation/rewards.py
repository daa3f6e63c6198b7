"""The four rewards of an episode (paper, section on rewards), each with its formula.

r1 and r3 belong to the episode, r2 and r4 to a step; a step's reward is r1 + r2 + beta r3 + gamma r4. As in
the paper's code, r3 is not clipped (a memory larger than its text makes it negative), r4 is a fraction of all
calls of a step, and a delete is never a valid operation. r1 leaves out questions without a score, which only
a judge could give.
"""

from collections.abc import Iterable, Sequence

from pipeline.core.params import RewardParams
from training.memory.schema import Episode, ToolCallRecord


def total_reward(r1: float | None, r2: float, r3: float, r4: float, params: RewardParams) -> float | None:
    """Return r1 + r2 + beta r3 + gamma r4 of a step or, from the means of its steps, of an episode.

    None where r1 is None.
    """
    if r1 is None:
        return None
    return r1 + r2 + params.compression_weight * r3 + params.content_weight * r4


def step_rewards(episode: Episode, params: RewardParams) -> list[float | None]:
    """Return the total reward of each step of an episode; None where r1 is None."""
    r1, r3 = episode.correctness, episode.compression
    return [
        total_reward(r1, tool_format(step.calls), r3, content(step.calls), params) for step in episode.steps
    ]


def correctness(scores: Sequence[float | None]) -> float | None:
    """Return r1, the mean score of the scored questions; None where no question has a score."""
    present = [score for score in scores if score is not None]
    return mean(present) if present else None


def tool_format(calls: Sequence[ToolCallRecord]) -> float:
    """Return r2, the fraction of a step's calls that were applied; 0 without calls."""
    return mean([float(call.applied) for call in calls])


def compression(memory_tokens: int, chunk_tokens: int) -> float:
    """Return r3, 1 - tokens of the memory / tokens of the chunks; at most 1."""
    return 1 - memory_tokens / chunk_tokens


def content(calls: Sequence[ToolCallRecord]) -> float:
    """Return r4, the fraction of a step's calls whose content suits its memory type; 0 without calls."""
    return mean([float(call.valid) for call in calls])


def mean(numbers: Iterable[float]) -> float:
    """Return the mean of numbers; 0 for none."""
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else 0.0
