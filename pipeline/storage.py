"""Parquet in and out, streaming: one row group in memory at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import MemcurateError
from pipeline.parquet import ParquetReader, readable
from pipeline.schema import SCHEMA_VERSION, SIDES, SPLITS, Split, arrow_schema, column_paths, from_row, to_row

T = TypeVar("T")

_REBUILD = "Rebuild it with `dvc repro`."

ROWS_PER_GROUP = 64  # an instance is 20 to 200 kB, so a group is read in a few MB


def write_rows(path: Path, shape: type[T], rows: Iterable[T], about: dict[str, str] | None = None) -> int:
    """Write dataclasses of `shape` as Parquet, streaming; return how many there were.

    `about` goes into the file's metadata. Call it inside `folders.whole_folder`: the file grows in place.
    """
    schema = arrow_schema(shape)
    schema = schema.with_metadata({**(schema.metadata or {}), **(about or {})})
    count = 0
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := [to_row(row) for row in islice(remaining, ROWS_PER_GROUP)]:
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=schema))
            count += len(group)
    _verify(path, count)
    return count


def _verify(path: Path, count: int) -> None:
    """Raise MemcurateError unless a file that was just written can be opened and holds `count` rows."""
    try:
        found = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowInvalid) as error:
        raise MemcurateError(
            f"{path}: it was written, and cannot be read ({error}): run this again"
        ) from error
    if found != count:
        raise MemcurateError(f"{path}: {count} rows were written, and {found} are there: run this again")


def read_about(path: Path) -> dict[str, str]:
    """The metadata that `write_rows` put into the file.

    Raises MemcurateError when the file is missing, is not Parquet, or has another schema version.
    """
    with _opened(path, None) as file:
        return file.metadata()


@contextmanager
def _opened(path: Path, shape: type | None) -> Iterator[ParquetReader]:
    """A file of our schema version that has the columns of `shape`. Raises MemcurateError for others."""
    with ParquetReader(path, _REBUILD) as file:
        version = file.metadata().get("memcurate.schema")
        if version != SCHEMA_VERSION:
            raise MemcurateError(
                f"{path}: schema version {version or 'none'}, this memcurate reads version {SCHEMA_VERSION}. "
                "Rebuild it with `dvc repro`, or check out the memcurate that wrote it."
            )
        if shape is not None:
            _verify_columns(path, _schema(shape), file.schema)
        yield file


@cache
def _schema(shape: type) -> pa.Schema:
    return arrow_schema(shape)


def _verify_columns(
    path: Path, wanted: pa.Schema | pa.StructType, found: pa.Schema | pa.StructType, where: str = ""
) -> None:
    """Raises MemcurateError when a column is missing or of another type. What else is there does not
    matter.
    """
    others = {field.name: field for field in found}
    for field in wanted:
        name, other = f"{where}{field.name}", others.get(field.name)
        if other is None:
            raise MemcurateError(f"{path} has no column {name}, so that it is another file. {_REBUILD}")
        one, two, name = field.type, other.type, f"{name}."
        if pa.types.is_list(one) and pa.types.is_list(two):
            one, two = one.value_type, two.value_type
        if pa.types.is_struct(one) and pa.types.is_struct(two):
            _verify_columns(path, one, two, name)
        elif one != two or (other.nullable and not field.nullable):
            raise MemcurateError(
                f"{path}: column {name[:-1]} is {_told(other)}, and {_told(field)} is expected. {_REBUILD}"
            )


def _told(field: pa.Field) -> str:
    return f"{field.type}{' or null' if field.nullable else ''}"


def _dicts(path: Path, table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    with readable(path, _REBUILD):  # a string that is not UTF-8
        rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def read_rows(path: Path, shape: type[T]) -> Iterator[T]:
    """The dataclasses of `shape` in a file, one row group in memory at a time.

    Only the fields of `shape` are read: it may be an outline of the shape that was written.
    Raises MemcurateError as `read_about` does, and when the file has other columns or is damaged.
    """
    with _opened(path, shape) as file:
        for batch in file.batches(column_paths(shape)):
            for row in _dicts(path, batch):
                yield from_row(shape, row)


def read_row(path: Path, shape: type[T], identity: str) -> T | None:
    """The row with this id, or None.

    Raises MemcurateError as `read_rows` does.
    """
    with _opened(path, shape) as file:
        for number in range(len(file.group_sizes)):
            ids = _ids(path, file.group(number, ["id"]))
            place = pc.index(ids, pa.scalar(identity)).as_py()
            if place >= 0:
                row = file.group(number, column_paths(shape)).slice(place, 1)
                return from_row(shape, _dicts(path, row)[0])
    return None


def count_groups(path: Path) -> int:
    """How many row groups a file has.

    Raises MemcurateError as `read_about` does.
    """
    with _opened(path, None) as file:
        return len(file.group_sizes)


def read_group(path: Path, shape: type[T], number: int) -> list[T]:
    """The dataclasses of `shape` in row group `number` of a file: a shard of its rows.

    Raises MemcurateError as `read_rows` does.
    """
    rows = read_columns(path, shape, number, column_paths(shape)).to_pylist()
    return [from_row(shape, row) for row in rows]


def read_columns(path: Path, shape: type, number: int, columns: Sequence[str]) -> pa.Table:
    """Some columns, by their paths, of row group `number` of a file of `shape`. `to_pylist` of it is safe.

    Raises MemcurateError as `read_rows` does.
    """
    with _opened(path, shape) as file:
        return _of_text(path, file.group(number, columns))


def column_groups(path: Path, shape: type, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The row groups of a file of `shape`, in order: all columns, or some by their paths.

    Raises MemcurateError as `read_rows` does.
    """
    with _opened(path, shape) as file:
        for number in range(len(file.group_sizes)):
            yield _of_text(path, file.group(number, columns))


def _ids(path: Path, table: pa.Table) -> pa.ChunkedArray:
    with readable(path, _REBUILD):  # such as answers, which have none
        return table.column("id")


def _of_text(path: Path, table: pa.Table) -> pa.Table:
    """The table, all of whose strings are UTF-8."""
    with readable(path, _REBUILD):
        table.validate(full=True)
    return table


def split_files(dataset: Path) -> dict[Split, Path]:
    """Where a dataset's splits lie; a dataset without evaluation sets has no file of them."""
    files = {split: dataset / f"{split}.parquet" for split in SPLITS}
    return {split: path for split, path in files.items() if split in SIDES or path.exists()}


def copy_rows(
    sources: Iterable[Path], target: Path, shape: type, ids: set[str], same: Mapping[str, str]
) -> int:
    """Write the rows with these ids out of files of `shape` into one, in order; return how many.

    `same`: values of columns that all of them get. Rows pass through as Arrow tables, one row group in
    memory at a time. Raises MemcurateError as `read_rows` does.
    """
    schema = arrow_schema(shape)
    wanted = pa.array(sorted(ids), pa.string())
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for source in sources:
            for group in column_groups(source, shape):
                kept = group.select(schema.names).filter(pc.is_in(_ids(source, group), value_set=wanted))
                for name, value in same.items():
                    place = kept.schema.get_field_index(name)
                    kept = kept.set_column(place, name, pa.repeat(value, kept.num_rows))
                if kept.num_rows:
                    writer.write_table(kept.cast(schema))
                    count += kept.num_rows
    _verify(target, count)
    return count
