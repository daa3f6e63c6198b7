"""The rewards of an episode: four of the paper (section on rewards) and optional ones, with their formulas.

r1 and r3 belong to the episode, r2 and r4 to a step; a step's reward is r1 + r2 + beta r3 + gamma r4. As in
the paper's code, r3 is not clipped (a memory larger than its text makes it negative), r4 is a fraction of all
calls of a step, and a delete is never a valid operation. r1 leaves out questions without a score, which only
a judge could give.

Where an instance has facts, the measures of the memory after a step may add to its reward: recall of facts
that hold, minus the fractions of stale and of forgotten facts that are still kept. Their weights are 0 for
the paper's reward.
"""

from collections.abc import Iterable, Sequence

from pipeline.core.agent_params import RewardParams
from training.memory.schema import Episode, MemoryMeasures, ToolCallRecord


def total_reward(
    r1: float | None,
    r2: float,
    r3: float,
    r4: float,
    params: RewardParams,
    measures: MemoryMeasures | None = None,
) -> float | None:
    """Return r1 + r2 + beta r3 + gamma r4 of a step or, from the means of its steps, of an episode.

    `measures` are added by their weights. None where r1 is None.
    """
    if r1 is None:
        return None
    total = r1 + r2 + params.compression_weight * r3 + params.content_weight * r4
    return total if measures is None else total + memory_reward(measures, params)


def memory_reward(measures: MemoryMeasures, params: RewardParams) -> float:
    """Return the weighted sum of a memory's measures; one that could not be taken counts as 0."""
    return (
        params.recall_weight * (measures.recall or 0)
        - params.stale_weight * (measures.stale or 0)
        - params.forgotten_weight * (measures.forgotten or 0)
    )


def step_rewards(episode: Episode, params: RewardParams) -> list[float | None]:
    """Return the total reward of each step of an episode; None where r1 is None."""
    r1, r3 = episode.correctness, episode.compression
    measures: Sequence[MemoryMeasures | None] = episode.measures or [None] * len(episode.steps)
    return [
        total_reward(r1, tool_format(step.calls), r3, content(step.calls), params, measured)
        for step, measured in zip(episode.steps, measures, strict=True)
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
