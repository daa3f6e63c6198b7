"""The figures that stages write as metrics: whole numbers and means of the data, never times."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.schema import SIDES, Asked, Instance, InstanceOutline, Reject


def distribution(values: Iterable[int]) -> dict[str, float]:
    """mean (two decimals), p5, p50, p95 (nearest rank) and max of some numbers; empty for none."""
    ordered = sorted(values)
    if not ordered:
        return {}
    ranks = {f"p{p}": ordered[max(0, -(-p * len(ordered) // 100) - 1)] for p in (5, 50, 95)}
    return {"mean": round(sum(ordered) / len(ordered), 2), **ranks, "max": ordered[-1]}


class Figures:
    """Figures of instances, gathered one by one."""

    def __init__(self) -> None:
        self._chunks: dict[str, list[int]] = {}
        self._tokens: dict[str, list[int]] = {}
        self._questions: dict[str, list[int]] = {}
        self._origins: dict[str, Counter[str]] = {}

    def add(self, instance: Instance | InstanceOutline) -> None:
        """Count an instance."""
        split = instance.split
        self._chunks.setdefault(split, []).append(len(instance.chunks))
        self._tokens.setdefault(split, []).extend(chunk.tokens for chunk in instance.chunks)
        self._questions.setdefault(split, []).append(len(instance.questions))
        origins = self._origins.setdefault(split, Counter())
        origins.update(question.origin for question in instance.questions)

    def by_split(self) -> dict[str, Any]:
        """Per split: instances, chunks per instance, tokens per chunk, questions."""
        return {
            split: {
                "instances": len(self._chunks[split]),
                "chunks_per_instance": distribution(self._chunks[split]),
                "tokens_per_chunk": distribution(self._tokens[split]),
                "questions_per_instance": distribution(self._questions[split]),
                "questions_by_origin": dict(self._origins[split]),
            }
            for split in sorted(self._chunks)
        }


def by_reason(rejects: Iterable[Reject]) -> dict[str, dict[str, dict[str, int]]]:
    """Rejects by split (`undivided`: not drawn yet), what was rejected, and why; segments one by one."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for reject in rejects:
        kind = counts.setdefault(reject.split or "undivided", {}).setdefault(reject.kind, {})
        kind[reject.reason] = kind.get(reject.reason, 0) + (len(reject.segments) or 1)
    return counts


def lost_sides(
    figures: Mapping[str, Any], rejects: Sequence[Reject], is_evaluation_set: bool = False
) -> Iterator[str]:
    """For each side of a source without an instance in `figures.by_split()`, a line that says why.

    Which side an evaluation set is drawn to does not matter.
    """
    for side in SIDES:
        if side in figures or (is_evaluation_set and figures):
            continue
        of_side = [one for one in rejects if one.split == side]
        lost = [one for one in of_side if one.kind == "instance"] or of_side or rejects
        why = (
            f"of {len(lost)} rejects the first: {lost[0].reason}, {lost[0].detail}"
            if lost
            else "none was made"
        )
        yield f"no {side} instance is left; {why}"


def by_step(asked: Iterable[Asked]) -> dict[str, dict[str, int]]:
    """What models were asked, by what for, and what came of it; `answered`: something did."""
    counts: dict[str, dict[str, int]] = {}
    for one in asked:
        of_step = counts.setdefault(one.step, {})
        of_step[one.reason or "answered"] = of_step.get(one.reason or "answered", 0) + 1
    return counts
