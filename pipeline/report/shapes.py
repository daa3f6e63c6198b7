"""What the report reads: outlines of the rows that the stages wrote, and where those lie."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.schema import Question, Split


@dataclass(frozen=True, slots=True)
class Rooms:
    """The folders that the stages before wrote."""

    chunks: Path
    questions: Path
    filtered: Path
    dataset: Path


@dataclass(slots=True)
class PlacedText:
    """A segment of which only the place in its chunk is read."""

    id: str
    start: int
    end: int


@dataclass(slots=True)
class ReadChunk:
    """A chunk with its text, without the facts about its segments."""

    ordinal: int
    text: str
    tokens: int
    time: str
    segments: list[PlacedText]


@dataclass(slots=True)
class ReadInstance:
    """An instance with its text and questions: for distributions and examples."""

    id: str
    source: str
    split: Split
    chunks: list[ReadChunk]
    questions: list[Question]


@dataclass(slots=True)
class Identified:
    """Any row or part that has an id, where only their number counts."""

    id: str


@dataclass(slots=True)
class SizedChunk:
    """A chunk of which the segments are counted."""

    segments: list[Identified]


@dataclass(slots=True)
class SizedInstance:
    """An instance of which the segments and questions are counted."""

    id: str
    source: str
    chunks: list[SizedChunk]
    questions: list[Identified]


@dataclass(slots=True)
class AskedOutline:
    """A row between question and filter, counted."""

    instance: str


@dataclass(slots=True)
class RejectOutline:
    """A reject, counted."""

    id: str
    source: str
    kind: str
    reason: str
    segments: list[Identified]


@dataclass(slots=True)
class FindingOutline:
    """A finding of personal data, counted by its kind."""

    kind: str
