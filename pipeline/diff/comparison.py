"""Compares two versions of the dataset: the differences of each source, their causes, and sample rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.core.errors import MemcurateError
from pipeline.diff.causes import Causes, add_reject_causes, find_causes
from pipeline.diff.counts import RowCounts, StatisticChange, changed_statistics, count_rows, join_versions
from pipeline.diff.row_samples import RowSample, RowSampler
from pipeline.diff.row_tables import ROW_KINDS, VERSION_ROLES, RowKind, VersionRole, connect, load_version


class Version(Protocol):
    """A version of the dataset and of its rejects."""

    @property
    def name(self) -> str:
        """The name by which the user calls it."""

    @property
    def dvc_lock(self) -> Mapping[str, Any]:
        """Its parsed dvc.lock."""

    def dataset_files(self) -> list[Path]:
        """Return the Parquet files of its splits: train, test, and evaluation where it has one."""

    def reject_files(self) -> list[Path]:
        """Return the available files of rejects, of all stages and sources."""

    def raw_hashes(self, source: str) -> Mapping[str, str]:
        """Return hashes of a source's raw files, by path below data/raw/<source>; empty where unknown."""


@dataclass(frozen=True, slots=True)
class SourceDiff:
    """The differences of one source."""

    source: str
    rows: dict[RowKind, RowCounts]
    causes: Causes
    statistics: list[StatisticChange]
    samples: list[RowSample]


@dataclass(frozen=True, slots=True)
class DiffFilter:
    """The part of the dataset to compare; None: all of it."""

    source: str | None = None
    split: str | None = None
    kind: RowKind | None = None
    max_samples: int = 3  # sampled rows of each kind and change type


def compare(old: Version, new: Version, diff_filter: DiffFilter) -> list[SourceDiff]:
    """Compare two versions; return the sources with any difference, sorted by name.

    Raises MemcurateError that names the version whose files cannot be read.
    """
    database = connect()
    files: dict[VersionRole, Callable[[RowKind], Sequence[Path]]] = {}
    for role, version in zip(VERSION_ROLES, (old, new), strict=True):
        dataset, rejects = version.dataset_files(), version.reject_files()
        try:
            load_version(database, role, dataset, rejects)
        except MemcurateError as error:
            raise MemcurateError(f"version {version.name}: {error}") from error
        files[role] = _select_files(dataset, rejects)
    kinds = (diff_filter.kind,) if diff_filter.kind else ROW_KINDS
    join_versions(database, ROW_KINDS, diff_filter.split, diff_filter.source)
    counts_by_kind = {kind: count_rows(database, kind) for kind in kinds}
    differing = sorted(
        {
            source
            for counts_by_source in counts_by_kind.values()
            for source, counts in counts_by_source.items()
            if counts.has_differences
        }
    )
    causes_by_source = {
        source: find_causes(
            source, (old.dvc_lock, new.dvc_lock), (old.raw_hashes(source), new.raw_hashes(source))
        )
        for source in differing
    }
    for kind in ("instances", "questions"):
        add_reject_causes(database, kind, causes_by_source)
    statistics = changed_statistics(database)
    sampler = RowSampler(database, files)
    return [
        SourceDiff(
            source,
            {kind: counts_by_kind[kind][source] for kind in kinds if source in counts_by_kind[kind]},
            causes_by_source[source],
            [one for one in statistics.get(source, []) if diff_filter.split in (None, one.split)],
            [one for kind in kinds for one in sampler.sample_rows(source, kind, diff_filter.max_samples)],
        )
        for source in differing
    ]


def _select_files(dataset: Sequence[Path], rejects: Sequence[Path]) -> Callable[[RowKind], Sequence[Path]]:
    return lambda kind: rejects if kind == "rejects" else dataset
