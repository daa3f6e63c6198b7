"""What became of every question, instance and segment: dropped for this reason or that, or in the dataset.

Each funnel has four levels, measured in the files, and between two of them the drops of one stage, counted
in its rejects. An instance that is dropped takes its segments along, and at assembly its questions; before
that the filter stage rejects those by themselves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.errors import MemcurateError
from pipeline.report.shapes import AskedOutline, RejectOutline, Rooms, SizedInstance
from pipeline.storage import read_rows, split_files

# The levels of each kind of funnel, and after each level but the last the stage that drops.
LEVELS = {
    "questions": ("asked", "put to the checks", "kept by the checks", "in the dataset"),
    "instances": ("cut", "put to the checks", "kept by the checks", "in the dataset"),
    "segments": ("read", "put into instances", "kept by the checks", "in the dataset"),
}
STAGES = {
    "questions": ("question", "filter", "assemble"),
    "instances": ("chunk", "filter", "assemble"),
    "segments": ("chunk", "filter", "assemble"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """So many, of which the next stage drops some."""

    name: str
    count: int
    stage: str | None  # the stage that drops; None after the last level
    drops: dict[str, int]  # by reason, most first


@dataclass(frozen=True, slots=True)
class Funnel:
    """The levels of one source's questions, instances or segments, first to last."""

    source: str
    kind: str
    levels: list[Level]

    @property
    def start(self) -> int:
        """How many there were at first."""
        return self.levels[0].count

    @property
    def end(self) -> int:
        """How many are in the dataset."""
        return self.levels[-1].count


@dataclass(frozen=True, slots=True)
class Yield:
    """What became of a source."""

    funnels: list[Funnel]  # questions, instances, segments
    refused: dict[str, int]  # records that its adapter refused, by reason


@dataclass(frozen=True, slots=True)
class Size:
    """What goes along with an instance."""

    questions: int
    segments: int


def funnel(source: str, kind: str, counts: Sequence[int], drops: Sequence[Mapping[str, int]]) -> Funnel:
    """The funnel of four measured counts and the drops of the three stages between them.

    Raises MemcurateError when a level is not what the one before and its drops leave.
    """
    stages = (*STAGES[kind], None)
    levels = [
        Level(name, count, stage, _most_first(dropped))
        for name, count, stage, dropped in zip(LEVELS[kind], counts, stages, (*drops, {}), strict=True)
    ]
    for before, after in pairwise(levels):
        dropped = sum(before.drops.values())
        if before.count - dropped != after.count:
            raise MemcurateError(
                f"{source}: of {before.count} {kind} {before.name}, {before.stage} rejected {dropped}, yet "
                f"{after.count} are {after.name}. The folders in data/ are of different builds: run "
                "`dvc repro`."
            )
    return Funnel(source, kind, levels)


def read_yields(sources: Sequence[str], rooms: Rooms) -> dict[str, Yield]:
    """What became of each source.

    Raises MemcurateError as `funnel` and `read_rows` do, and when the dataset holds another source.
    """
    finals: dict[str, Counter[str]] = {source: Counter() for source in sources}
    for path in split_files(rooms.dataset).values():
        for instance in read_rows(path, SizedInstance):
            if instance.source not in finals:
                raise MemcurateError(
                    f"{rooms.dataset} holds {instance.source}, which is not in `use`: run `dvc repro`."
                )
            size = _size(instance)
            finals[instance.source].update(instances=1, questions=size.questions, segments=size.segments)
    lost: dict[str, list[RejectOutline]] = {source: [] for source in sources}
    for reject in read_rows(rooms.dataset / "rejects.parquet", RejectOutline):
        lost[reject.source].append(reject)
    return {source: _yield_of(source, rooms, lost[source], finals[source]) for source in sources}


def _yield_of(source: str, rooms: Rooms, lost: Iterable[RejectOutline], final: Mapping[str, int]) -> Yield:
    """`lost` are the rejects of assembly, `final` what of the source is in the dataset."""
    cut = _sizes(rooms.chunks / source / "instances.parquet")
    kept = _sizes(rooms.filtered / source / "instances.parquet")
    asked = sum(1 for _ in read_rows(rooms.questions / source / "questions.parquet", AskedOutline))
    drops = {
        "chunk": _drops(read_rows(rooms.chunks / source / "rejects.parquet", RejectOutline), {}),
        "question": _drops(read_rows(rooms.questions / source / "rejects.parquet", RejectOutline), {}),
        "filter": _drops(read_rows(rooms.filtered / source / "rejects.parquet", RejectOutline), cut),
        "assemble": _drops(lost, kept),
    }
    checked = {
        "questions": (asked, sum(size.questions for size in kept.values())),
        "instances": (len(cut), len(kept)),
        "segments": tuple(sum(size.segments for size in sizes.values()) for sizes in (cut, kept)),
    }
    funnels = []
    for kind, (before, after) in checked.items():
        falls = [drops[stage][kind] for stage in STAGES[kind]]
        funnels.append(funnel(source, kind, (before + falls[0].total(), before, after, final[kind]), falls))
    return Yield(funnels, _most_first(drops["chunk"]["records"]))


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {reason: count for reason, count in ordered if count}


def _size(instance: SizedInstance) -> Size:
    return Size(len(instance.questions), sum(len(chunk.segments) for chunk in instance.chunks))


def _sizes(path: Path) -> dict[str, Size]:
    return {instance.id: _size(instance) for instance in read_rows(path, SizedInstance)}


def _drops(rejects: Iterable[RejectOutline], sizes: Mapping[str, Size]) -> dict[str, Counter[str]]:
    """Rejects by kind and reason; with an instance goes what `sizes` says of it."""
    counts: dict[str, Counter[str]] = {
        f"{kind}s": Counter() for kind in ("question", "instance", "segment", "record")
    }
    for reject in rejects:
        if reject.kind == "segment":
            counts["segments"][reject.reason] += len(reject.segments)
            continue
        counts[f"{reject.kind}s"][reject.reason] += 1
        if reject.kind == "instance":
            size = sizes.get(reject.id, Size(0, len(reject.segments)))
            counts["segments"][reject.reason] += size.segments
            counts["questions"][reject.reason] += size.questions
    return counts
