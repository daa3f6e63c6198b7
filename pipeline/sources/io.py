"""Read raw files so that every piece of text can be traced back to its characters.

A text file is one string, without its byte order mark. Strings of a JSON file have JSON pointers (RFC 6901)
as addresses, and so have those of a JSONL, CSV, TSV or Parquet file, which is a list of its rows. A pointer
can lead into a string that is itself JSON, or a Python literal, and to a rich text, whose parts are joined.
`read_span` reads the characters of a span.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from pipeline.core.errors import EmptyFileError, MemcurateError
from pipeline.core.ids import short_id
from pipeline.core.json_reader import (
    DuplicateKeyObject,
    InvalidJsonError,
    check_bounds,
    load_json_with_duplicates,
)
from pipeline.core.schema import Reject, Span
from pipeline.core.unicode import is_well_formed, to_well_formed
from pipeline.sources.csv_rows import read_table
from pipeline.sources.lines import split_lines
from pipeline.sources.parquet_rows import ParquetRows

__all__ = ["ParquetRows"]

M = TypeVar("M", bound=BaseModel)

MARKUP_SUFFIXES = (".html", ".htm", ".xhtml", ".epub")  # of files whose text is Markdown made of them
_UTF8_BOM = b"\xef\xbb\xbf"
_UNSUPPORTED_BOMS = {  # byte order marks; the longer ones first
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}

# Python's parser takes 1 kB and 6 µs for each part of a literal, so their number is bounded.
_MAX_LITERAL_PARTS = 1 << 18
# An unclosed string extends to the end, so that it is scanned only once.
_LITERAL_STRING = re.compile(
    r"""(?<![A-Za-z])(?:'[^'\\]*+(?:\\.?[^'\\]*+)*(?:'|\Z)|"[^"\\]*+(?:\\.?[^"\\]*+)*(?:"|\Z))""", re.DOTALL
)
_LITERAL_PART = re.compile(r"[^\s\w.]")


class RawRecord(BaseModel):
    """Base model of raw records, from which each model of a format derives.

    An optional key that is null counts as absent. A key that stands twice and a string with a lone surrogate
    are errors, so that `validate_records` makes a reject.
    """

    model_config = ConfigDict(str_min_length=0)  # any constraint makes pydantic check for lone surrogates

    @model_validator(mode="before")
    @classmethod
    def _drop_optional_nulls(cls, values: Any) -> Any:
        require_unique_keys(values)
        if isinstance(values, dict) and None in values.values():
            optional = _optional_keys(cls)
            return {key: value for key, value in values.items() if value is not None or key not in optional}
        return values


@cache
def _optional_keys(model: type[BaseModel]) -> frozenset[str]:
    fields = model.model_fields.items()
    return frozenset(str(field.validation_alias or name) for name, field in fields if not field.is_required())


def require_unique_keys(values: Any) -> Any:
    """Return a value unchanged. Raises ValueError when it is an object in which a key stands twice."""
    if isinstance(values, DuplicateKeyObject):
        raise ValueError(f"the key {values.duplicate_keys[0]!r} stands twice")
    return values


def _drop_null_entries(values: Any) -> Any:
    if not isinstance(require_unique_keys(values), dict):
        return values
    return {key: value for key, value in values.items() if value is not None}


# An object whose keys are data, such as ids or times; all are optional, so that null counts as absent.
JsonMap = Annotated[dict[str, Any], BeforeValidator(_drop_null_entries)]


def find_raw_file(raw_dir: Path, name: str) -> Path:
    """Return the path of a raw file. Raises MemcurateError when it is missing."""
    path = raw_dir / name
    if not path.is_file():
        raise MemcurateError(
            f"{raw_dir} has no file {name}: check the locators of sources.{raw_dir.name}.files and run "
            f"`dvc repro fetch@{raw_dir.name}`"
        )
    return path


def find_raw_files(raw_dir: Path, pattern: str) -> list[Path]:
    """Return the raw files that match a glob, sorted by name. Raises MemcurateError when none does."""
    files = sorted(raw_dir.glob(pattern))
    if not files:
        raise MemcurateError(f"{raw_dir} has no file {pattern}: run `dvc repro fetch@{raw_dir.name}`")
    return files


def read_text(path: Path, encodings: tuple[str, ...] = ("utf-8",), is_lenient: bool = False) -> str:
    """Read a text in the first encoding that fits, with its line ends and without its byte order mark.

    The text of an HTML page or an EPUB book is that of `markup.read_markup`.
    `is_lenient`: a byte that does not fit the last encoding becomes a lone surrogate, which the checks of
    records find. Raises MemcurateError when the file is missing or empty, or when no encoding fits.
    """
    try:
        if path.suffix.lower() in MARKUP_SUFFIXES:
            from pipeline.sources.markup import read_markup  # its libraries load for such files alone

            return read_markup(path)
        data = path.read_bytes()
    except OSError as error:
        raise MemcurateError(
            f"{path} cannot be read: {error.strerror}. Run `dvc repro fetch@{path.parent.name}`."
        ) from error
    for mark, name in _UNSUPPORTED_BOMS.items():
        if data.startswith(mark):
            raise MemcurateError(f"{path} is {name}, by its byte order mark: save it as UTF-8")
    content = data.removeprefix(_UTF8_BOM)
    if not content.strip():
        raise EmptyFileError(f"{path} is empty: restore it, or check its locator in params.yaml")
    for encoding in encodings:
        try:
            is_last = encoding == encodings[-1]
            text = content.decode(encoding, "surrogateescape" if is_lenient and is_last else "strict")
            if is_lenient and not is_well_formed(text):
                text = _decode_latin_1(content, text)
        except UnicodeDecodeError as error:
            error_index = error.start
            continue
        if "\0" in text:
            raise MemcurateError(f"{path} is not text: it holds NUL characters (UTF-16, or a binary file?)")
        return text
    raise MemcurateError(
        f"{path} is not {' or '.join(encodings)}: byte {len(data) - len(content) + error_index} is "
        f"0x{content[error_index]:02x}. Save it as UTF-8."
    )


def _decode_latin_1(content: bytes, text: str) -> str:
    """Return a text in Latin-1 where no bytes beyond ASCII are UTF-8; else `text`, where some are."""
    is_utf8 = any(character > "\x7f" and not "\udc80" <= character <= "\udcff" for character in text)
    return text if is_utf8 else content.decode("latin-1")


def read_json(path: Path) -> Any:
    """Read a JSON file in UTF-8; an object with a repeated key becomes a DuplicateKeyObject.

    Raises MemcurateError as `read_text` does, and when the file is not valid JSON.
    """
    text = read_text(path)
    try:
        return load_json_with_duplicates(text)
    except InvalidJsonError as error:
        raise MemcurateError(f"{path} is not valid JSON: {error}") from error


def read_data_file(path: Path, is_lenient: bool = False) -> Any:
    """Read a JSONL, CSV, TSV or Parquet file as a list of rows, and a file of any other suffix as JSON.

    `is_lenient`: rows with bytes that are not UTF-8 are kept, as in `read_text`, and a JSON file may have a
    value per line. Raises MemcurateError as `read_text` does, and when the file is not in the format of its
    suffix.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return ParquetRows(path)
    if suffix in (".csv", ".tsv"):
        return read_table(read_text(path, is_lenient=is_lenient), path)
    if suffix == ".jsonl":
        return _read_jsonl(path, is_lenient)
    try:
        return read_json(path)
    except MemcurateError:
        values = _read_jsonl(path, is_lenient) if is_lenient else []
        if not any(isinstance(value, dict | list) for value in values):
            raise
        return values


def read_json_model(model: type[M], path: Path) -> M:
    """Read a JSON file that is a single record.

    Raises MemcurateError as `read_json` does, and when the record does not match `model`.
    """
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        raise MemcurateError(f"{path}: {describe_first_error(error)}") from error


def values_by_key(record: BaseModel) -> dict[str, Any]:
    """Return the values of a record's fields, by their keys in the file."""
    return {field.alias or name: getattr(record, name) for name, field in type(record).model_fields.items()}


def rename_keys(model: type[M], keys: dict[str, str]) -> type[M]:
    """Return a model whose fields have other keys in a record. `keys`: the key of each field, by its name."""
    fields: dict[str, Any] = {
        name: (field.annotation, Field(field.default, alias=keys.get(name, name)))
        for name, field in model.model_fields.items()
    }
    return create_model(model.__name__, __base__=model, **fields)


def _read_jsonl(path: Path, is_lenient: bool = False) -> list[Any]:
    """Read a JSON value per line. A blank line is None and a malformed one a string; rows keep indices."""
    values: list[Any] = []
    for line in split_lines(read_text(path, is_lenient=is_lenient)):
        try:
            values.append(load_json_with_duplicates(line) if line.strip() else None)
        except InvalidJsonError:
            values.append(line)
    return values


def json_pointer(*path: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indices."""
    joined = "".join(f"/{part}" for part in path)
    if "~" not in joined and joined.count("/") == len(path):
        return joined
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def strip_with_span(text: str, file: str, record: str, start: int = 0) -> tuple[str, Span]:
    """Return a text without surrounding white space, and its span.

    `start`: index of `text` in the record or file that it is a part of.
    """
    inner = text.strip()
    start += len(text) - len(text.lstrip()) if inner else 0
    return inner, Span(file, record, start, start + len(inner))


def validate_records(
    model: type[M], values: Any, file: str, source: str, rejects: list[Reject], *where: str | int
) -> Iterator[tuple[str | int, M]]:
    """Yield (key or index, record) for the values that match `model`; the others are appended to `rejects`.

    `where` is the path of `values` in the file. A record hidden by a later one of the same key is a reject.
    Of a Parquet file only the columns of `model` are read. Raises MemcurateError when `values` is neither a
    list nor an object.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | dict):
        raise MemcurateError(
            f"{file} of source {source}: {json_pointer(*where) or 'the top'} is a {type(values).__name__}, "
            "but a list or an object of records is expected"
        )
    for repeated_key in values.duplicate_keys if isinstance(values, DuplicateKeyObject) else ():
        detail = f"the key {repeated_key!r} stands twice; its last record is read"
        span = Span(file, json_pointer(*where, repeated_key), 0, 0)
        rejects.append(make_record_reject(source, "repeated key", detail, span))
    selected = values.select_columns(model) if isinstance(values, ParquetRows) else values
    for key, value in selected.items() if isinstance(selected, dict) else enumerate(selected):
        try:
            record = _validate_record(model, key, value)
        except ValidationError as error:
            detail = describe_first_error(error)
        except ValueError as error:
            detail = str(error)
        else:
            yield key, record
            continue
        span = Span(file, json_pointer(*where, key), 0, 0)
        rejects.append(make_record_reject(source, "malformed record", detail, span))


def _validate_record(model: type[M], key: str | int, value: Any) -> M:
    """Return a value as a record. Raises ValueError where it does not match the model."""
    if not isinstance(require_unique_keys(value), dict):
        raise ValueError(f"it is no object with names, but {str(value)[:80]!r}")
    if isinstance(key, str) and not is_well_formed(key):
        raise ValueError("its key has half a surrogate pair, which is no character")
    return model.model_validate(value)


def describe_first_error(error: ValidationError) -> str:
    """Describe the first wrong value of a record: its JSON pointer and the problem."""
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_unicode":
        half = isinstance(first["input"], str)
        message = "half a surrogate pair, which is no character" if half else "its bytes are not UTF-8"
    return f"{json_pointer(*first['loc']) or 'record'}: {message}"


def is_text(text: str) -> bool:
    """Return whether a string has characters other than white space, and no lone surrogate."""
    return bool(text.strip()) and is_well_formed(text)


def make_record_reject(source: str, reason: str, detail: str, source_span: Span) -> Reject:
    """Build the reject of a raw record that gives no segment or question."""
    return Reject(
        id=short_id(source, reason, source_span.file, source_span.record, source_span.start),
        source=source,
        stage="chunk",
        kind="record",
        reason=reason,
        detail=to_well_formed(detail),  # the detail and the pointer may hold lone surrogates
        source_span=replace(source_span, record=to_well_formed(source_span.record)),
    )


def read_span(raw_dir: Path, span: Span) -> str:
    """Read the characters of a span from the raw folder of its source.

    Raises MemcurateError when the file or the record is missing.
    """
    path = raw_dir / span.file
    if not span.record:
        return read_text(path, ("utf-8", "latin-1"))[span.start : span.end]
    return resolve_pointer(read_data_file(path, is_lenient=True), span.record, path)[span.start : span.end]


def parse_serialized(text: str) -> Any:
    """Parse a string that is JSON, or a list or dict as Python's `repr` writes it.

    Raises ValueError for other strings.
    """
    try:
        return load_json_with_duplicates(text)
    except InvalidJsonError:
        return _parse_literal(text.strip())


def _parse_literal(text: str) -> Any:
    """Parse a literal as `repr` writes it. Raises ValueError."""
    parts = _LITERAL_STRING.sub(",", text)
    if "'" in parts or '"' in parts:
        raise ValueError("neither JSON nor a Python list: a string does not end, or has a prefix")
    if sum(1 for _ in _LITERAL_PART.finditer(parts)) > _MAX_LITERAL_PARTS:
        raise ValueError(f"neither JSON, nor a Python list of at most {_MAX_LITERAL_PARTS:,} parts")
    try:
        return check_bounds(ast.literal_eval(text))
    except (SyntaxError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"neither JSON nor a Python list ({error})") from error


def resolve_pointer(value: Any, record: str, path: Path) -> str:
    """Return the string or rich text at a JSON pointer in the value of a file; other values as JSON.

    Raises MemcurateError when the pointer leads to no value.
    """
    for part in record.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            if isinstance(value, str):
                value = parse_serialized(value)
            value = value[name] if isinstance(value, dict) else value[int(name)]
        except (KeyError, IndexError, ValueError, TypeError, RecursionError):
            raise MemcurateError(f"{path} has no value at {record}") from None
    if isinstance(value, bytes):  # a cell of a binary column, which models read as a string
        return value.decode(errors="replace")
    text = value if isinstance(value, str) else join_rich_text(value)
    return json.dumps(value, ensure_ascii=False, default=str) if text is None else text


def join_rich_text(value: Any) -> str | None:
    """Return a text whose parts are strings, and objects with a type and a text; None: it is no such list.

    Telegram writes a text with a link so: `["See ", {"type": "link", "text": "https://a.org"}]`.
    """
    if not isinstance(value, list) or not any(isinstance(part, dict) for part in value):
        return None
    parts = []
    for part in value:
        text = part.get("text") if isinstance(part, dict) and isinstance(part.get("type"), str) else part
        if not isinstance(text, str):
            return None
        parts.append(text)
    return "".join(parts)
