"""Make the files of a stage's output of the parts that its tasks wrote.

A table of the output is one file while it is small, else files that are named as the hub names them. The
first files of all tables are made of the same tasks, and so are the second ones, and all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from pipeline.core.parallel import map_shards
from pipeline.core.parts import PART_SUFFIX, read_part_table, write_sorted
from pipeline.core.remote import AnyPath
from pipeline.core.schema import InstanceSizes, RejectSummary
from pipeline.core.statistics import InstanceStats, RejectStats
from pipeline.core.storage import name_parts, read_rows

INSTANCES = "instances"
REJECTS = "rejects"


@dataclass(frozen=True, slots=True)
class Table:
    """The type of a table's rows, and the columns that each of its files is sorted by; none: in order."""

    row_type: type
    sort_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The parts that one file of each table is made of."""

    folders: Sequence[AnyPath]
    splits: Sequence[str] = field(default=())  # of the instances, in order; empty: as in the parts


@dataclass(frozen=True, slots=True)
class _FileTask:
    group: FileGroup
    tables: Mapping[str, Table]
    metadata: Mapping[str, str]
    folder: Path
    index: int
    num_files: int


def write_output_files(
    folder: Path, tables: Mapping[str, Table], groups: Sequence[FileGroup], metadata: Mapping[str, str]
) -> tuple[InstanceStats, RejectStats]:
    """Write the files of all tables into `folder`, in worker processes.

    `metadata` goes into the metadata of the instances' files. Returns the statistics of the tables
    `instances` and `rejects`, as they were written; empty where a table is not there.
    """
    tasks = [
        _FileTask(group, tables, metadata, folder, index, len(groups)) for index, group in enumerate(groups)
    ]
    stats, rejects = InstanceStats(), RejectStats()
    for of_instances, of_rejects in map_shards(_write_files, tasks, "files"):
        stats.merge(of_instances)
        rejects.merge(of_rejects)
    return stats, rejects


def _write_files(task: _FileTask) -> tuple[InstanceStats, RejectStats]:
    stats, rejects = InstanceStats(), RejectStats()
    for name, table in task.tables.items():
        rows = read_part_table([part / f"{name}{PART_SUFFIX}" for part in task.group.folders], table.row_type)
        if name == INSTANCES and task.group.splits:
            index = rows.schema.get_field_index("split")
            rows = rows.set_column(index, rows.schema.field(index), pa.array(task.group.splits, pa.string()))
        path = name_parts(task.folder / f"{name}.parquet", task.num_files)[task.index]
        write_sorted(path, rows, table.sort_by, task.metadata if name == INSTANCES else {})
        del rows  # before the next table is read
        if name == INSTANCES:
            for sizes in read_rows(path, InstanceSizes):
                stats.add(sizes)
        elif name == REJECTS:
            rejects = RejectStats(read_rows(path, RejectSummary))
    return stats, rejects
