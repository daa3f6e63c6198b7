"""What an adapter makes of a source's raw files, before anything is chunked."""

from dataclasses import dataclass, field

from pipeline.schema import Question, Reject, Segment


@dataclass(slots=True)
class Book:
    """One book as running text; its sentences are found when it is chunked."""

    name: str
    file: str  # below data/raw/<source>
    text: str  # the whole decoded file or record, so that offsets in it are offsets there
    chapters: list[tuple[int, int, str]]  # start, end, heading; in order, only white space between them
    record: str = ""  # JSON pointer of the string that the text is; empty: the whole file
    group: str = ""  # books of one group stand on one side; empty: this one alone
    questions: list[Question] = field(default_factory=list)  # asked of the whole book, no evidence named


@dataclass(slots=True)
class Section:
    """A part of a document that reads as one: a chat, a session, a paragraph, an article."""

    name: str
    units: list[list[Segment]]  # segments of one unit stay in one chunk where they fit


@dataclass(slots=True)
class Document:
    """Segments in the source's own order: one person's chats, one question's sessions, one article."""

    name: str
    sections: list[Section]
    group: str = ""  # as in Book
    questions: list[Question] = field(default_factory=list)  # asked of the whole document, no evidence named

    @property
    def units(self) -> list[list[Segment]]:
        """The units of all sections, in order."""
        return [unit for section in self.sections for unit in section.units]

    @property
    def segments(self) -> list[Segment]:
        """The segments of all units, in order."""
        return [segment for unit in self.units for segment in unit]


@dataclass(slots=True)
class Parsed:
    """One source, parsed. Its recipe says which of the lists it fills."""

    books: list[Book] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    examples: list[Segment] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
