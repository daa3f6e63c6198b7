"""The comparison of two versions: per source what differs, why, and a few of the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.comparing.causes import Causes, add_checks, causes
from pipeline.comparing.counting import Counts, Moved, counts, join_sides, moved_figures
from pipeline.comparing.sampling import Sample, Sampler
from pipeline.comparing.tables import KINDS, SIDES, Kind, Side, connect, read_side
from pipeline.errors import MemcurateError


class Version(Protocol):
    """What is compared: the dataset and the rejects as they were once."""

    @property
    def name(self) -> str:
        """As the user calls it."""

    @property
    def lock(self) -> Mapping[str, Any]:
        """Its dvc.lock."""

    def dataset(self) -> list[Path]:
        """train.parquet and test.parquet."""

    def rejects(self) -> list[Path]:
        """The files of rejects, of all stages and sources, that can be had."""

    def raw(self, source: str) -> Mapping[str, str]:
        """Hashes of a source's raw files, by path below data/raw/<source>; none where that is not known."""


@dataclass(frozen=True, slots=True)
class SourceDiff:
    """What differs of a source."""

    source: str
    rows: dict[Kind, Counts]
    causes: Causes
    figures: list[Moved]
    samples: list[Sample]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked at; None: everything."""

    source: str | None = None
    split: str | None = None
    kind: Kind | None = None
    samples: int = 3  # of each kind and of each thing that can become of a row


def compare(old: Version, new: Version, wanted: Wanted) -> list[SourceDiff]:
    """The sources of which any row differs, by name.

    Raises MemcurateError that names the version whose files cannot be read.
    """
    database = connect()
    files: dict[Side, Callable[[Kind], Sequence[Path]]] = {}
    for side, version in zip(SIDES, (old, new), strict=True):
        dataset, rejects = version.dataset(), version.rejects()
        try:
            read_side(database, side, dataset, rejects)
        except MemcurateError as error:
            raise MemcurateError(f"version {version.name}: {error}") from error
        files[side] = _files(dataset, rejects)
    kinds = (wanted.kind,) if wanted.kind else KINDS
    join_sides(database, KINDS, wanted.split, wanted.source)
    counted = {kind: counts(database, kind) for kind in kinds}
    differing = sorted({source for of in counted.values() for source, one in of.items() if one.differ})
    why = {
        source: causes(source, (old.lock, new.lock), (old.raw(source), new.raw(source)))
        for source in differing
    }
    for kind in ("instances", "questions"):
        add_checks(database, kind, why)
    figures = moved_figures(database)
    sampler = Sampler(database, files)
    return [
        SourceDiff(
            source,
            {kind: counted[kind][source] for kind in kinds if source in counted[kind]},
            why[source],
            [one for one in figures.get(source, []) if wanted.split in (None, one.split)],
            [one for kind in kinds for one in sampler.samples(source, kind, wanted.samples)],
        )
        for source in differing
    ]


def _files(dataset: Sequence[Path], rejects: Sequence[Path]) -> Callable[[Kind], Sequence[Path]]:
    return lambda kind: rejects if kind == "rejects" else dataset
