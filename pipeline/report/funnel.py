"""Funnels of questions, instances and segments: from the first stage to the dataset, with drops by reason.

Each funnel has four levels, counted in the files of the stages. Between two levels are the drops of one
stage, counted in its rejects. A dropped instance takes its segments along, and at assembly also its
questions; the filter stage rejects the questions of a dropped instance one by one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.storage import find_split_files, read_rows
from pipeline.report.projections import (
    InstanceQuestionProjection,
    InstanceSizeProjection,
    RejectProjection,
    ReportInputDirs,
)

# The levels of each kind of funnel. DROPPING_STAGES has the stage that drops after each level but the last.
LEVEL_NAMES = {
    "questions": ("created", "checked", "kept by the checks", "in the dataset"),
    "instances": ("chunked", "checked", "kept by the checks", "in the dataset"),
    "segments": ("read", "put into instances", "kept by the checks", "in the dataset"),
}
DROPPING_STAGES = {
    "questions": ("question", "filter", "assemble"),
    "instances": ("chunk", "filter", "assemble"),
    "segments": ("chunk", "filter", "assemble"),
}


@dataclass(frozen=True, slots=True)
class FunnelLevel:
    """A level of a funnel, with the drops of the stage after it."""

    name: str
    count: int
    stage: str | None  # the stage that drops; None after the last level
    drops: dict[str, int]  # by reason, the most frequent first


@dataclass(frozen=True, slots=True)
class Funnel:
    """The levels of one source's questions, instances or segments, first to last."""

    source: str
    kind: str
    levels: list[FunnelLevel]

    @property
    def start(self) -> int:
        """The number at the first level."""
        return self.levels[0].count

    @property
    def end(self) -> int:
        """The number in the dataset."""
        return self.levels[-1].count


@dataclass(frozen=True, slots=True)
class SourceYield:
    """The funnels of a source, and its rejected records."""

    funnels: list[Funnel]  # questions, instances, segments
    rejected_records: dict[str, int]  # records that its format rejected, by reason


@dataclass(frozen=True, slots=True)
class InstanceSize:
    """The numbers of an instance's questions and segments."""

    questions: int
    segments: int


def build_funnel(source: str, kind: str, counts: Sequence[int], drops: Sequence[Mapping[str, int]]) -> Funnel:
    """Build a funnel from the counts of its four levels and the drops by reason of the three stages between.

    Raises MemcurateError where a level is not the level before it less its drops.
    """
    stages = (*DROPPING_STAGES[kind], None)
    levels = [
        FunnelLevel(name, count, stage, _sort_by_count(dropped))
        for name, count, stage, dropped in zip(LEVEL_NAMES[kind], counts, stages, (*drops, {}), strict=True)
    ]
    for before, after in pairwise(levels):
        dropped = sum(before.drops.values())
        if before.count - dropped != after.count:
            raise MemcurateError(
                f"{source}: of {before.count} {kind} {before.name}, {before.stage} rejected {dropped}, so "
                f"{before.count - dropped} are expected, but {after.count} are {after.name}. The folders in "
                "data/ are of different builds: run `dvc repro`."
            )
    return Funnel(source, kind, levels)


def read_yields(sources: Sequence[str], input_dirs: ReportInputDirs) -> dict[str, SourceYield]:
    """Read the funnels of each source.

    Raises MemcurateError as `build_funnel` and `read_rows` do, and where the dataset has a source that is not
    in `sources`.
    """
    final_counts: dict[str, Counter[str]] = {source: Counter() for source in sources}
    for path in chain.from_iterable(find_split_files(input_dirs.dataset).values()):
        for instance in read_rows(path, InstanceSizeProjection):
            if instance.source not in final_counts:
                raise MemcurateError(
                    f"{input_dirs.dataset} has instances of {instance.source}, which is not in "
                    "enabled_sources: run `dvc repro`."
                )
            size = _instance_size(instance)
            final_counts[instance.source].update(
                instances=1, questions=size.questions, segments=size.segments
            )
    assembly_rejects: dict[str, list[RejectProjection]] = {source: [] for source in sources}
    for reject in read_rows(input_dirs.dataset / "rejects.parquet", RejectProjection):
        assembly_rejects[reject.source].append(reject)
    return {
        source: _build_source_yield(source, input_dirs, assembly_rejects[source], final_counts[source])
        for source in sources
    }


def _build_source_yield(
    source: str,
    input_dirs: ReportInputDirs,
    assembly_rejects: Iterable[RejectProjection],
    final_counts: Mapping[str, int],
) -> SourceYield:
    """Build the funnels of a source; `final_counts`: its numbers in the dataset, by kind."""
    chunked_sizes = _read_instance_sizes(input_dirs.chunks / source / "instances.parquet")
    kept_sizes = _read_instance_sizes(input_dirs.filtered / source / "instances.parquet")
    questions_path = input_dirs.questions / source / "questions.parquet"
    num_questions = sum(1 for _ in read_rows(questions_path, InstanceQuestionProjection))
    files = input_dirs.reject_files(source)
    drops = {
        "chunk": _count_drops(read_rows(files["chunk"], RejectProjection), {}),
        "question": _count_drops(read_rows(files["question"], RejectProjection), {}),
        "filter": _count_drops(read_rows(files["filter"], RejectProjection), chunked_sizes),
        "assemble": _count_drops(assembly_rejects, kept_sizes),
    }
    checked_and_kept = {
        "questions": (num_questions, sum(size.questions for size in kept_sizes.values())),
        "instances": (len(chunked_sizes), len(kept_sizes)),
        "segments": (
            sum(size.segments for size in chunked_sizes.values()),
            sum(size.segments for size in kept_sizes.values()),
        ),
    }
    funnels = []
    for kind, (checked, kept) in checked_and_kept.items():
        drops_by_stage = [drops[stage][kind] for stage in DROPPING_STAGES[kind]]
        counts = (checked + drops_by_stage[0].total(), checked, kept, final_counts[kind])
        funnels.append(build_funnel(source, kind, counts, drops_by_stage))
    return SourceYield(funnels, _sort_by_count(drops["chunk"]["records"]))


def _sort_by_count(counts: Mapping[str, int]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {reason: count for reason, count in ordered if count}


def _instance_size(instance: InstanceSizeProjection) -> InstanceSize:
    return InstanceSize(len(instance.questions), sum(len(chunk.segments) for chunk in instance.chunks))


def _read_instance_sizes(path: Path) -> dict[str, InstanceSize]:
    return {instance.id: _instance_size(instance) for instance in read_rows(path, InstanceSizeProjection)}


def _count_drops(
    rejects: Iterable[RejectProjection], sizes: Mapping[str, InstanceSize]
) -> dict[str, Counter[str]]:
    """Count rejects by kind and reason; a rejected instance adds its questions and segments in `sizes`."""
    counts: dict[str, Counter[str]] = {
        f"{kind}s": Counter() for kind in ("question", "instance", "segment", "record")
    }
    for reject in rejects:
        if reject.kind == "segment":
            counts["segments"][reject.reason] += len(reject.segments)
            continue
        counts[f"{reject.kind}s"][reject.reason] += 1
        if reject.kind == "instance":
            size = sizes.get(reject.id, InstanceSize(0, len(reject.segments)))
            counts["segments"][reject.reason] += size.segments
            counts["questions"][reject.reason] += size.questions
    return counts
