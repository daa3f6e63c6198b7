"""Lines for people on what a stage of a source kept and dropped, from its statistics.json."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.printable import count_noun
from pipeline.core.rejection import NOT_AT_SPAN_REASON
from pipeline.core.statistics import STATISTICS_FILE
from stages.shared.paths import CHUNKS_DIR, FILTERED_DIR, QUESTIONS_DIR

YIELD_DIRS = {"chunk": CHUNKS_DIR, "question": QUESTIONS_DIR, "filter": FILTERED_DIR}
_MAX_REASONS = 3
_MIN_KEPT_PERCENT = 10
_KINDS = ("record", "segment", "instance", "question")


@dataclass(slots=True)
class StageYield:
    """The rows that a stage of a source kept, and what it dropped."""

    train: int = 0
    test: int = 0  # with those of an evaluation set
    chunks: int = 0
    questions: Counter[str] = field(default_factory=Counter)  # kept, by origin
    rejects: dict[str, Counter[str]] = field(default_factory=dict)  # by kind and reason

    def num_rejected(self, *kinds: str) -> int:
        """Return the number of rejects of some kinds; segments count one by one."""
        return sum(self.rejects[kind].total() for kind in kinds if kind in self.rejects)


def read_yield(stage: str, source: str) -> StageYield | None:
    """Return the yield of a stage of YIELD_DIRS for a source; None where it did not run yet."""
    path = YIELD_DIRS[stage] / source / STATISTICS_FILE
    if not path.exists():
        return None
    statistics = json.loads(path.read_text(encoding="utf-8"))
    found = StageYield(questions=Counter(statistics.get("questions_by_origin", {})))
    for split in ("train", "test", "evaluation"):
        _add_split(found, split, statistics.get(split, {}))
    for kinds in statistics["rejects"].values():
        for kind, counts in kinds.items():
            found.rejects.setdefault(kind, Counter()).update(counts)
    return found


def _add_split(found: StageYield, split: str, counts: dict[str, Any]) -> None:
    instances = counts.get("instances", 0)
    if split == "train":
        found.train += instances
    else:
        found.test += instances
    found.chunks += round(instances * counts.get("chunks_per_instance", {}).get("mean", 0))
    found.questions.update(counts.get("questions_by_origin", {}))


def describe_yield(stage: str, source: str) -> Iterator[str]:
    """Yield the line of a stage of a source, and a line for each thing to look at."""
    found = read_yield(stage, source)
    if found is None:
        return
    parts = []
    instances = found.train + found.test
    if stage != "question":
        parts.append(f"{count_noun(instances, 'instance')} ({found.train:,} train, {found.test:,} test)")
        if instances:
            parts.append(f"{found.chunks / instances:.1f} chunks each")
    if stage != "chunk":
        origins = ", ".join(f"{count:,} {origin}" for origin, count in found.questions.most_common())
        parts.append(count_noun(found.questions.total(), "question") + (f" ({origins})" if origins else ""))
    dropped = "; ".join(_describe_rejects(found)) or "nothing"
    yield f"{stage}@{source}: {', '.join(parts)}; dropped {dropped}"
    yield from _warn(stage, source, found)


def _describe_rejects(found: StageYield) -> Iterator[str]:
    for kind in _KINDS:
        counts = found.rejects.get(kind, Counter())
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common(_MAX_REASONS))
            more = len(counts) - _MAX_REASONS
            others = f" and {more} more reasons" if more > 0 else ""
            yield f"{count_noun(counts.total(), kind)}: {reasons}{others}"


def _warn(stage: str, source: str, found: StageYield) -> Iterator[str]:
    """Yield a warning where little is left, with the keys to change."""
    where = f"sources.{source}"
    if stage == "question" and not found.questions:
        yield f"  warning: no question was made: see {where}.questions"
    if stage == "filter":
        checked = found.questions.total() + found.num_rejected("question")
        if checked and 100 * found.questions.total() < _MIN_KEPT_PERCENT * checked:
            yield f"  warning: under {_MIN_KEPT_PERCENT} % of the questions are kept: see {where}.checks"
        instances = found.train + found.test
        if 100 * instances < _MIN_KEPT_PERCENT * (instances + found.num_rejected("instance")):
            yield (
                f"  warning: under {_MIN_KEPT_PERCENT} % of the instances are kept: see "
                f"{where}.checks.min_questions"
            )
    if stage == "chunk":
        segments = found.rejects.get("segment", Counter())
        if segments[NOT_AT_SPAN_REASON]:
            yield (
                f"  warning: {count_noun(segments[NOT_AT_SPAN_REASON], 'segment')} are not "
                f"the characters of their span: `memcurate preview {source}` shows the first"
            )
        if segments["document too short"] and not found.train + found.test:
            yield (
                f"  warning: all documents are too short: lower {where}.chunking.min_chunks, or set "
                "join_documents there"
            )
