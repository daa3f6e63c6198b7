"""Parquet in and out, streaming: one row group in memory at a time."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import MemcurateError
from pipeline.schema import SCHEMA_VERSION, SIDES, SPLITS, Split, arrow_schema, column_paths, from_row, to_row

T = TypeVar("T")

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
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error
    about = {key.decode(): value.decode() for key, value in metadata.items()}
    version = about.get("memcurate.schema")
    if version != SCHEMA_VERSION:
        raise MemcurateError(
            f"{path}: schema version {version or 'none'}, this memcurate reads version {SCHEMA_VERSION}. "
            "Rebuild it with `dvc repro`, or check out the memcurate that wrote it."
        )
    return about


def _unreadable(path: Path, error: Exception) -> MemcurateError:
    return MemcurateError(f"{path}: cannot be read as Parquet ({error}). Rebuild it with `dvc repro`.")


def read_rows(path: Path, shape: type[T]) -> Iterator[T]:
    """The dataclasses of `shape` in a file, one row group in memory at a time.

    Only the fields of `shape` are read: it may be an outline of the shape that was written.
    Raises MemcurateError as `read_about` does.
    """
    read_about(path)
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_PER_GROUP, columns=column_paths(shape)):
                for row in batch.to_pylist():
                    yield from_row(shape, row)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error


def read_row(path: Path, shape: type[T], identity: str) -> T | None:
    """The row with this id, or None.

    Raises MemcurateError as `read_about` does.
    """
    read_about(path)
    rows = pq.read_table(path, filters=[("id", "==", identity)]).to_pylist()
    return from_row(shape, rows[0]) if rows else None


def count_groups(path: Path) -> int:
    """How many row groups a file has.

    Raises MemcurateError as `read_about` does.
    """
    read_about(path)
    return int(pq.read_metadata(path).num_row_groups)


def read_group(path: Path, shape: type[T], number: int) -> list[T]:
    """The dataclasses of `shape` in row group `number` of a file: a shard of its rows."""
    with pq.ParquetFile(path) as file:
        table = file.read_row_group(number, columns=column_paths(shape))
    return [from_row(shape, row) for row in table.to_pylist()]


def split_files(dataset: Path) -> dict[Split, Path]:
    """Where a dataset's splits lie; a dataset without evaluation sets has no file of them."""
    files = {split: dataset / f"{split}.parquet" for split in SPLITS}
    return {split: path for split, path in files.items() if split in SIDES or path.exists()}


def copy_rows(
    sources: Iterable[Path], target: Path, shape: type, ids: set[str], same: Mapping[str, str]
) -> int:
    """Write the rows with these ids out of files of `shape` into one, in order; return how many.

    `same`: values of columns that all of them get. Rows pass through as Arrow batches, one row group in
    memory at a time.
    """
    schema = arrow_schema(shape)
    wanted = pa.array(sorted(ids), pa.string())
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for source in sources:
            with pq.ParquetFile(source) as file:
                for batch in file.iter_batches(batch_size=ROWS_PER_GROUP):
                    kept = batch.filter(pc.is_in(batch.column("id"), value_set=wanted))
                    for name, value in same.items():
                        place = kept.schema.get_field_index(name)
                        kept = kept.set_column(place, name, pa.repeat(value, kept.num_rows))
                    if kept.num_rows:
                        writer.write_batch(kept.cast(schema))
                        count += kept.num_rows
    _verify(target, count)
    return count
