"""Parsing and validation of the rows of published files: their chunks, questions and our exported metadata.

`chunks`, `questions_and_answers` and `metadata` are JSON strings, or lists and structs of Parquet.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.json_reader import check_bounds
from pipeline.core.schema import FactEnd, Metric, Origin
from pipeline.core.unicode import is_well_formed
from pipeline.publish.nested_columns import Path, describe_type, read_column, read_objects, read_texts

REQUIRED_COLUMNS = ("chunks", "questions_and_answers", "data_source", "metadata")
_TEXT_KEYS = ("text", "content")  # of a chunk that is a struct


class _StrictModel(BaseModel):
    model_config = ConfigDict(strict=True)


class PublishedQuestion(_StrictModel):
    """A question of a published file; only our export writes fields beyond the first two."""

    question: str
    answer: str | list[str]
    answers: list[str] | None = None
    id: str | None = Field(None, min_length=1)
    metric: Metric | None = None
    origin: Origin = "source"
    kind: str | None = None
    time: str | None = None
    evidence_chunks: list[int] = []
    summary: str | None = None
    wrong_answers: list[str] = []


class MemcurateChunk(_StrictModel):
    """A chunk's id and time."""

    id: str = Field(min_length=1)
    time: str


class MemcurateLabel(_StrictModel):
    """A label's number and name."""

    number: int
    name: str


class MemcurateFact(_StrictModel):
    """A fact, as in the schema's Fact."""

    subject: str
    attribute: str
    value: str
    segment: str
    chunk: int
    end: FactEnd | None = None
    end_segment: str | None = None
    end_chunk: int | None = None


class MemcurateMetadata(_StrictModel):
    """The fields of an instance that only our export writes."""

    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    document: str
    index: int
    labels: list[MemcurateLabel] = []
    facts: list[MemcurateFact] = []
    chunks: list[MemcurateChunk]


class PublishedRow(_StrictModel):
    """A row of a published file."""

    chunks: list[str]
    questions_and_answers: list[PublishedQuestion]
    data_source: str
    memcurate: MemcurateMetadata | None  # metadata/memcurate
    chunk_paths: list[Path]  # of the chunks' texts in the row
    question_paths: list[Path]  # of the questions' texts in the row


def parse_published_row(row: Mapping[str, Any]) -> PublishedRow:
    """Parse and validate a row. Raises ValueError with the location in the row and the problem."""
    metadata = read_column(row, "metadata") or None
    if metadata is not None and not isinstance(metadata, dict):
        raise ValueError(f"metadata: should be an object; it is {describe_type(metadata)}")
    chunks = read_texts(row, "chunks", _TEXT_KEYS)
    questions = read_objects(row, "questions_and_answers", ["question"])
    values = {
        "chunks": [text for _, text in chunks],
        "questions_and_answers": [item.value for item in questions],
        "data_source": check_bounds(row["data_source"]),
        "memcurate": (metadata or {}).get("memcurate") or None,
    }
    for name, value in values.items():
        _require_well_formed(value, name)
    values["chunk_paths"] = [path for path, _ in chunks]
    values["question_paths"] = [item.path("question") for item in questions]
    try:
        published = PublishedRow.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        location = _format_location("/".join(map(str, first["loc"])))
        raise ValueError(f"{location}: {first['msg']}{_describe_input(first['input'])}") from None
    _validate_row(published)
    return published


def normalize_source_name(data_source: object) -> str:
    """Return a data source's name as a name of ours: words joined by underscores; empty for None."""
    return re.sub(r"\W+", "_", str(data_source).casefold()).strip("_") if data_source is not None else ""


def _require_well_formed(value: Any, location: str) -> None:
    """Raise ValueError where a string in a value has half a surrogate pair."""
    if isinstance(value, str) and not is_well_formed(value):
        raise ValueError(f"{_format_location(location)}: half a surrogate pair, which is not a character")
    if isinstance(value, dict):
        for key, item in value.items():
            _require_well_formed(key, location)
            _require_well_formed(item, f"{location}/{key}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _require_well_formed(item, f"{location}/{number}")


def _validate_row(row: PublishedRow) -> None:
    """Raise ValueError where a row of the right types is blank somewhere or contradicts itself."""
    if not normalize_source_name(row.data_source):
        raise ValueError(f"data_source: should be a name; it is {row.data_source[:80]!r}")
    if not row.chunks:
        raise ValueError("chunks: the row should have at least one chunk; it has none")
    for number, chunk in enumerate(row.chunks):
        if not chunk.strip():
            raise ValueError(f"chunks/{number}: it is blank")
    for number, question in enumerate(row.questions_and_answers):
        location = f"questions_and_answers/{number}"
        if not question.question.strip():
            raise ValueError(f"{location}/question: it is blank")
        gold = question.answers or question.answer
        if not any(answer.strip() for answer in ([gold] if isinstance(gold, str) else gold)):
            raise ValueError(f"{location}/answer: it is blank")
        if any(not 0 <= chunk < len(row.chunks) for chunk in question.evidence_chunks):
            raise ValueError(
                f"{location}/evidence_chunks: should be indexes of the row's chunks, 0 to "
                f"{len(row.chunks) - 1}; they are {question.evidence_chunks}"
            )
    if row.memcurate is not None and len(row.memcurate.chunks) != len(row.chunks):
        raise ValueError(
            f"metadata/memcurate/chunks: should have an entry for each of the row's {len(row.chunks)} "
            f"chunks; it has {len(row.memcurate.chunks)}"
        )


def _format_location(location: str) -> str:
    return f"metadata/{location}" if location.partition("/")[0] == "memcurate" else location


def _describe_input(value: Any) -> str:
    return "" if isinstance(value, dict) else f"; it is {describe_type(value)}"
