"""Types of parsed sources: the output of a format and the input of chunking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.core.schema import Fact, Metric, Origin, Question, Reject, Segment, Span, Split


@dataclass(slots=True)
class Book:
    """A book as running text; chunking splits it into sentences."""

    name: str
    file: str  # below data/raw/<source>
    text: str  # the whole decoded file or record, so that offsets are the same in both
    chapters: list[tuple[int, int, str]]  # (start, end, heading) in order, with only white space between
    record: str = ""  # JSON pointer of the text; empty: the whole file
    group: str = ""  # books of a group are in the same split; empty: no other book
    questions: list[Question] = field(default_factory=list)  # about the whole book, without evidence
    has_own_lines: bool = False  # its lines may be sentences, as in plain notes; else line ends mean nothing


@dataclass(slots=True)
class Section:
    """A coherent part of a document: a chat, a session, a paragraph or an article."""

    name: str
    units: list[list[Segment]]  # segments of one unit stay in one chunk where they fit


class Moment(NamedTuple):
    """When a question is asked on the way: after a segment, and before one that may change its answer."""

    after: str  # id of the segment
    before: str | None


@dataclass(slots=True)
class Document:
    """Segments in the source's order: a person's chats, a question's sessions, or an article."""

    name: str
    sections: list[Section]
    group: str = ""  # as in Book
    questions: list[Question] = field(default_factory=list)  # about the whole document
    split: Split | None = None  # None: it is drawn
    facts: list[Fact] = field(default_factory=list)  # in order; their chunks are not known before chunking
    moments: dict[str, Moment] = field(default_factory=dict)  # by the id of a question; others: at the end
    spaces: dict[str, str] = field(
        default_factory=dict
    )  # the line ends before a segment of a unit, by its id

    @property
    def units(self) -> list[list[Segment]]:
        """The units of all sections, in order."""
        return [unit for section in self.sections for unit in section.units]

    @property
    def segments(self) -> list[Segment]:
        """The segments of all units, in order."""
        return [segment for unit in self.units for segment in unit]


@dataclass(slots=True)
class ParsedSource:
    """A parsed source. Its chunking strategy determines which of the lists it fills."""

    books: list[Book] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    labelled_examples: list[Segment] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def make_source_question(
    question_id: str,
    text: str,
    answers: list[str],
    source_span: Span,
    *,
    metric: Metric = "contains",
    origin: Origin = "source",
    kind: str | None = None,
    time: str | None = None,
    evidence: Sequence[str] = (),
    summary: str | None = None,
) -> Question:
    """Build a question that a source brings along; its evidence chunks are not known before chunking."""
    return Question(
        id=question_id,
        text=text,
        answers=answers,
        metric=metric,
        origin=origin,
        kind=kind,
        time=time,
        evidence=list(evidence),
        evidence_chunks=[],
        source_span=source_span,
        summary=summary,
    )


def append_turn(units: list[list[Segment]], turn: Segment) -> None:
    """Append a turn of a session: an assistant's reply joins the unit of the user's turn before it."""
    if turn.speaker == "Assistant" and units and [segment.speaker for segment in units[-1]] == ["User"]:
        units[-1].append(turn)
    else:
        units.append([turn])
