"""The shapes of the data: the project's glossary in code.

Each dataclass is a word of the project; each field carries the line that documents it. The Arrow types
of the files come from the same declarations (`arrow_schema`), so memory and disk cannot drift apart.
Values are nested Arrow types, never JSON in strings. Every file carries `SCHEMA_VERSION`.
"""

from dataclasses import dataclass, field, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

SCHEMA_VERSION = "2"

Split = Literal["train", "test", "evaluation"]
SPLITS: tuple[Split, ...] = get_args(Split)
SIDES: tuple[Split, ...] = ("train", "test")  # that documents are drawn to; evaluation sets are neither
Metric = Literal["contains", "exact", "judge", "keywords"]
Origin = Literal["carried", "held-out", "summary", "cloze", "written"]

BLANK = "____"  # stands for the part that a cloze question leaves out

T = TypeVar("T")


@dataclass(slots=True)
class Span:
    """Characters of a raw file: where a piece of text was read."""

    file: Annotated[str, "path below data/raw/<source>"]
    record: Annotated[str, "JSON pointer (RFC 6901) of a string; empty: the whole text file"]
    start: Annotated[int, "first character, in the decoded string"]
    end: Annotated[int, "one past the last character"]


@dataclass(slots=True)
class SegmentFacts:
    """What is known of a segment wherever it stands."""

    id: Annotated[
        str, "from document, text, and which of its equal texts it is; a torn one's parts end in .0, .1"
    ]
    raw: Annotated[Span, "where the same characters stand in the raw files"]
    document: Annotated[str, "name of the document that it belongs to"]
    section: Annotated[str | None, "chapter, chat, session or article that holds it"]
    speaker: Annotated[str | None, "who said it"]
    time: Annotated[str | None, "when it was said, YYYY-MM-DD HH:MM"]
    label: Annotated[str | None, "a labelled example's label, by name"]


@dataclass(slots=True)
class Segment(SegmentFacts):
    """The smallest piece, never torn without need: a turn, a sentence, a passage, a labelled example."""

    text: Annotated[str, "the characters themselves"]


@dataclass(slots=True)
class PlacedSegment(SegmentFacts):
    """A segment inside a chunk: its text is chunk.text[start:end]."""

    start: Annotated[int, "first character in the chunk's text"]
    end: Annotated[int, "one past the last character"]


@dataclass(slots=True)
class Chunk:
    """The text of one step: a dated piece of interaction."""

    id: Annotated[str, "from the text and the segments"]
    ordinal: Annotated[int, "position in the instance, from 0"]
    text: Annotated[str, "as rendered"]
    tokens: Annotated[int, "of the rendered text, by the declared tokenizer"]
    time: Annotated[str, "date of the interaction, YYYY-MM-DD HH:MM"]
    segments: Annotated[list[PlacedSegment], "in reading order"]


@dataclass(slots=True)
class Question:
    """What is asked after the last chunk, its gold answers, and where they stand."""

    id: Annotated[
        str, "from the text, the answers and the evidence; a held-out one's from its instance's place too"
    ]
    text: Annotated[str, "as asked"]
    answers: Annotated[list[str], "gold answers; any of them is right, for the metric keywords all"]
    metric: Annotated[Metric, "how an answer is measured"]
    origin: Annotated[Origin, "how the question came about"]
    kind: Annotated[str | None, "the source's own type of question"]
    time: Annotated[str | None, "when it is asked, where the source says so"]
    evidence: Annotated[list[str], "ids of the segments that hold the answer"]
    evidence_chunks: Annotated[list[int], "ordinals of the chunks that hold those segments"]
    raw: Annotated[Span | None, "where the question, or the example it is about, was read; else null"]
    summary: Annotated[str | None, "the human summary that the answers were taken from; else null"] = None


@dataclass(slots=True)
class Label:
    """The number that stands for a label in every instance of a source."""

    number: Annotated[int, "as shown in chunks and expected as the answer"]
    name: Annotated[str, "as in the source"]


@dataclass(slots=True)
class Instance:
    """A row of the dataset: ordered chunks and questions; what an episode plays."""

    id: Annotated[str, "from the document's name and the chunks"]
    source: Annotated[str, "name in params.yaml"]
    split: Annotated[Split, "the side of its document; in the dataset, evaluation for evaluation sets"]
    document: Annotated[str, "the document, or the side of a pool, that it is cut from"]
    ordinal: Annotated[int, "position in that document, from 0"]
    tokens: Annotated[int, "of all chunks"]
    chunks: Annotated[list[Chunk], "in reading order"]
    questions: Annotated[list[Question], "sorted by id"]
    labels: Annotated[list[Label], "what the label numbers mean; empty where there are none"]


@dataclass(slots=True)
class SegmentOutline:
    """A placed segment without its facts."""

    id: Annotated[str, "as in PlacedSegment"]
    start: Annotated[int, "as in PlacedSegment"]
    end: Annotated[int, "as in PlacedSegment"]


@dataclass(slots=True)
class ChunkOutline:
    """A chunk with the outlines of its segments."""

    text: Annotated[str, "as in Chunk"]
    tokens: Annotated[int, "as in Chunk"]
    segments: Annotated[list[SegmentOutline], "as in Chunk"]


@dataclass(slots=True)
class QuestionOutline:
    """A question by its text and its origin."""

    text: Annotated[str, "as in Question"]
    origin: Annotated[Origin, "as in Question"]


@dataclass(slots=True)
class LabelOutline:
    """A label without its name."""

    number: Annotated[int, "as in Label"]


@dataclass(slots=True)
class InstanceOutline:
    """What repetition, leakage and statistics need of an instance; quicker to read than the whole."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    document: Annotated[str, "as in Instance"]
    ordinal: Annotated[int, "as in Instance"]
    chunks: Annotated[list[ChunkOutline], "as in Instance"]
    questions: Annotated[list[QuestionOutline], "as in Instance"]
    labels: Annotated[list[LabelOutline], "as in Instance"]


@dataclass(slots=True)
class AskedQuestion:
    """A question and the instance that it is asked of: a row between question and filter."""

    instance: Annotated[str, "id of the instance"]
    question: Annotated[Question, "the question"]


@dataclass(slots=True)
class Asked:
    """What a model was asked by a stage, and what came of it."""

    id: Annotated[str, "of the chunk, instance or question that it is about; of a chat, its key"]
    step: Annotated[str, "what it was asked for"]
    model: Annotated[str, "that was asked"]
    reason: Annotated[str | None, "why nothing came of it, in a few words; else null"]
    detail: Annotated[str, "what was found in this one"]
    keys: Annotated[list[str], "of the answers in the answer cache that it came from, in order"]


@dataclass(slots=True)
class Finding:
    """What looks like personal data or a secret, and where it stands. It is reported; nothing is dropped."""

    id: Annotated[str, "from the segment, the kind and the place in it; a segment shown twice has it twice"]
    source: Annotated[str, "name in params.yaml"]
    split: Annotated[Split, "side of the instance"]
    instance: Annotated[str, "id of the instance"]
    segment: Annotated[str, "id of the segment that holds it"]
    kind: Annotated[Literal["email", "phone", "card", "key"], "card: of payment; key: or another secret"]
    raw: Annotated[Span, "where the same characters stand in the raw files"]
    masked: Annotated[str, "what was found, all but its first two and last two characters as asterisks"]


@dataclass(slots=True)
class Reject:
    """Something that did not go on, and why. Rejects are saved, never lost."""

    id: Annotated[str, "of what was rejected, or from its place"]
    source: Annotated[str, "name in params.yaml"]
    stage: Annotated[str, "chunk, question, filter or assemble"]
    kind: Annotated[Literal["record", "segment", "question", "instance"], "what was rejected"]
    reason: Annotated[str, "the same few words for all alike; metrics count by it"]
    detail: Annotated[str, "what was found in this one"]
    split: Annotated[Split | None, "its side; null where that was not drawn yet"] = None
    document: Annotated[str | None, "document or instance that it belongs to"] = None
    raw: Annotated[Span | None, "the raw record, where one was read"] = None
    segments: Annotated[list[Segment], "the segments that go no further, in order"] = field(
        default_factory=list
    )
    question: Annotated[Question | None, "the question, where one was rejected"] = None


_PRIMITIVES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def _without_none(hint: Any) -> tuple[Any, bool]:
    """(the type, whether None is allowed) of `X` or `X | None`."""
    if get_origin(hint) in (UnionType, Union):
        return next(option for option in get_args(hint) if option is not NoneType), True
    return hint, False


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if get_origin(hint) is Literal:
        return pa.string()
    if get_origin(hint) is list:
        return pa.list_(pa.field("element", _arrow_type(get_args(hint)[0]), nullable=False))
    return pa.struct(_arrow_fields(hint))


def _arrow_fields(shape: type) -> list[pa.Field]:
    made = []
    for name, annotated in get_type_hints(shape, include_extras=True).items():
        # An outline, which is only read, may say nothing of its fields.
        hint, doc = get_args(annotated) if get_origin(annotated) is Annotated else (annotated, "")
        hint, nullable = _without_none(hint)
        made.append(pa.field(name, _arrow_type(hint), nullable=nullable, metadata={"doc": doc}))
    return made


def arrow_schema(shape: type) -> pa.Schema:
    """The Arrow schema of a file of `shape`, each field with its documentation, and the schema version."""
    return pa.schema(_arrow_fields(shape), metadata={"memcurate.schema": SCHEMA_VERSION})


_PARTS: dict[Any, list[tuple[str, Any, bool]]] = {}


def _parts(shape: Any) -> list[tuple[str, Any, bool]]:
    """(field, the dataclass in it or None, whether it is a list) for each field of `shape`."""
    known = _PARTS.get(shape)
    if known is not None:
        return known
    parts = _PARTS[shape] = []
    for name, hint in get_type_hints(shape).items():
        hint, _ = _without_none(hint)
        is_list = get_origin(hint) is list
        inner = get_args(hint)[0] if is_list else hint
        parts.append((name, inner if is_dataclass(inner) else None, is_list))
    return parts


def column_paths(shape: type) -> list[str]:
    """The Parquet columns that hold the fields of a shape, nested ones by their dotted paths."""
    paths = []
    for name, inner, is_list in _parts(shape):
        prefix = f"{name}.list.element" if is_list else name
        paths += [f"{prefix}.{path}" for path in column_paths(inner)] if inner else [prefix]
    return paths


def to_row(value: Any) -> dict[str, Any]:
    """A dataclass as nested dicts and lists, ready for Arrow."""
    row = {}
    for name, inner, is_list in _parts(type(value)):
        part = getattr(value, name)
        if inner is not None and part is not None:
            part = [to_row(item) for item in part] if is_list else to_row(part)
        row[name] = part
    return row


def from_row(shape: type[T], row: dict[str, Any]) -> T:
    """The dataclass that `to_row` made `row` of."""
    values = {}
    for name, inner, is_list in _parts(shape):
        part = row[name]
        if inner is not None and part is not None:
            part = [from_row(inner, item) for item in part] if is_list else from_row(inner, part)
        values[name] = part
    return shape(**values)
