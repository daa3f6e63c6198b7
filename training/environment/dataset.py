"""The instances of a dataset's split: only ids stay in memory, and the row group that was read last."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, overload

import pyarrow as pa

from pipeline.core.columns import from_record_batch
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import SPLITS, Split, column_paths
from pipeline.core.storage import find_parts, has_table, iter_row_groups, read_columns
from training.memory.schema import EpisodeInput


class _Position(NamedTuple):
    path: Path
    group_index: int
    row: int


class InstanceTable(Sequence[EpisodeInput]):
    """The instances of a split, in the order of its files. An instance is read when it is asked for.

    Several environments may share a table, also in several threads.
    """

    def __init__(self, dataset: Path, split: Split, sources: Collection[str] | None = None) -> None:
        """Read the ids of a split below the folder `dataset`, of `sources` alone where they are given.

        Raises MemcurateError where the folder has no such split, or a file or column is missing or damaged,
        and where no instance is of the sources.
        """
        self.ids: list[str] = []
        self._positions: list[_Position] = []
        self._group: tuple[Path, int, pa.Table] | None = None
        num_by_source: Counter[str] = Counter()
        for part in _find_files(dataset, split):
            for group_index, group in enumerate(iter_row_groups(part, EpisodeInput, ["id", "source"])):
                names = zip(group["id"].to_pylist(), group["source"].to_pylist(), strict=True)
                for row, (instance_id, source) in enumerate(names):
                    num_by_source[source] += 1
                    if sources is None or source in sources:
                        self.ids.append(instance_id)
                        self._positions.append(_Position(part, group_index, row))
        unknown = sorted(set(sources or ()) - num_by_source.keys())
        if unknown or not self.ids:
            found = ", ".join(f"{name} ({count})" for name, count in sorted(num_by_source.items()))
            raise MemcurateError(
                f"{dataset}: the split {split} has no instance of {', '.join(unknown) or 'any source'}; "
                f"it has {found or 'none'}"
            )

    @cached_property
    def indices(self) -> Mapping[str, int]:
        """The index of each instance by its id."""
        return {instance_id: index for index, instance_id in enumerate(self.ids)}

    def __len__(self) -> int:
        """Return the number of instances."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> EpisodeInput: ...
    @overload
    def __getitem__(self, index: slice) -> list[EpisodeInput]: ...
    def __getitem__(self, index: int | slice) -> EpisodeInput | list[EpisodeInput]:
        """Read an instance, or a list of them for a slice.

        Raises IndexError, and MemcurateError where the file is damaged.
        """
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        path, group_index, row = self._positions[index]
        (batch,) = self._read_group(path, group_index).slice(row, 1).to_batches()
        return next(iter(from_record_batch(batch, EpisodeInput)))

    def _read_group(self, path: Path, group_index: int) -> pa.Table:
        """Return the columns of a row group; the last one is kept, since tasks are often read in order."""
        group = self._group  # another thread may replace it
        if group is None or group[:2] != (path, group_index):
            table = read_columns(path, EpisodeInput, group_index, column_paths(EpisodeInput))
            self._group = group = (path, group_index, table.combine_chunks())
        return group[2]


def _find_files(dataset: Path, split: str) -> list[Path]:
    found = [name for name in SPLITS if has_table(dataset / f"{name}.parquet")]
    if split not in found:
        raise MemcurateError(
            f"{dataset} has no split {split!r}; it has {', '.join(found) or 'none'}. Give the folder of a "
            "dataset, which holds train.parquet, such as data/dataset."
        )
    return find_parts(dataset / f"{split}.parquet")
