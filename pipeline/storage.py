"""Files that are whole or not there: folders written aside and moved into place, Parquet in row groups."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import MemcurateError
from pipeline.schema import SCHEMA_VERSION, arrow_schema, from_row, to_row

T = TypeVar("T")

ROWS_PER_GROUP = 64  # an instance is 20 to 200 kB, so a group is read in a few MB


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `target` only when the block ends without an error.

    What a killed run left aside is removed first. `target` itself, when it exists, is replaced.
    The folder aside is `.partial/<target>` beside `target`'s own parent, never inside it, because
    the parent may itself be the dependency of a stage.
    """
    aside = target.parent.parent / ".partial" / target.parent.name / target.name
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people read and git compares: sorted keys, two spaces, a final newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(path)


def write_rows(path: Path, shape: type[T], rows: Iterable[T], about: dict[str, str] | None = None) -> int:
    """Write dataclasses of `shape` as Parquet, streaming; return how many there were.

    `about` goes into the file's metadata. Call it inside `whole_folder`: the file grows in place.
    """
    schema = arrow_schema(shape)
    schema = schema.with_metadata({**(schema.metadata or {}), **(about or {})})
    count = 0
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := [to_row(row) for row in islice(remaining, ROWS_PER_GROUP)]:
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=schema))
            count += len(group)
    return count


def read_about(path: Path) -> dict[str, str]:
    """The metadata that `write_rows` put into the file.

    Raises MemcurateError when the file is missing, is not Parquet, or has another schema version.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise MemcurateError(
            f"{path}: cannot be read as Parquet ({error}). Rebuild it with `dvc repro`."
        ) from error
    about = {key.decode(): value.decode() for key, value in metadata.items()}
    version = about.get("memcurate.schema")
    if version != SCHEMA_VERSION:
        raise MemcurateError(
            f"{path}: schema version {version or 'none'}, this memcurate reads version {SCHEMA_VERSION}. "
            "Rebuild it with `dvc repro`, or check out the memcurate that wrote it."
        )
    return about


def read_rows(path: Path, shape: type[T]) -> Iterator[T]:
    """The dataclasses that `write_rows` wrote, one row group in memory at a time.

    Raises MemcurateError as `read_about` does.
    """
    read_about(path)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP):
            for row in batch.to_pylist():
                yield from_row(shape, row)
