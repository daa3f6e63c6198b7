"""Read and write dataclasses as Parquet, streaming: one row group in memory at a time."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.columns import from_record_batch, to_record_batch
from pipeline.core.errors import MemcurateError
from pipeline.core.memory import return_freed_memory
from pipeline.core.parquet import ParquetReader, convert_arrow_errors
from pipeline.core.schema import (
    DRAWN_SPLITS,
    SCHEMA_VERSION,
    SPLITS,
    Split,
    arrow_schema,
    column_paths,
)

T = TypeVar("T")

_REBUILD_ADVICE = "Rebuild it with `dvc repro`."

return_freed_memory()

ROWS_PER_GROUP = 64  # an instance is 20 to 200 kB, so a group takes a few MB


def write_rows(
    path: Path, row_type: type[T], rows: Iterable[T], metadata: dict[str, str] | None = None
) -> int:
    """Write dataclasses of `row_type` as Parquet, streaming; return the number of rows.

    `metadata` goes into the file's metadata. Call this inside `atomic_folder`: the file grows in place.
    Raises MemcurateError when the file cannot be read back with all its rows.
    """
    schema = arrow_schema(row_type)
    schema = schema.with_metadata({**(schema.metadata or {}), **(metadata or {})})
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in batched_rows(rows):
            writer.write_batch(to_record_batch(group, row_type, schema))
            count += len(group)
    verify_row_count(path, count)
    return count


def batched_rows(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield the rows in lists of ROWS_PER_GROUP, the last one shorter."""
    remaining = iter(rows)
    while group := list(islice(remaining, ROWS_PER_GROUP)):
        yield group


def verify_row_count(path: Path, count: int) -> None:
    """Raise MemcurateError unless a file that was just written can be opened and holds `count` rows."""
    try:
        found = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowInvalid) as error:
        raise MemcurateError(
            f"{path}: it was written, but cannot be read ({error}): run this again"
        ) from error
    if found != count:
        raise MemcurateError(f"{path}: {count} rows were written, but {found} are there: run this again")


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata that `write_rows` put into a file, with the schema version.

    Raises MemcurateError when the file is missing, is not Parquet, or has another schema version.
    """
    with _open_verified(find_parts(path)[0], None) as file:
        return file.metadata()


@contextmanager
def _open_verified(path: Path, row_type: type | None) -> Iterator[ParquetReader]:
    """Open a file that has our schema version and the columns of `row_type` (None: any columns).

    Raises MemcurateError for other files.
    """
    with ParquetReader(path, _REBUILD_ADVICE) as file:
        version = file.metadata().get("memcurate.schema")
        if version != SCHEMA_VERSION:
            raise MemcurateError(
                f"{path}: schema version {version or 'none'}, but version {SCHEMA_VERSION} is expected. "
                "Rebuild it with `dvc repro`, migrate an older dataset with `memcurate migrate`, or check "
                "out the memcurate that wrote it."
            )
        if row_type is not None:
            _verify_columns(path, _cached_schema(row_type), file.schema)
        yield file


@cache
def _cached_schema(row_type: type) -> pa.Schema:
    return arrow_schema(row_type)


def _verify_columns(
    path: Path, expected: pa.Schema | pa.StructType, found: pa.Schema | pa.StructType, where: str = ""
) -> None:
    """Raise MemcurateError where an expected column is missing or of another type.

    `where` is the path of the structs around the columns. Further columns do not matter.
    """
    others = {field.name: field for field in found}
    for field in expected:
        name, other = f"{where}{field.name}", others.get(field.name)
        if other is None:
            raise MemcurateError(
                f"{path} has no column {name}, so it holds other rows than expected. {_REBUILD_ADVICE}"
            )
        expected_type, found_type = field.type, other.type
        if pa.types.is_list(expected_type) and pa.types.is_list(found_type):
            expected_type, found_type = expected_type.value_type, found_type.value_type
        if pa.types.is_struct(expected_type) and pa.types.is_struct(found_type):
            _verify_columns(path, expected_type, found_type, f"{name}.")
        elif expected_type != found_type or (other.nullable and not field.nullable):
            raise MemcurateError(
                f"{path}: column {name} is {_describe_type(other)}, and {_describe_type(field)} is "
                f"expected. {_REBUILD_ADVICE}"
            )


def _describe_type(field: pa.Field) -> str:
    return f"{field.type}{' or null' if field.nullable else ''}"


def _from_batches(path: Path, row_type: type[T], batches: Iterable[pa.RecordBatch]) -> Iterator[T]:
    for batch in batches:
        with convert_arrow_errors(path, _REBUILD_ADVICE):  # a string that is not UTF-8
            rows = from_record_batch(batch, row_type)
        yield from rows


def read_rows(path: Path, row_type: type[T]) -> Iterator[T]:
    """Yield the rows of a table as dataclasses of `row_type`, one row group in memory at a time.

    The table is one file, or parts of it as `find_parts` finds them.
    Only the fields of `row_type` are read: it may be a projection of the type that was written.
    Raises MemcurateError as `read_metadata` does, and when a column is missing or the file is damaged.
    """
    for part in find_parts(path):
        with _open_verified(part, row_type) as file:
            yield from _from_batches(part, row_type, file.iter_batches(column_paths(row_type)))


def read_matching_rows(path: Path, row_type: type[T], column: str, values: Collection[str]) -> Iterator[T]:
    """Yield the rows that have one of the values in a column, as `read_rows` does; no others are built."""
    value_set = pa.array(sorted(values), pa.string())
    for part in find_parts(path):
        with _open_verified(part, row_type) as file:
            for batch in file.iter_batches(column_paths(row_type)):
                matching = batch.filter(pc.is_in(batch.column(column), value_set=value_set))
                yield from _from_batches(part, row_type, [matching])


def read_parts(parts: Iterable[Path], row_type: type[T]) -> Iterator[T]:
    """Yield the rows of several files, in order, as `read_rows` does."""
    for part in parts:
        yield from read_rows(part, row_type)


def read_row(path: Path, row_type: type[T], row_id: str) -> T | None:
    """Return the row with this id, or None.

    Raises MemcurateError as `read_rows` does.
    """
    with _open_verified(path, row_type) as file:
        for group_index in range(len(file.row_group_sizes)):
            ids = _id_column(path, file.read_row_group(group_index, ["id"]))
            row_index = pc.index(ids, pa.scalar(row_id)).as_py()
            if row_index >= 0:
                row = file.read_row_group(group_index, column_paths(row_type)).slice(row_index, 1)
                return next(_from_batches(path, row_type, row.to_batches()))
    return None


def find_parts(path: Path) -> list[Path]:
    """Return the files of a table in order: `path`, or its parts `NAME-00000-of-00002.parquet` and so on.

    Raises MemcurateError, as for a missing file, where there are neither, or not all parts.
    """
    parts = [] if path.exists() else sorted(path.parent.glob(f"{path.stem}-*-of-*{path.suffix}"))
    names = [path.with_stem(f"{path.stem}-{n:05}-of-{len(parts):05}") for n in range(len(parts))]
    if parts != names:
        raise MemcurateError(f"{path}: parts are missing beside {parts[0].name}. {_REBUILD_ADVICE}")
    return parts or [path]


def has_table(path: Path) -> bool:
    """Return whether a table is there, as one file or as parts. Raises MemcurateError as `find_parts`."""
    return find_parts(path)[0].exists()


def name_parts(path: Path, count: int) -> list[Path]:
    """Return the paths of a table's `count` files: `path` itself for one, else its parts."""
    if count == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number:05}-of-{count:05}") for number in range(count)]


def row_group_sizes(path: Path) -> list[int]:
    """Return the number of rows of each row group of a file.

    Raises MemcurateError as `read_metadata` does.
    """
    with _open_verified(path, None) as file:
        return file.row_group_sizes


def count_row_groups(path: Path) -> int:
    """Return the number of row groups of a file.

    Raises MemcurateError as `read_metadata` does.
    """
    return len(row_group_sizes(path))


def read_row_group(path: Path, row_type: type[T], group_index: int) -> list[T]:
    """Read one row group, the unit that `parallel.map_shards` works on, as dataclasses of `row_type`.

    Raises MemcurateError as `read_rows` does.
    """
    group = read_columns(path, row_type, group_index, column_paths(row_type))
    return list(_from_batches(path, row_type, group.to_batches()))


def row_group_readers(path: Path, row_type: type[T]) -> list[Callable[[], list[T]]]:
    """Return for each row group a function that reads its rows. They are picklable, for worker processes."""
    return [
        partial(read_row_group, part, row_type, n)
        for part in find_parts(path)
        for n in range(count_row_groups(part))
    ]


def read_columns(path: Path, row_type: type, group_index: int, columns: Sequence[str]) -> pa.Table:
    """Read columns of one row group, by their dotted paths, from a file of `row_type`.

    All strings of the table are valid UTF-8, so its `to_pylist` cannot fail.
    Raises MemcurateError as `read_rows` does.
    """
    with _open_verified(path, row_type) as file:
        return _validate_utf8(path, file.read_row_group(group_index, columns))


def iter_row_groups(
    path: Path,
    row_type: type,
    columns: Sequence[str] | None = None,
    group_indices: Iterable[int] | None = None,
) -> Iterator[pa.Table]:
    """Yield row groups of a file of `row_type` in order, with all columns, or those with the given paths.

    `group_indices`: the row groups to read; None: all. Raises MemcurateError as `read_rows` does.
    """
    with _open_verified(path, row_type) as file:
        for group_index in range(len(file.row_group_sizes)) if group_indices is None else group_indices:
            yield _validate_utf8(path, file.read_row_group(group_index, columns))


def _id_column(path: Path, table: pa.Table) -> pa.ChunkedArray:
    with convert_arrow_errors(path, _REBUILD_ADVICE):  # raised where the rows have no id
        return table.column("id")


def _validate_utf8(path: Path, table: pa.Table) -> pa.Table:
    """Return the table, with all its strings checked. Raises MemcurateError where one is not UTF-8."""
    with convert_arrow_errors(path, _REBUILD_ADVICE):
        table.validate(full=True)
    return table


def find_split_files(dataset: Path) -> dict[Split, list[Path]]:
    """Return the files of each split; `evaluation` only where a dataset has evaluation sets.

    Raises MemcurateError as `find_parts` does, where parts are missing.
    """
    files = {split: find_parts(dataset / f"{split}.parquet") for split in SPLITS}
    return {split: paths for split, paths in files.items() if split in DRAWN_SPLITS or paths[0].exists()}


def select_split_files(names: Collection[str]) -> list[str]:
    """Return those of a dataset's file names that are of splits, in order.

    A split that every dataset has is named where its files are missing.
    """
    found: list[str] = []
    for split in SPLITS:
        of_split = select_table_files(names, split)
        found += of_split or ([f"{split}.parquet"] if split in DRAWN_SPLITS else [])
    return found


def select_table_files(names: Collection[str], table: str) -> list[str]:
    """Return those of a folder's file names that `name_parts` gives to a table, in order."""
    pattern = re.compile(rf"{re.escape(table)}(-\d+-of-\d+)?\.parquet")
    return sorted(name for name in names if pattern.fullmatch(name))


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Some rows of a row group."""

    path: Path
    group_index: int
    rows: list[int]  # their positions in the row group, ascending


def copy_rows(
    selections: Iterable[RowSelection], target: Path, row_type: type, constants: Mapping[str, str]
) -> int:
    """Copy the selected rows of files of `row_type` into one, in order; return their number.

    `constants` maps columns to the value that all copied rows get. Rows stay Arrow tables, one row group in
    memory at a time. Raises MemcurateError as `read_rows` does.
    """
    schema = arrow_schema(row_type)
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for path, of_path in groupby(selections, attrgetter("path")):
            chosen = list(of_path)
            groups = iter_row_groups(path, row_type, group_indices=[one.group_index for one in chosen])
            for one, group in zip(chosen, groups, strict=True):
                kept = group.select(schema.names).take(pa.array(one.rows, pa.int64()))
                for name, value in constants.items():
                    column_index = kept.schema.get_field_index(name)
                    kept = kept.set_column(column_index, name, pa.repeat(value, kept.num_rows))
                writer.write_table(kept.cast(schema))
                count += kept.num_rows
    verify_row_count(target, count)
    return count
