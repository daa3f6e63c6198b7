"""The parts of an episode's total by name, for trainers that take a reward for each."""

from typing import NamedTuple

from pipeline.core.agent_params import RewardParams
from training.evaluation.memory_measures import mean_measures
from training.memory.schema import Episode


class RewardPart(NamedTuple):
    """A part of an episode's total: the total is the sum of value · weight over all parts."""

    value: float
    weight: float


def part_weights(params: RewardParams) -> dict[str, float]:
    """Return the weight of each part by its name; measures of the memory only where they have a weight."""
    weights = {
        "correctness": 1.0,
        "tool_format": 1.0,
        "compression": params.compression_weight,
        "content": params.content_weight,
    }
    measured = {
        "recall": params.recall_weight,
        "stale": -params.stale_weight,
        "forgotten": -params.forgotten_weight,
    }
    return weights | {name: weight for name, weight in measured.items() if weight}


def reward_parts(episode: Episode, params: RewardParams) -> dict[str, RewardPart] | None:
    """Return the parts of an episode's total by name; None where r1 is None.

    A measure that could not be taken, as in an instance without facts, counts as 0.
    """
    if episode.correctness is None:
        return None
    measures = mean_measures(episode.measures)
    values = {
        "correctness": episode.correctness,
        "tool_format": episode.tool_format,
        "compression": episode.compression,
        "content": episode.content,
        "recall": (measures.recall if measures else None) or 0.0,
        "stale": (measures.stale if measures else None) or 0.0,
        "forgotten": (measures.forgotten if measures else None) or 0.0,
    }
    return {name: RewardPart(values[name], weight) for name, weight in part_weights(params).items()}
