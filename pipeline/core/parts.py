"""Parts: what one task of a stage writes, until the files of the stage are made of them.

A part is an Arrow file of rows of `schema.py`. A file of a stage is made of the parts of one or several
tasks, in order, or sorted by the columns that the file is sorted by.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.columns import from_record_batch, to_record_batch
from pipeline.core.remote import AnyPath, RemotePath
from pipeline.core.schema import arrow_schema
from pipeline.core.storage import ROWS_PER_GROUP, batched_rows, verify_row_count

T = TypeVar("T")
Indices: TypeAlias = npt.NDArray[np.int64]

PART_SUFFIX = ".arrow"


def write_part(path: Path, row_type: type, rows: Iterable[object]) -> int:
    """Write dataclasses of `row_type` as a part, streaming; return the number of rows."""
    schema = arrow_schema(row_type)
    count = 0
    with _new_part(path, schema) as writer:
        for group in batched_rows(rows):
            writer.write_batch(to_record_batch(group, row_type, schema))
            count += len(group)
    return count


def write_table_part(path: Path, row_type: type, table: pa.Table) -> None:
    """Write a table with the columns of `row_type` as a part."""
    schema = arrow_schema(row_type)
    with _new_part(path, schema) as writer:
        writer.write_table(table.select(schema.names).cast(schema))


def _new_part(path: Path, schema: pa.Schema) -> pa.RecordBatchFileWriter:
    return pa.ipc.new_file(path, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))


def read_part_table(paths: Sequence[AnyPath], row_type: type) -> pa.Table:
    """Read parts into one table, in order."""
    schema = arrow_schema(row_type)
    tables = [_read_part(path) for path in paths]
    return pa.concat_tables([schema.empty_table(), *tables])


def read_part_rows(folders: Sequence[AnyPath], name: str, row_type: type[T]) -> list[T]:
    """Return the rows of the parts of a table in some tasks' folders, in order."""
    table = read_part_table([folder / f"{name}{PART_SUFFIX}" for folder in folders], row_type)
    return [row for batch in table.to_batches() for row in from_record_batch(batch, row_type)]


def _read_part(path: AnyPath) -> pa.Table:
    with pa.BufferReader(path.read_bytes()) if isinstance(path, RemotePath) else pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def write_sorted(path: Path, table: pa.Table, sort_by: Sequence[str], metadata: Mapping[str, str]) -> int:
    """Write a table as a file that `storage.read_rows` reads, sorted by columns; return the number of rows.

    `sort_by`: names of columns, or dotted paths of fields in struct columns; empty: in order.
    `metadata` goes into the file's metadata, beside that of the table's schema.
    """
    schema = table.schema.with_metadata({**(table.schema.metadata or {}), **metadata})
    order = _sort_indices(table, sort_by) if sort_by else np.arange(table.num_rows)
    batches = table.to_batches()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, table.num_rows, ROWS_PER_GROUP):
            group = _take_rows(batches, order[start : start + ROWS_PER_GROUP])
            writer.write_table(group.cast(schema), row_group_size=ROWS_PER_GROUP)
    verify_row_count(path, table.num_rows)
    return int(table.num_rows)


def _take_rows(batches: Sequence[pa.RecordBatch], rows: Indices) -> pa.Table:
    """Return rows by their numbers over all batches, in order, without a copy of the whole table."""
    ends = np.cumsum([batch.num_rows for batch in batches])
    owners = np.searchsorted(ends, rows, side="right")
    by_owner = np.argsort(owners, kind="stable")
    taken = []
    for owner in np.unique(owners):
        first = ends[owner] - batches[owner].num_rows
        taken.append(batches[owner].take(pa.array(rows[owners == owner] - first)))
    return pa.Table.from_batches(taken).combine_chunks().take(pa.array(np.argsort(by_owner)))


def _sort_indices(table: pa.Table, sort_by: Sequence[str]) -> Indices:
    """Return the order of the rows: equal ones stay as they are, and strings compare by code points."""
    columns = {name: _nested_column(table, name).to_pylist() for name in sort_by}
    keys = list(zip(*columns.values(), strict=True))
    return np.array(sorted(range(table.num_rows), key=keys.__getitem__), np.int64)


def _nested_column(table: pa.Table, path: str) -> pa.ChunkedArray:
    name, *parts = path.split(".")
    column = table.column(name)
    for part in parts:
        column = pa.chunked_array(
            [chunk.field(part) for chunk in column.chunks], type=column.type.field(part).type
        )
    return column


def iter_groups(sizes: Sequence[int], limit: int) -> Iterator[range]:
    """Yield ranges of consecutive items whose sizes sum up to at least `limit`, but for the last range."""
    start = total = 0
    for index, size in enumerate(sizes):
        total += size
        if total >= limit:
            yield range(start, index + 1)
            start, total = index + 1, 0
    if start < len(sizes):
        yield range(start, len(sizes))
