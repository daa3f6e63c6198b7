"""Write the splits: one file each while small, else parts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.core.parallel import map_shards
from pipeline.core.schema import Instance, InstanceSizes, Split
from pipeline.core.statistics import InstanceStats
from pipeline.core.storage import RowSelection, copy_rows, name_parts, read_rows, row_group_sizes

_MAX_PART_BYTES = 32 << 20

_StatsBySource = dict[str, InstanceStats]


def write_splits(
    inputs: Sequence[Path], numbers: Mapping[Split, Sequence[int]], folder: Path
) -> _StatsBySource:
    """Write the instances of each split, by numbers over all inputs; return the statistics of each source."""
    jobs = []
    for split, of_split in numbers.items():
        parts = plan_parts(inputs, of_split)
        names = name_parts(folder / f"{split}.parquet", len(parts))
        jobs += [(part, name, split) for part, name in zip(parts, names, strict=True)]
    stats: _StatsBySource = defaultdict(InstanceStats)
    for of_part in map_shards(_write_part, jobs, "files"):
        for source, counted in of_part.items():
            stats[source].merge(counted)
    return stats


def plan_parts(inputs: Sequence[Path], numbers: Sequence[int]) -> list[list[RowSelection]]:
    """Divide instances, by their ascending numbers, into parts of some 32 MB, by the sizes of the inputs."""
    parts: list[list[RowSelection]] = []
    first, position, part_bytes = 0, 0, 0.0
    for path in inputs:
        sizes = row_group_sizes(path)
        bytes_per_row = path.stat().st_size / max(1, sum(sizes))
        for group_index, size in enumerate(sizes):
            rows = []
            while position < len(numbers) and numbers[position] < first + size:
                rows.append(numbers[position] - first)
                position += 1
            first += size
            if not rows:
                continue
            if not parts or part_bytes >= _MAX_PART_BYTES:
                parts.append([])
                part_bytes = 0
            parts[-1].append(RowSelection(path, group_index, rows))
            part_bytes += len(rows) * bytes_per_row
    return parts


def _write_part(job: tuple[list[RowSelection], Path, Split]) -> _StatsBySource:
    """Write a part; return the statistics of its instances, as written, by source."""
    selections, path, split = job
    copy_rows(selections, path, Instance, {"split": split})
    stats: _StatsBySource = {}
    for sizes in read_rows(path, InstanceSizes):
        stats.setdefault(sizes.source, InstanceStats()).add(sizes)
    return stats
