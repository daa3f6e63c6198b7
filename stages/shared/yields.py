"""Lines for people on what a stage of a source kept and dropped, from its statistics.json."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.printable import count_noun
from pipeline.core.rejection import NOT_AT_SPAN_REASON
from pipeline.core.statistics import STATISTICS_FILE
from stages.shared.paths import (
    CHUNKS_DIR,
    DATASET_DIR,
    FILTERED_DIR,
    QUESTIONS_DIR,
    REJECTS_FILE,
    REPORT_DIR,
)

YIELD_DIRS = {"chunk": CHUNKS_DIR, "question": QUESTIONS_DIR, "filter": FILTERED_DIR}
_MAX_REASONS = 3
_MIN_KEPT_PERCENT = 10
SPLITS = ("train", "test")
_KINDS = ("record", "segment", "instance", "question")


@dataclass(slots=True)
class StageYield:
    """The rows that a stage of a source kept, and what it dropped."""

    instances: Counter[str] = field(default_factory=Counter)  # by split, `test` with an evaluation set's
    chunks: Counter[str] = field(default_factory=Counter)  # by split
    questions: Counter[str] = field(default_factory=Counter)  # kept, by origin
    questions_by_split: Counter[str] = field(default_factory=Counter)  # empty before `filter`
    masked: Counter[str] = field(default_factory=Counter)  # values that pseudonyms replace, by kind
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
    found = StageYield(
        questions=Counter(statistics.get("questions_by_origin", {})),
        masked=Counter(statistics.get("masked", {})),
    )
    for split in ("train", "test", "evaluation"):
        _add_split(found, split, statistics.get(split, {}))
    for kinds in statistics["rejects"].values():
        for kind, counts in kinds.items():
            found.rejects.setdefault(kind, Counter()).update(counts)
    return found


def _add_split(found: StageYield, split: str, counts: dict[str, Any]) -> None:
    name = "train" if split == "train" else "test"
    instances = counts.get("instances", 0)
    found.instances[name] += instances
    found.chunks[name] += round(instances * counts.get("chunks_per_instance", {}).get("mean", 0))
    origins = counts.get("questions_by_origin", {})
    found.questions.update(origins)
    found.questions_by_split[name] += sum(origins.values())


def describe_yield(stage: str, source: str) -> Iterator[str]:
    """Yield the line of a stage of a source, and a line for each thing to look at."""
    found = read_yield(stage, source)
    if found is None:
        return
    parts = []
    if stage != "question":
        parts.append(
            f"{count_noun(found.instances.total(), 'instance')} ({_describe_splits(found.instances)})"
        )
        parts += _describe_chunks(found)
    if stage != "chunk":
        origins = ", ".join(f"{count:,} {origin}" for origin, count in found.questions.most_common())
        splits = f"{_describe_splits(found.questions_by_split)}; " if stage == "filter" else ""
        questions = count_noun(found.questions.total(), "question")
        parts.append(questions + (f" ({splits}{origins})" if origins else ""))
    dropped = "; ".join(_describe_rejects(found)) or "nothing"
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in found.masked.items())
    masked = f"; masked {count_noun(found.masked.total(), 'value')}: {kinds}" if kinds else ""
    yield f"{stage}@{source}: {', '.join(parts)}; dropped {dropped}{masked}"
    yield from _warn(stage, source, found)


def describe_output(stage: str, metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a stage that takes no source: what it wrote, and where. Nothing for most stages."""
    if stage == "assemble":
        instances = " and ".join(count_noun(metrics[split], f"{split} instance") for split in SPLITS)
        yield (
            f"assemble: {DATASET_DIR} has {instances}, {count_noun(metrics['questions'], 'question')}; "
            f"dropped {metrics['rejected']:,}, listed in {DATASET_DIR / REJECTS_FILE}"
        )
    if stage == "report":
        yield f"report: open {REPORT_DIR / 'index.html'} in a browser"


def _describe_splits(counts: Counter[str]) -> str:
    return f"{counts['train']:,} train, {counts['test']:,} test"


def _describe_chunks(found: StageYield) -> Iterator[str]:
    """Yield the mean number of chunks; of both splits, where it differs."""
    means = [f"{found.chunks[split] / count:.1f}" for split in SPLITS if (count := found.instances[split])]
    if means:
        yield f"{' and '.join(dict.fromkeys(means))} chunks each"


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
        yield (
            f"  warning: no question was made: the rules found no fact in the texts, or {where}.questions "
            "asks for none. A model can ask too: questions.generated"
        )
    if stage == "filter":
        checked = found.questions.total() + found.num_rejected("question")
        if checked and 100 * found.questions.total() < _MIN_KEPT_PERCENT * checked:
            yield f"  warning: under {_MIN_KEPT_PERCENT} % of the questions are kept: see {where}.checks"
        instances = found.instances.total()
        total = instances + found.num_rejected("instance")
        if 100 * instances < _MIN_KEPT_PERCENT * total:
            yield (
                f"  warning: under {_MIN_KEPT_PERCENT} % of the instances are kept: {total:,} had "
                f"{count_noun(checked, 'question')} before the checks, and each needs "
                f"{where}.checks.min_questions after them"
            )
    if stage == "chunk":
        segments = found.rejects.get("segment", Counter())
        if segments[NOT_AT_SPAN_REASON]:
            yield (
                f"  warning: {count_noun(segments[NOT_AT_SPAN_REASON], 'segment')} are not "
                f"the characters of their span: `memcurate preview {source}` shows the first"
            )
        if segments["document too short"] and not found.instances.total():
            yield (
                f"  warning: all documents are too short: lower {where}.chunking.min_chunks, or set "
                "join_documents there"
            )
