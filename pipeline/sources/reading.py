"""Reading raw files so that every piece of text keeps the way back to its characters.

A text file is one string; the strings of a JSON file are named by JSON pointers (RFC 6901), and so are those
of a JSONL, CSV, TSV or Parquet file, which is a list of its rows. A string that itself is JSON, or a value
written out as Python does, can be pointed into. `read_span` goes the way back.
"""

import ast
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from pipeline.errors import MemcurateError
from pipeline.ids import short_id
from pipeline.schema import Reject, Span

M = TypeVar("M", bound=BaseModel)


def raw_file(raw: Path, name: str) -> Path:
    """The raw file of that name. Raises MemcurateError when it is not there."""
    path = raw / name
    if not path.is_file():
        raise MemcurateError(
            f"{raw} has no file {name}: check the locators of sources.{raw.name}.files and run "
            f"`dvc repro fetch@{raw.name}`"
        )
    return path


def raw_files(raw: Path, pattern: str) -> list[Path]:
    """The raw files of a pattern, by name. Raises MemcurateError when there is none."""
    files = sorted(raw.glob(pattern))
    if not files:
        raise MemcurateError(f"{raw} holds no {pattern}: run `dvc repro fetch@{raw.name}`")
    return files


def read_text(path: Path, encodings: tuple[str, ...] = ("utf-8",)) -> str:
    """The decoded text, line ends as they are: the first encoding that fits.

    Raises MemcurateError when the file is missing or empty, or when no encoding fits.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MemcurateError(
            f"{path} cannot be read: {error.strerror}. Run `dvc repro fetch@{path.parent.name}`."
        ) from error
    if not data.strip():
        raise MemcurateError(f"{path} is empty: fetch it again, or check its locator")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            place = error.start
            continue
        if "\0" in text:
            raise MemcurateError(f"{path} is no text: it holds NUL characters (UTF-16, or a binary file?)")
        return text
    raise MemcurateError(
        f"{path} is not {' or '.join(encodings)}: byte {place} is 0x{data[place]:02x}. "
        "Name its encoding in the source's adapter."
    )


def read_json(path: Path) -> Any:
    """The value of a JSON file in UTF-8.

    Raises MemcurateError as `read_text` does, and when the file is no valid JSON.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MemcurateError(
            f"{path} is no valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise MemcurateError(f"{path} is no JSON that can be read: {error}") from error


class Rows(Sequence[Any]):
    """The rows of a Parquet file as dicts, a row group in memory at a time."""

    def __init__(self, path: Path) -> None:
        """Raises MemcurateError when it is missing or no Parquet file."""
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise MemcurateError(
                f"{path} cannot be read as Parquet ({error}). Run `dvc repro fetch@{path.parent.name}`."
            ) from error
        sizes = [self._file.metadata.row_group(n).num_rows for n in range(self._file.num_row_groups)]
        self._starts = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
        self._held: tuple[int, list[Any]] = (-1, [])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        """A row, or some. Raises IndexError."""
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        group = next(n for n, start in enumerate(self._starts[1:]) if place < start)
        if self._held[0] != group:
            self._held = (group, self._file.read_row_group(group).to_pylist())
        return self._held[1][place - self._starts[group]]


def read_value(path: Path) -> Any:
    """The value of a JSON file, or the rows of a JSONL, CSV, TSV or Parquet file; by the file's suffix, JSON
    where it has none.

    Raises MemcurateError as `read_text` does, and when the file is not what its suffix says.
    """
    if path.suffix == ".parquet":
        return Rows(path)
    if path.suffix in (".csv", ".tsv"):
        return _read_table(path)
    return _read_lines(path) if path.suffix == ".jsonl" else read_json(path)


def _read_table(path: Path) -> list[Any]:
    """The rows below the header, by its names; a row with more or fewer fields is a list of them.

    A byte order mark, which spreadsheets write, is no part of the first name.
    """
    text = read_text(path).removeprefix("\ufeff")
    dialect = "excel-tab" if path.suffix == ".tsv" else "excel"
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), dialect, strict=True)
    except csv.Error as error:
        raise MemcurateError(f"{path} is no valid {path.suffix[1:].upper()}: {error}") from error
    return [dict(zip(header, row, strict=True)) if len(row) == len(header) else row for row in rows]


def read_model(shape: type[M], path: Path) -> M:
    """The value of a JSON file that is one record as a whole.

    Raises MemcurateError as `read_json` does, and where it has not the shape.
    """
    try:
        return shape.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise MemcurateError(f"{path}: {pointer(*first['loc']) or 'the top'}: {first['msg']}") from error


def _read_lines(path: Path) -> list[Any]:
    """A JSON value a line; an empty line is None, and a line that is none a string, so that rows keep their
    numbers.
    """
    values: list[Any] = []
    for line in read_text(path).rstrip("\n").split("\n"):
        try:
            values.append(json.loads(line) if line.strip() else None)
        except (ValueError, RecursionError):
            values.append(line)
    return values


def pointer(*path: str | int) -> str:
    """The JSON pointer of a value."""
    joined = "".join(f"/{part}" for part in path)
    if "~" not in joined and joined.count("/") == len(path):
        return joined
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def stripped(text: str, file: str, record: str) -> tuple[str, Span]:
    """A record's text without white space around it, and where that stands."""
    inner = text.strip()
    start = len(text) - len(text.lstrip()) if inner else 0
    return inner, Span(file, record, start, start + len(inner))


def records(
    shape: type[M], values: Any, file: str, source: str, rejects: list[Reject], *where: str | int
) -> Iterator[tuple[str | int, M]]:
    """(key or index, record) for the records at `where` that have the shape; the others become rejects.

    Raises MemcurateError when `values` is neither a list nor an object.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | dict):
        raise MemcurateError(
            f"{file} of source {source}: {pointer(*where) or 'the top'} is a {type(values).__name__}, "
            "a list or an object of records is expected"
        )
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        try:
            if not isinstance(value, dict):
                raise ValueError(f"it is no object with names, but {str(value)[:80]!r}")
            record = shape.model_validate(value)
            if is_text(json.dumps([key, value], ensure_ascii=False)):
                yield key, record
                continue
            detail = "half a surrogate pair, which is no character"
        except ValidationError as error:
            first = error.errors()[0]
            detail = f"{pointer(*first['loc']) or 'record'}: {first['msg']}"
        except ValueError as error:
            detail = str(error)
        place = pointer(*where, str(key).encode("utf-8", "backslashreplace").decode())
        rejects.append(rejected_record(source, "malformed record", detail, Span(file, place, 0, 0)))


def is_text(text: str) -> bool:
    """Whether a string has visible characters and can be written as UTF-8, unlike half a surrogate pair."""
    try:
        return bool(text.encode().strip())
    except UnicodeEncodeError:
        return False


def rejected_record(source: str, reason: str, detail: str, raw: Span) -> Reject:
    """A raw record that gives no segment or question."""
    return Reject(
        id=short_id(source, reason, raw.file, raw.record, raw.start),
        source=source,
        stage="chunk",
        kind="record",
        reason=reason,
        detail=detail,
        raw=raw,
    )


def read_span(raw: Path, span: Span) -> str:
    """The characters that a span names, read from the raw folder of its source.

    Raises MemcurateError when the file or the record is not there.
    """
    path = raw / span.file
    if not span.record:
        return read_text(path, ("utf-8", "latin-1"))[span.start : span.end]
    return string_at(read_value(path), span.record, path)[span.start : span.end]


def written_out(text: str) -> Any:
    """The value of a string that is JSON, or a list or dict as Python writes it. Raises ValueError."""
    try:
        return json.loads(text)
    except ValueError:
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(f"neither JSON nor a Python list ({error})") from error


def string_at(value: Any, record: str, path: Path) -> str:
    """The string that a JSON pointer names in the value of a file.

    Raises MemcurateError when there is none.
    """
    for part in record.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            if isinstance(value, str):
                value = written_out(value)
            value = value[name] if isinstance(value, dict) else value[int(name)]
        except (KeyError, IndexError, ValueError, TypeError, RecursionError):
            raise MemcurateError(f"{path} has no value at {record}") from None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
