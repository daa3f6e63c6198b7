"""Read the records of data files one by one: JSONL, JSON, CSV, TSV and Parquet.

A record that cannot be read is a reject, and the rest of its file goes on.
"""

import json
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import DuplicateKeyObject, InvalidJsonError, load_json_with_duplicates
from pipeline.core.schema import Reject, Span
from pipeline.core.unicode import is_well_formed, to_well_formed
from pipeline.sources.io import json_pointer, make_record_reject, read_data_file
from pipeline.sources.parquet_rows import ParquetRows
from pipeline.sources.shards import FilePart, RawShard

DATA_SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RawRecord(NamedTuple):
    """A record of a data file: its file, the keys that lead to it, and its value."""

    file: str
    path: tuple[str | int, ...]
    value: Any

    @property
    def name(self) -> str:
        """A name that no other record of the source has: its file and the keys that lead to it."""
        return "/".join(map(str, (self.file, *self.path)))

    def span(self, *keys: str | int) -> Span:
        """Return the empty span at a value of the record."""
        return Span(self.file, json_pointer(*self.path, *keys), 0, 0)


def iter_records(shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[RawRecord]:
    """Yield the records of a shard that are objects or lists.

    Others, and files that cannot be read, are appended to `rejects`.
    """
    for part in shard.parts:
        try:
            for path, value in _iter_values(shard.raw_dir / part.path, part):
                record = RawRecord(part.path, path, value)
                problem = _find_problem(value)
                if problem is None:
                    yield record
                elif problem:
                    rejects.append(make_record_reject(source, "malformed record", problem, record.span()))
        except MemcurateError as error:
            span = Span(part.path, "", 0, 0)
            rejects.append(make_record_reject(source, "unreadable file", str(error), span))


def iter_record_pointers(shard: RawShard) -> Iterator[str]:
    """Yield the JSON pointer of each record of a shard, rejected or not; of blank lines too.

    Raises MemcurateError where a file cannot be read.
    """
    for part in shard.parts:
        for path, _ in _iter_values(shard.raw_dir / part.path, part):
            yield json_pointer(*path)


def _find_problem(value: Any) -> str | None:
    """Return why a value cannot be a record; "" for a blank line; None for a record."""
    if value is None:
        return ""
    if isinstance(value, _Unreadable):
        return value.problem
    if isinstance(value, DuplicateKeyObject):
        return f"the key {value.duplicate_keys[0]!r} stands twice"
    if not isinstance(value, dict | list):
        return f"an object is expected, not {to_well_formed(str(value)[:80])!r}"
    cells = value.items() if isinstance(value, dict) else ()
    damaged = [name for name, cell in cells if isinstance(cell, str) and not is_well_formed(cell)]
    return f"its column {damaged[0]} is not UTF-8" if damaged else None


class _Unreadable(NamedTuple):
    """A line that is not JSON in UTF-8."""

    problem: str


def _iter_values(path: Path, part: FilePart) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield (keys, value) of each record. Raises MemcurateError where the file cannot be read."""
    suffix = path.suffix.lower()
    if suffix == ".jsonl" and b"\n" in _read_start(path):
        for number, line in enumerate(_iter_lines(path, part), part.first_record):
            yield (number,), _parse_line(line, number + 1)
        return
    if suffix == ".parquet":
        rows = ParquetRows(path).iter_row_groups(part.start, part.end)
        yield from (((number,), row) for number, row in enumerate(rows, part.first_record))
        return
    values = read_data_file(path, is_lenient=True)
    if suffix in (".csv", ".tsv"):
        values = [row or None for row in values]  # an empty line has no fields
    keys: tuple[str | int, ...] = ()
    if isinstance(values, dict) and isinstance(values.get("data"), list):
        keys, values = ("data",), values["data"]
    if isinstance(values, dict):
        yield from (((*keys, key), value) for key, value in values.items())
    elif isinstance(values, list):
        yield from (((*keys, number), value) for number, value in enumerate(values))
    else:
        raise MemcurateError(f"{path}: a list or an object of records is expected, not {str(values)[:80]!r}")


def _read_start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as error:
        raise MemcurateError(f"{path} cannot be read: {error.strerror}") from error


def _iter_lines(path: Path, part: FilePart) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        position = part.start
        while part.end is None or position < part.end:
            line = file.readline()
            if not line:
                return
            position += len(line)
            yield line


def _parse_line(line: bytes, number: int) -> Any:
    """Return the value of a line; None where it is blank. `number`: of the line in its file, from 1 on."""
    try:
        text = line.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r\n").decode()
    except UnicodeDecodeError as error:
        return _Unreadable(
            f"line {number} is not UTF-8: its byte {error.start} is 0x{error.object[error.start]:02x}"
        )
    try:
        return load_json_with_duplicates(text, number) if text.strip() else None
    except InvalidJsonError as error:
        return _Unreadable(f"it is not JSON: {error}")


def read_string(record: RawRecord, *keys: str | int) -> str | None:
    """Return the string at keys of a record; None where there is none, or only white space.

    A number counts as a string, as JSON writes it. Lone surrogates make it None.
    """
    value = record.value
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not isfinite(value):
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.strip() and is_well_formed(text) else None


def read_label(record: RawRecord, column: str) -> str | None:
    """Return the label in a column: a string, number, true or false, or a list of one of these."""
    value = record.value.get(column) if isinstance(record.value, dict) else None
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, bool):
        return "true" if value else "false"
    return read_string(RawRecord(record.file, record.path, {column: value}), column)


def describe_columns(value: Any) -> str:
    """Describe what a record has, for an error message."""
    names = ", ".join(map(str, value)) if isinstance(value, dict) else f"a list of {len(value)}"
    return f"it has {names[:200]}"
