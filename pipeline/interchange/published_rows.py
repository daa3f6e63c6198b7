"""A row of a published file, checked: its chunks, its questions, and what our export notes beside them.

`chunks`, `questions_and_answers` and `metadata` are JSON in strings, or lists and structs as Parquet has
them. A key that is null is not there: a struct has the keys of all rows.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.schema import Metric, Origin
from pipeline.text.json_values import ObjectWithRepeats, checked_value, load_json_marked
from pipeline.text.well_formed import is_well_formed

COLUMNS = ("chunks", "questions_and_answers", "data_source", "metadata")


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class PublishedQuestion(_Shape):
    """A question of a published file; with more of it where it is ours."""

    question: str
    answer: str | list[str]
    answers: list[str] | None = None
    id: str | None = Field(None, min_length=1)
    metric: Metric | None = None
    origin: Origin = "carried"
    kind: str | None = None
    time: str | None = None
    evidence_chunks: list[int] = []


class OwnChunk(_Shape):
    """A chunk's id and time."""

    id: str = Field(min_length=1)
    time: str


class OwnLabel(_Shape):
    """What a label's number means."""

    number: int
    name: str


class Own(_Shape):
    """What our files say of an instance beside what theirs do."""

    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    document: str
    ordinal: int
    labels: list[OwnLabel] = []
    chunks: list[OwnChunk]


class PublishedRow(_Shape):
    """A row of a published file."""

    chunks: list[str]
    questions_and_answers: list[PublishedQuestion]
    data_source: str
    own: Own | None  # metadata/memcurate


def published_row(row: Mapping[str, Any]) -> PublishedRow:
    """Return a row's values, checked. Raises ValueError that says where in the row, and what is wrong."""
    metadata = _value(row, "metadata") or None
    if metadata is not None and not isinstance(metadata, dict):
        raise ValueError(f"metadata: an object is expected, it is {_kind(metadata)}")
    values = {name: _value(row, name) for name in ("chunks", "questions_and_answers")}
    values["data_source"] = checked_value(row["data_source"])
    values["own"] = (metadata or {}).get("memcurate") or None
    for name, value in values.items():
        _require_text(value, name)
    try:
        read = PublishedRow.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise ValueError(f"{_of_metadata(where)}: {first['msg']}{_found(first['input'])}") from None
    _check(read)
    return read


def source_name(data_source: object) -> str:
    """Return a data source's name as one of ours: words joined by underscores; empty where it has none."""
    return re.sub(r"\W+", "_", str(data_source).casefold()).strip("_") if data_source is not None else ""


def _value(row: Mapping[str, Any], name: str) -> Any:
    """Return a column's value, its JSON read, without keys that are null. Raises ValueError."""
    value = row.get(name)
    try:
        value = load_json_marked(value) if isinstance(value, str) and value else checked_value(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return _without_nulls(value, name)


def _without_nulls(value: Any, where: str) -> Any:
    """Raises ValueError where a key stands more than once: one of its values would be lost."""
    if isinstance(value, ObjectWithRepeats):
        raise ValueError(f"{where}: the key {value.repeated[0]!r} stands more than once")
    if isinstance(value, dict):
        return {
            key: _without_nulls(item, f"{where}/{key}") for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item, f"{where}/{number}") for number, item in enumerate(value)]
    return value


def _require_text(value: Any, where: str) -> None:
    """Raise ValueError where a string of a value holds half a surrogate pair."""
    if isinstance(value, str) and not is_well_formed(value):
        raise ValueError(f"{_of_metadata(where)}: half a surrogate pair, which is no character")
    if isinstance(value, dict):
        for key, item in value.items():
            _require_text(key, where)
            _require_text(item, f"{where}/{key}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _require_text(item, f"{where}/{number}")


def _check(row: PublishedRow) -> None:
    """Raise ValueError where a row has the shape, and yet says nothing or contradicts itself."""
    if not source_name(row.data_source):
        raise ValueError(f"data_source: a name is expected, it is {row.data_source[:80]!r}")
    if not row.chunks:
        raise ValueError("chunks: it has no chunk")
    for number, chunk in enumerate(row.chunks):
        if not chunk.strip():
            raise ValueError(f"chunks/{number}: it is blank")
    for number, asked in enumerate(row.questions_and_answers):
        where = f"questions_and_answers/{number}"
        if not asked.question.strip():
            raise ValueError(f"{where}/question: it is blank")
        gold = asked.answers or asked.answer
        if not any(answer.strip() for answer in ([gold] if isinstance(gold, str) else gold)):
            raise ValueError(f"{where}/answer: it is blank")
        if any(not 0 <= chunk < len(row.chunks) for chunk in asked.evidence_chunks):
            raise ValueError(f"{where}/evidence_chunks: the row has chunks 0 to {len(row.chunks) - 1}")
    if row.own is not None and len(row.own.chunks) != len(row.chunks):
        raise ValueError(
            f"metadata/memcurate/chunks: {len(row.own.chunks)}, the row has {len(row.chunks)} chunks"
        )


def _of_metadata(where: str) -> str:
    return f"metadata/memcurate ({where})" if where.partition("/")[0] == "own" else where


def _found(value: Any) -> str:
    return "" if isinstance(value, dict) else f", it is {_kind(value)}"


def _kind(value: Any) -> str:
    return "null" if value is None else f"of type {type(value).__name__}"
