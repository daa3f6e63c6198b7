"""Row types of the project's files: dataclasses, and the Arrow schemas that are derived from them.

Each field carries the line that documents it, in memory and in the file's schema. The Arrow types come from
the same declarations (`arrow_schema`), so memory and disk cannot drift apart. Values are nested Arrow types,
never JSON in strings. Every file carries `SCHEMA_VERSION`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

SCHEMA_VERSION = "4"

Split = Literal["train", "test", "evaluation"]
SPLITS: tuple[Split, ...] = get_args(Split)
DRAWN_SPLITS: tuple[Split, ...] = ("train", "test")  # evaluation sets are in neither
Metric = Literal["contains", "exact", "judge", "keywords", "token_f1", "abstain", "number"]
Origin = Literal["source", "label", "summary", "cloze", "generated"]
FactEnd = Literal["superseded", "corrected", "forgotten"]

BLANK = "____"  # stands for the words that a cloze question leaves out

T = TypeVar("T")


@dataclass(slots=True)
class Span:
    """A range of characters in a raw file, from which a text was read."""

    file: Annotated[str, "path below data/raw/<source>"]
    record: Annotated[str, "JSON pointer (RFC 6901) of a string; empty: the whole text file"]
    start: Annotated[int, "first character, in the decoded string"]
    end: Annotated[int, "one past the last character"]


@dataclass(slots=True)
class SegmentMetadata:
    """Metadata of a segment, in a document as in a chunk."""

    id: Annotated[
        str, "hash of document, text and occurrence of that text; parts of a split segment end in .0, .1"
    ]
    source_span: Annotated[Span, "the same characters in the raw files"]
    document: Annotated[str, "name of the document that it belongs to"]
    section: Annotated[str | None, "chapter, chat, session or article that holds it"]
    speaker: Annotated[str | None, "name of the speaker"]
    time: Annotated[str | None, "time of the message or session, YYYY-MM-DD HH:MM"]
    label: Annotated[str | None, "name of a labelled example's label"]


@dataclass(slots=True)
class Segment(SegmentMetadata):
    """The smallest unit of text, split only if it exceeds a chunk: a turn, sentence or labelled example."""

    text: Annotated[str, "the segment's text"]


@dataclass(slots=True)
class SegmentSpan(SegmentMetadata):
    """A segment inside a chunk: its text is chunk.text[start:end]."""

    start: Annotated[int, "first character in the chunk's text"]
    end: Annotated[int, "one past the last character"]


@dataclass(slots=True)
class Chunk:
    """The text that the agent reads in one step: a dated piece of interaction."""

    id: Annotated[str, "hash of the text and the segments"]
    index: Annotated[int, "position in the instance, from 0"]
    text: Annotated[str, "as rendered"]
    tokens: Annotated[int, "number of tokens of the text, by the tokenizer of params.yaml"]
    time: Annotated[str, "date of the interaction, YYYY-MM-DD HH:MM"]
    segments: Annotated[Sequence[SegmentSpan], "in reading order"]


@dataclass(slots=True)
class Question:
    """A question, its gold answers and its evidence."""

    id: Annotated[str, "hash of text, answers and evidence; of a label question, of its instance's index too"]
    text: Annotated[str, "text of the question"]
    answers: Annotated[list[str], "gold answers: any of them is right; the metric keywords needs all"]
    metric: Annotated[Metric, "metric of an answer"]
    origin: Annotated[Origin, "where the question comes from"]
    kind: Annotated[str | None, "the source's own type of question"]
    time: Annotated[str | None, "time of the question, where the source has one"]
    evidence: Annotated[list[str], "ids of the segments that hold the answer"]
    evidence_chunks: Annotated[list[int], "indices of the chunks that hold those segments"]
    source_span: Annotated[Span | None, "raw characters of the question or its labelled example; else null"]
    summary: Annotated[str | None, "the human summary that the answers were taken from; else null"] = None
    wrong_answers: Annotated[list[str], "values that a right reply leaves out, such as outdated ones"] = (
        field(default_factory=list)
    )
    after_chunk: Annotated[int | None, "index of the chunk after which it is asked; null: the last"] = None


@dataclass(slots=True)
class Fact:
    """A value that the text tells, and how long it holds: what a memory should keep, and when."""

    subject: Annotated[str, "what it is a fact of, such as a person"]
    attribute: Annotated[str, "what the value is to the subject, such as city"]
    value: Annotated[str, "the value"]
    segment: Annotated[str, "id of the segment that tells it"]
    chunk: Annotated[int, "index of the chunk that holds this segment"]
    end: Annotated[FactEnd | None, "why it holds no longer; null: it holds to the end"] = None
    end_segment: Annotated[str | None, "id of the segment after which it holds no longer"] = None
    end_chunk: Annotated[int | None, "index of the chunk that holds that segment"] = None


@dataclass(slots=True)
class Label:
    """The number that stands for a label in every instance of a source."""

    number: Annotated[int, "the label's number in chunks and answers"]
    name: Annotated[str, "as in the source"]


@dataclass(slots=True)
class Instance:
    """A row of the dataset: ordered chunks and questions, the input of one episode."""

    id: Annotated[str, "hash of the document's name and the chunks"]
    source: Annotated[str, "name in params.yaml"]
    split: Annotated[Split, "split of its document; in the dataset, evaluation for evaluation sets"]
    document: Annotated[str, "name of its document; of labelled examples, of their set and split"]
    index: Annotated[int, "position in that document, from 0"]
    tokens: Annotated[int, "number of tokens of all chunks"]
    chunks: Annotated[list[Chunk], "in reading order"]
    questions: Annotated[list[Question], "sorted by id"]
    labels: Annotated[list[Label], "number and name of each label; empty for instances without labels"]
    facts: Annotated[list[Fact], "in the order in which they are told; empty: they are not known"] = field(
        default_factory=list
    )


@dataclass(slots=True)
class SegmentProjection:
    """The id and range of a SegmentSpan, without its other metadata."""

    id: Annotated[str, "as in SegmentSpan"]
    start: Annotated[int, "as in SegmentSpan"]
    end: Annotated[int, "as in SegmentSpan"]


@dataclass(slots=True)
class ChunkProjection:
    """A chunk's text, tokens and projected segments."""

    text: Annotated[str, "as in Chunk"]
    tokens: Annotated[int, "as in Chunk"]
    segments: Annotated[list[SegmentProjection], "as in Chunk"]


@dataclass(slots=True)
class QuestionProjection:
    """A question's text and origin."""

    text: Annotated[str, "as in Question"]
    origin: Annotated[Origin, "as in Question"]


@dataclass(slots=True)
class LabelProjection:
    """A label's number."""

    number: Annotated[int, "as in Label"]


@dataclass(slots=True)
class ChunkTokens:
    """A chunk's number of tokens."""

    tokens: Annotated[int, "as in Chunk"]


@dataclass(slots=True)
class QuestionOrigin:
    """A question's origin."""

    origin: Annotated[Origin, "as in Question"]


@dataclass(slots=True)
class InstanceSizes:
    """Columns of an instance for statistics: no text."""

    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    chunks: Annotated[list[ChunkTokens], "as in Instance"]
    questions: Annotated[list[QuestionOrigin], "as in Instance"]


@dataclass(slots=True)
class InstanceProjection:
    """Columns of an instance for deduplication and leakage checks: faster to read than all."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    document: Annotated[str, "as in Instance"]
    index: Annotated[int, "as in Instance"]
    chunks: Annotated[list[ChunkProjection], "as in Instance"]
    questions: Annotated[list[QuestionProjection], "as in Instance"]
    labels: Annotated[list[LabelProjection], "as in Instance"]


@dataclass(slots=True)
class SegmentRange:
    """The range of a SegmentSpan."""

    start: Annotated[int, "as in SegmentSpan"]
    end: Annotated[int, "as in SegmentSpan"]


@dataclass(slots=True)
class ChunkTexts:
    """A chunk's text, and where its segments are."""

    text: Annotated[str, "as in Chunk"]
    segments: Annotated[list[SegmentRange], "as in Chunk"]


@dataclass(slots=True)
class InstanceTexts:
    """The texts of an instance, to count words."""

    chunks: Annotated[list[ChunkTexts], "as in Instance"]


def segment_text(
    chunk: Chunk | ChunkProjection | ChunkTexts, segment: SegmentSpan | SegmentProjection | SegmentRange
) -> str:
    """Return the text of a segment of this chunk."""
    return chunk.text[segment.start : segment.end]


def joined_segments(chunk: Chunk | ChunkProjection) -> str:
    """Return the text of a chunk's segments, joined by line ends, without the template around them."""
    return "\n".join(segment_text(chunk, segment) for segment in chunk.segments)


def segment_texts_by_id(instance: Instance) -> dict[str, str]:
    """Return the text of each segment of an instance, by the segment's id."""
    return {
        segment.id: segment_text(chunk, segment) for chunk in instance.chunks for segment in chunk.segments
    }


def locate_segments(instance: Instance) -> dict[str, list[tuple[int, str]]]:
    """Return (index of the chunk, id there) of a document's segments by id; several where one was split."""
    places: dict[str, list[tuple[int, str]]] = {}
    for chunk in instance.chunks:
        for segment in chunk.segments:
            places.setdefault(segment.id.partition(".")[0], []).append((chunk.index, segment.id))
    return places


@dataclass(slots=True)
class InstanceQuestion:
    """A question and its instance: a row between the stages question and filter."""

    instance: Annotated[str, "id of the instance"]
    question: Annotated[Question, "the question"]


@dataclass(slots=True)
class ModelCall:
    """A call of a model by a stage, and its result."""

    id: Annotated[str, "id of the chunk, instance or question that the call is about; of a chat, its key"]
    step: Annotated[str, "purpose of the call"]
    model: Annotated[str, "name of the model"]
    reason: Annotated[str | None, "why the call gave nothing, in a few words; else null"]
    detail: Annotated[str, "details of this call"]
    cache_keys: Annotated[list[str], "keys of its replies in the response cache, in order"]


@dataclass(slots=True)
class PiiFinding:
    """A string that looks like personal data or a secret. It is reported; nothing is dropped."""

    id: Annotated[str, "hash of segment, kind and position; repeated for a segment that is shown twice"]
    source: Annotated[str, "name in params.yaml"]
    split: Annotated[Split, "split of the instance"]
    instance: Annotated[str, "id of the instance"]
    segment: Annotated[str, "id of the segment that holds it"]
    kind: Annotated[
        Literal["email", "phone", "card", "key"], "card: payment card; key: API key or other secret"
    ]
    source_span: Annotated[Span, "the same characters in the raw files"]
    masked: Annotated[str, "the string, all but its first two and last two characters as asterisks"]


@dataclass(slots=True)
class Reject:
    """A rejected record, segment, question or instance, with the reason. Rejects are saved, never lost."""

    id: Annotated[str, "id of the rejected row, or a hash of its raw record"]
    source: Annotated[str, "name in params.yaml"]
    stage: Annotated[str, "stage that rejected it: chunk, question, filter or assemble"]
    kind: Annotated[Literal["record", "segment", "question", "instance"], "type of the rejected row"]
    reason: Annotated[str, "a few words, the same for similar rejects; metrics count by it"]
    detail: Annotated[str, "details of this reject"]
    split: Annotated[Split | None, "its split; null before the split"] = None
    document: Annotated[str | None, "document or instance that it belongs to"] = None
    source_span: Annotated[Span | None, "the raw record, where one was read"] = None
    segments: Annotated[list[Segment], "the rejected segments, in order"] = field(default_factory=list)
    question: Annotated[Question | None, "the rejected question; null for other rejects"] = None


@dataclass(slots=True)
class SegmentId:
    """The id of a segment."""

    id: Annotated[str, "as in Segment"]


@dataclass(slots=True)
class RejectSummary:
    """Columns of a reject for statistics: no text."""

    split: Annotated[Split | None, "as in Reject"]
    kind: Annotated[str, "as in Reject"]
    reason: Annotated[str, "as in Reject"]
    detail: Annotated[str, "as in Reject"]
    segments: Annotated[list[SegmentId], "as in Reject"]


_PRIMITIVES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def _unwrap_optional(hint: Any) -> tuple[Any, bool]:
    """Return (the type without None, whether None is allowed) of `X` or `X | None`."""
    if get_origin(hint) in (UnionType, Union):
        return next(option for option in get_args(hint) if option is not NoneType), True
    return hint, False


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if get_origin(hint) is Literal:
        return pa.string()
    if get_origin(hint) in (list, Sequence):
        return pa.list_(pa.field("element", _arrow_type(get_args(hint)[0]), nullable=False))
    return pa.struct(_arrow_fields(hint))


def _arrow_fields(row_type: type) -> list[pa.Field]:
    fields = []
    for name, annotated in get_type_hints(row_type, include_extras=True).items():
        # A projection, which is only read, may lack documentation.
        hint, doc = get_args(annotated) if get_origin(annotated) is Annotated else (annotated, "")
        hint, nullable = _unwrap_optional(hint)
        fields.append(pa.field(name, _arrow_type(hint), nullable=nullable, metadata={"doc": doc}))
    return fields


def arrow_schema(row_type: type) -> pa.Schema:
    """Return the Arrow schema of a file of `row_type`: documented fields, and the schema version."""
    return pa.schema(_arrow_fields(row_type), metadata={"memcurate.schema": SCHEMA_VERSION})


_FIELDS_BY_TYPE: dict[Any, list[tuple[str, Any, bool]]] = {}


def describe_fields(row_type: Any) -> list[tuple[str, Any, bool]]:
    """Return (name, the dataclass in it or None, whether it is a list) for each field of `row_type`."""
    cached_fields = _FIELDS_BY_TYPE.get(row_type)
    if cached_fields is not None:
        return cached_fields
    fields = _FIELDS_BY_TYPE[row_type] = []
    for name, hint in get_type_hints(row_type).items():
        hint, _ = _unwrap_optional(hint)
        is_list = get_origin(hint) in (list, Sequence)
        inner = get_args(hint)[0] if is_list else hint
        fields.append((name, inner if is_dataclass(inner) else None, is_list))
    return fields


def column_paths(row_type: type) -> list[str]:
    """Return the dotted paths of the Parquet columns that hold the fields of `row_type`."""
    paths = []
    for name, inner, is_list in describe_fields(row_type):
        prefix = f"{name}.list.element" if is_list else name
        paths += [f"{prefix}.{path}" for path in column_paths(inner)] if inner else [prefix]
    return paths
