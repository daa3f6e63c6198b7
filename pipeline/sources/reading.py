"""Reading raw files so that every piece of text keeps the way back to its characters.

A text file is one string; a JSON file's strings are named by JSON pointers (RFC 6901). `read_span` goes
the way back.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

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
    if not isinstance(values, list | dict):
        raise MemcurateError(
            f"{file} of source {source}: {pointer(*where) or 'the top'} is a {type(values).__name__}, "
            "a list or an object of records is expected"
        )
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        try:
            record = shape.model_validate(value)
            if is_text(json.dumps([key, value], ensure_ascii=False)):
                yield key, record
                continue
            detail = "half a surrogate pair, which is no character"
        except ValidationError as error:
            first = error.errors()[0]
            detail = f"{pointer(*first['loc']) or 'record'}: {first['msg']}"
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
    return string_at(read_json(path), span.record, path)[span.start : span.end]


def string_at(value: Any, record: str, path: Path) -> str:
    """The string that a JSON pointer names in the value of a file.

    Raises MemcurateError when there is none.
    """
    for part in record.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise MemcurateError(f"{path} has no value at {record}") from None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
