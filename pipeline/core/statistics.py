"""Statistics of a stage's data, in statistics.json of its output folder: counts and distributions, no times.

The few of them that people compare between two commits are the stage's metrics.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from pipeline.core.schema import DRAWN_SPLITS, Instance, InstanceSizes, ModelCall, Reject, RejectSummary

_UNDIVIDED = "undivided"  # in place of a split, of what was rejected before the split
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


class RejectStats:
    """Statistics of rejects, added one by one or merged: counts, and the first reject of each kind."""

    def __init__(self, rejects: Iterable[Reject | RejectSummary] = ()) -> None:
        """Start with some rejects."""
        self._counts: dict[
            str, dict[str, Counter[str]]
        ] = {}  # by split, kind and reason; segments one by one
        self._rows: Counter[tuple[str, str]] = Counter()  # rejects by split and kind
        self._first: dict[tuple[str, str], str] = {}  # reason and detail
        for reject in rejects:
            self.add(reject)

    def add(self, reject: Reject | RejectSummary) -> None:
        """Count a reject."""
        split = reject.split or _UNDIVIDED
        counts = self._counts.setdefault(split, {}).setdefault(reject.kind, Counter())
        counts[reject.reason] += len(reject.segments) or 1
        self._rows[split, reject.kind] += 1
        self._first.setdefault((split, reject.kind), f"{reject.reason}, {reject.detail}")

    def merge(self, other: "RejectStats") -> None:
        """Count the rejects that another has counted, after those counted so far."""
        for split, kinds in other._counts.items():
            for kind, counts in kinds.items():
                self._counts.setdefault(split, {}).setdefault(kind, Counter()).update(counts)
        self._rows.update(other._rows)
        self._first = {**other._first, **self._first}

    def by_split(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return the counts by split (`undivided`: before the split), kind and reason."""
        return {
            split: {kind: dict(counts) for kind, counts in kinds.items()}
            for split, kinds in self._counts.items()
        }

    def total(self) -> int:
        """Return the number of all rejects together; segments count one by one."""
        return sum(counts.total() for kinds in self._counts.values() for counts in kinds.values())

    def num_rows(self, kind: str) -> int:
        """Return the number of rejects of a kind; a reject of several segments counts once."""
        return sum(count for key, count in self._rows.items() if key[1] == kind)

    def has_reason(self, reason: str) -> bool:
        """Return whether a reject has this reason."""
        return any(reason in counts for kinds in self._counts.values() for counts in kinds.values())

    def explain_empty_splits(
        self, stats: Mapping[str, Any], is_evaluation_set: bool = False
    ) -> Iterator[str]:
        """Yield a line for each split that has no instance in `stats`, with the reason of its first reject.

        `stats` is the result of `InstanceStats.by_split`. An evaluation set needs one split only.
        """
        for split in DRAWN_SPLITS:
            if split in stats or (is_evaluation_set and stats):
                continue
            of_split = [key for key in self._rows if key[0] == split]
            keys = [key for key in of_split if key[1] == "instance"] or of_split or list(self._rows)
            count = sum(self._rows[key] for key in keys)
            reason = f"of {count} rejects the first: {self._first[keys[0]]}" if keys else "none was made"
            yield f"no {split} instance is left; {reason}"


def count_model_calls(model_calls: Iterable[ModelCall]) -> dict[str, dict[str, int]]:
    """Count calls of models by step and outcome: the reason of a failure, or `answered`."""
    counts: dict[str, dict[str, int]] = {}
    for call in model_calls:
        outcomes = counts.setdefault(call.step, {})
        outcome = call.reason or "answered"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return counts
