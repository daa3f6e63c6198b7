"""Statistics of a stage's data, in statistics.json of its output folder: counts and distributions, no times.

The few of them that people compare between two commits are the stage's metrics.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from pipeline.core.schema import DRAWN_SPLITS, Instance, InstanceSizes, ModelCall, Reject

STATISTICS_FILE = "statistics.json"  # of a stage, below its output folder


def distribution(values: Iterable[int]) -> dict[str, float]:
    """Return mean (two decimals), p5, p50, p95 (nearest rank) and max of some numbers; empty for none."""
    counts = values if isinstance(values, Counter) else Counter(values)
    if not counts:
        return {}
    ordered = sorted(counts)
    ends = list(accumulate(counts[value] for value in ordered))  # of each value's run, if all were sorted
    total = ends[-1]
    ranks = {f"p{p}": ordered[bisect_left(ends, max(1, -(-p * total // 100)))] for p in (5, 50, 95)}
    return {"mean": round(_sum(counts) / total, 2), **ranks, "max": ordered[-1]}


def _sum(counts: Counter[int]) -> int:
    return sum(value * count for value, count in counts.items())


class InstanceStats:
    """Statistics of instances, added one by one or merged: counts of each value, so small for any number."""

    def __init__(self) -> None:
        """Start without instances."""
        self._chunks: dict[str, Counter[int]] = defaultdict(Counter)
        self._tokens: dict[str, Counter[int]] = defaultdict(Counter)
        self._questions: dict[str, Counter[int]] = defaultdict(Counter)
        self._origins: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, instance: Instance | InstanceSizes) -> None:
        """Count an instance."""
        split = instance.split
        self._chunks[split][len(instance.chunks)] += 1
        self._tokens[split].update(chunk.tokens for chunk in instance.chunks)
        self._questions[split][len(instance.questions)] += 1
        self._origins[split].update(question.origin for question in instance.questions)

    def merge(self, other: "InstanceStats") -> None:
        """Count the instances that another has counted."""
        for split in other._chunks:
            self._chunks[split].update(other._chunks[split])
            self._tokens[split].update(other._tokens[split])
            self._questions[split].update(other._questions[split])
            self._origins[split].update(other._origins[split])

    def by_split(self) -> dict[str, Any]:
        """Return, for each split, the instances, chunks per instance, tokens per chunk and questions."""
        return {
            split: {
                "instances": self._chunks[split].total(),
                "chunks_per_instance": distribution(self._chunks[split]),
                "tokens_per_chunk": distribution(self._tokens[split]),
                "questions_per_instance": distribution(self._questions[split]),
                "questions_by_origin": dict(self._origins[split]),
            }
            for split in sorted(self._chunks)
        }

    def totals(self) -> dict[str, int]:
        """Return the number of `train` and `test` instances, `chunks`, `tokens` and `questions`.

        Instances of evaluation sets count as test.
        """
        return {
            "train": self._chunks["train"].total() if "train" in self._chunks else 0,
            "test": sum(counts.total() for split, counts in self._chunks.items() if split != "train"),
            "chunks": sum(map(_sum, self._chunks.values())),
            "tokens": sum(map(_sum, self._tokens.values())),
            "questions": sum(map(_sum, self._questions.values())),
        }


def count_rejects(rejects: Iterable[Reject]) -> dict[str, dict[str, dict[str, int]]]:
    """Count rejects by split (`undivided`: before the split), kind and reason; segments one by one."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for reject in rejects:
        kind = counts.setdefault(reject.split or "undivided", {}).setdefault(reject.kind, {})
        kind[reject.reason] = kind.get(reject.reason, 0) + _num_rejected(reject)
    return counts


def count_rejected(rejects: Iterable[Reject]) -> int:
    """Count rejects of all kinds together; segments one by one."""
    return sum(map(_num_rejected, rejects))


def _num_rejected(reject: Reject) -> int:
    return len(reject.segments) or 1


def explain_empty_splits(
    stats: Mapping[str, Any], rejects: Sequence[Reject], is_evaluation_set: bool = False
) -> Iterator[str]:
    """Yield a line for each split that has no instance in `stats`, the result of `by_split`, with the reason.

    An evaluation set needs instances in one split only.
    """
    for split in DRAWN_SPLITS:
        if split in stats or (is_evaluation_set and stats):
            continue
        of_split = [one for one in rejects if one.split == split]
        lost = [one for one in of_split if one.kind == "instance"] or of_split or rejects
        reason = (
            f"of {len(lost)} rejects the first: {lost[0].reason}, {lost[0].detail}"
            if lost
            else "none was made"
        )
        yield f"no {split} instance is left; {reason}"


def count_model_calls(model_calls: Iterable[ModelCall]) -> dict[str, dict[str, int]]:
    """Count calls of models by step and outcome: the reason of a failure, or `answered`."""
    counts: dict[str, dict[str, int]] = {}
    for call in model_calls:
        outcomes = counts.setdefault(call.step, {})
        outcome = call.reason or "answered"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return counts
