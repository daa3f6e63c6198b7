"""Reading raw files so that every piece of text keeps the way back to its characters.

A text file is one string, without the byte order mark at its beginning; the strings of a JSON file are named
by JSON pointers (RFC 6901), and so are those of a JSONL, CSV, TSV or Parquet file, which is a list of its
rows. A string that itself is JSON, or a value written out as Python does, can be pointed into. `read_span`
goes the way back.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from pipeline.errors import MemcurateError
from pipeline.ids import short_id
from pipeline.schema import Reject, Span
from pipeline.sources.lines import split_lines
from pipeline.sources.rows import Rows
from pipeline.sources.tables import read_table
from pipeline.text.json_values import InvalidJsonError, ObjectWithRepeats, checked_value, load_json_marked
from pipeline.text.well_formed import is_well_formed, to_well_formed

__all__ = ["Rows"]

M = TypeVar("M", bound=BaseModel)

_UTF_8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = {  # byte order marks of encodings that are not read; the longer first
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

# Python's parser takes 1 kB and 6 µs for each part of a literal, so that their number is bounded.
_MOST_LITERAL_PARTS = 1 << 18
# One that is not closed goes on to the end, so that it is looked at once.
_LITERAL_STRING = re.compile(
    r"""(?<![A-Za-z])(?:'[^'\\]*+(?:\\.?[^'\\]*+)*(?:'|\Z)|"[^"\\]*+(?:\\.?[^"\\]*+)*(?:"|\Z))""", re.DOTALL
)
_LITERAL_PART = re.compile(r"[^\s\w.]")


class RawRecord(BaseModel):
    """The shape of a raw record: derive each model of an adapter from it.

    An optional key that is null counts as absent. A key that stands twice, and a string with half a
    character, are errors, so that `records` makes a reject.
    """

    model_config = ConfigDict(str_min_length=0)  # any constraint has strings checked for lone surrogates

    @model_validator(mode="before")
    @classmethod
    def _as_given(cls, values: Any) -> Any:
        unrepeated(values)
        if isinstance(values, dict) and None in values.values():
            optional = _optional_keys(cls)
            return {key: value for key, value in values.items() if value is not None or key not in optional}
        return values


@cache
def _optional_keys(shape: type[BaseModel]) -> frozenset[str]:
    fields = shape.model_fields.items()
    return frozenset(str(field.validation_alias or name) for name, field in fields if not field.is_required())


def unrepeated(values: Any) -> Any:
    """A value as it is. Raises ValueError when it is an object in which a key stands twice."""
    if isinstance(values, ObjectWithRepeats):
        raise ValueError(f"the key {values.repeated[0]!r} stands twice")
    return values


def _entries(values: Any) -> Any:
    if not isinstance(unrepeated(values), dict):
        return values
    return {key: value for key, value in values.items() if value is not None}


# An object whose keys are data, such as ids or times. Each is optional, so that null is absent.
Entries = Annotated[dict[str, Any], BeforeValidator(_entries)]


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
    """The decoded text, line ends as they are and without a byte order mark: the first encoding that fits.

    Raises MemcurateError when the file is missing or empty, or when no encoding fits.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MemcurateError(
            f"{path} cannot be read: {error.strerror}. Run `dvc repro fetch@{path.parent.name}`."
        ) from error
    for mark, name in _OTHER_MARKS.items():
        if data.startswith(mark):
            raise MemcurateError(f"{path} is {name}, by the mark at its beginning: save it as UTF-8")
    content = data.removeprefix(_UTF_8_MARK)
    if not content.strip():
        raise MemcurateError(f"{path} is empty: fetch it again, or check its locator")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            place = error.start
            continue
        if "\0" in text:
            raise MemcurateError(f"{path} is no text: it holds NUL characters (UTF-16, or a binary file?)")
        return text
    raise MemcurateError(
        f"{path} is not {' or '.join(encodings)}: byte {len(data) - len(content) + place} is "
        f"0x{content[place]:02x}. Name its encoding in the source's adapter."
    )


def read_json(path: Path) -> Any:
    """The value of a JSON file in UTF-8; an object with a repeated key is an ObjectWithRepeats.

    Raises MemcurateError as `read_text` does, and when the file is no valid JSON.
    """
    text = read_text(path)
    try:
        return load_json_marked(text)
    except InvalidJsonError as error:
        raise MemcurateError(f"{path} is no valid JSON: {error}") from error


def read_value(path: Path) -> Any:
    """The value of a JSON file, or the rows of a JSONL, CSV, TSV or Parquet file; by the file's suffix, JSON
    where it has none.

    Raises MemcurateError as `read_text` does, and when the file is not what its suffix says.
    """
    if path.suffix == ".parquet":
        return Rows(path)
    if path.suffix in (".csv", ".tsv"):
        return read_table(read_text(path), path)
    return _read_lines(path) if path.suffix == ".jsonl" else read_json(path)


def read_model(shape: type[M], path: Path) -> M:
    """The value of a JSON file that is one record as a whole.

    Raises MemcurateError as `read_json` does, and where it has not the shape.
    """
    try:
        return shape.model_validate(read_json(path))
    except ValidationError as error:
        raise MemcurateError(f"{path}: {first_error(error)}") from error


def _read_lines(path: Path) -> list[Any]:
    """A JSON value a line; an empty line is None, and a line that is none a string, so that rows keep their
    numbers.
    """
    values: list[Any] = []
    for line in split_lines(read_text(path)):
        try:
            values.append(load_json_marked(line) if line.strip() else None)
        except InvalidJsonError:
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

    A record that a later one of the same key hides is a reject. Of a Parquet file only the columns that
    `shape` names are read. Raises MemcurateError when `values` is neither a list nor an object.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | dict):
        raise MemcurateError(
            f"{file} of source {source}: {pointer(*where) or 'the top'} is a {type(values).__name__}, "
            "a list or an object of records is expected"
        )
    for hidden in values.repeated if isinstance(values, ObjectWithRepeats) else ():
        detail = f"the key {hidden!r} stands twice; its last record is read"
        place = Span(file, pointer(*where, hidden), 0, 0)
        rejects.append(rejected_record(source, "repeated key", detail, place))
    given = values.of(shape) if isinstance(values, Rows) else values
    for key, value in given.items() if isinstance(given, dict) else enumerate(given):
        try:
            record = _record(shape, key, value)
        except ValidationError as error:
            detail = first_error(error)
        except ValueError as error:
            detail = str(error)
        else:
            yield key, record
            continue
        place = Span(file, pointer(*where, key), 0, 0)
        rejects.append(rejected_record(source, "malformed record", detail, place))


def _record(shape: type[M], key: str | int, value: Any) -> M:
    """A value as a record. Raises ValueError."""
    if not isinstance(unrepeated(value), dict):
        raise ValueError(f"it is no object with names, but {str(value)[:80]!r}")
    if isinstance(key, str) and not is_well_formed(key):
        raise ValueError("its key has half a surrogate pair, which is no character")
    return shape.model_validate(value)


def first_error(error: ValidationError) -> str:
    """Where the first wrong value of a record stands, and what is wrong with it."""
    first = error.errors(include_url=False)[0]
    message = first["msg"]
    if first["type"] == "string_unicode":
        half = isinstance(first["input"], str)
        message = "half a surrogate pair, which is no character" if half else "its bytes are not UTF-8"
    return f"{pointer(*first['loc']) or 'record'}: {message}"


def is_text(text: str) -> bool:
    """Whether a string has visible characters and can be written as UTF-8, unlike half a surrogate pair."""
    return bool(text.strip()) and is_well_formed(text)


def rejected_record(source: str, reason: str, detail: str, raw: Span) -> Reject:
    """A raw record that gives no segment or question."""
    return Reject(
        id=short_id(source, reason, raw.file, raw.record, raw.start),
        source=source,
        stage="chunk",
        kind="record",
        reason=reason,
        detail=to_well_formed(detail),  # it and the record's name may come out of a broken record
        raw=replace(raw, record=to_well_formed(raw.record)),
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
        return load_json_marked(text)
    except InvalidJsonError:
        return _literal(text.strip())


def _literal(text: str) -> Any:
    """The value of a literal as `repr` writes it. Raises ValueError."""
    parts = _LITERAL_STRING.sub(",", text)
    if "'" in parts or '"' in parts:
        raise ValueError("neither JSON nor a Python list: a string does not end, or has a prefix")
    if sum(1 for _ in _LITERAL_PART.finditer(parts)) > _MOST_LITERAL_PARTS:
        raise ValueError(f"neither JSON, nor a Python list of at most {_MOST_LITERAL_PARTS:,} parts")
    try:
        return checked_value(ast.literal_eval(text))
    except (SyntaxError, MemoryError, RecursionError, TypeError, ValueError) as error:
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
    if isinstance(value, bytes):  # of a binary column, which a model reads as a string
        return value.decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
