"""Redact rows: each string of a document, a question or a reject by one function, each id by another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipeline.core.schema import Fact, Question, Reject, Segment, Span
from pipeline.sources.io import json_pointer
from pipeline.sources.parsed import Book, Document, Moment, Section

KEPT_NAMES = 4096  # in the cache of `replace_name`
# A quotation may be cut within a value, of which nothing would be recognized then.
_DETAIL_LEFT_OUT = "details may quote personal data; `pii: report` shows them"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A replacement of all strings of rows, each by one of the same length, and of all ids.

    Ids are hashes of the texts, and would tell whether a guess at a value is right.
    """

    replace_text: Callable[[str], str]  # of what is told, asked and answered
    replace_name: Callable[[str], str]  # of what many rows repeat: files, documents, speakers
    replace_id: Callable[[str], str]

    def redact_file(self, file: str) -> str:
        """Redact a path, or a name that may be one; suffixes stay where they are not part of a value."""
        return self.replace_name("/".join(map(self._redact_path_part, file.split("/"))))

    def redact_pointer(self, pointer: str) -> str:
        """Redact the keys of a JSON pointer."""
        keys = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        return json_pointer(*map(self.replace_name, keys))

    def redact_span(self, span: Span) -> Span:
        """Redact the names of a span's file and record; its characters stay."""
        return replace(span, file=self.redact_file(span.file), record=self.redact_pointer(span.record))

    def redact_segment(self, segment: Segment) -> Segment:
        """Redact the text and the names of a segment."""
        return Segment(
            id=self.replace_id(segment.id),
            source_span=self.redact_span(segment.source_span),
            document=self.redact_file(segment.document),
            section=self._redact_optional(segment.section),
            speaker=self._redact_optional(segment.speaker),
            time=segment.time,
            label=self._redact_optional(segment.label),
            text=self.replace_text(segment.text),
        )

    def redact_question(self, question: Question) -> Question:
        """Redact the text, the answers and the summary of a question."""
        return replace(
            question,
            id=self.replace_id(question.id),
            text=self.replace_text(question.text),
            answers=list(map(self.replace_text, question.answers)),
            kind=self._redact_optional(question.kind),
            evidence=list(map(self.replace_id, question.evidence)),
            source_span=question.source_span and self.redact_span(question.source_span),
            summary=None if question.summary is None else self.replace_text(question.summary),
            wrong_answers=list(map(self.replace_text, question.wrong_answers)),
        )

    def redact_reject(self, reject: Reject) -> Reject:
        """Redact the reject of a format, and leave out its detail, which may quote a part of a value."""
        return replace(
            reject,
            id=self.replace_id(reject.id),
            detail=_DETAIL_LEFT_OUT if reject.detail else "",
            document=reject.document if reject.document is None else self.redact_file(reject.document),
            source_span=reject.source_span and self.redact_span(reject.source_span),
            segments=list(map(self.redact_segment, reject.segments)),
            question=reject.question and self.redact_question(reject.question),
        )

    def redact_document(self, document: Document) -> Document:
        """Redact all strings of a document."""
        return Document(
            name=self.redact_file(document.name),
            sections=[
                Section(
                    self.replace_name(section.name),
                    [list(map(self.redact_segment, unit)) for unit in section.units],
                )
                for section in document.sections
            ],
            group=self.redact_file(document.group),
            questions=list(map(self.redact_question, document.questions)),
            split=document.split,
            facts=list(map(self.redact_fact, document.facts)),
            moments={
                self.replace_id(question): Moment(
                    self.replace_id(moment.after), moment.before and self.replace_id(moment.before)
                )
                for question, moment in document.moments.items()
            },
            spaces={self.replace_id(segment): space for segment, space in document.spaces.items()},
        )

    def redact_book(self, book: Book) -> Book:
        """Redact all strings of a book."""
        return replace(
            book,
            name=self.redact_file(book.name),
            file=self.redact_file(book.file),
            text=self.replace_text(book.text),
            chapters=[(start, end, self.replace_name(heading)) for start, end, heading in book.chapters],
            record=self.redact_pointer(book.record),
            group=self.redact_file(book.group),
            questions=list(map(self.redact_question, book.questions)),
        )

    def redact_fact(self, fact: Fact) -> Fact:
        """Redact all strings of a fact."""
        return replace(
            fact,
            subject=self.replace_name(fact.subject),
            attribute=self.replace_name(fact.attribute),
            value=self.replace_name(fact.value),
            segment=self.replace_id(fact.segment),
            end_segment=fact.end_segment and self.replace_id(fact.end_segment),
        )

    def _redact_path_part(self, part: str) -> str:
        suffix = PurePosixPath(part).suffix
        return self.replace_name(self.replace_name(part.removesuffix(suffix)) + suffix)

    def _redact_optional(self, text: str | None) -> str | None:
        return None if text is None else self.replace_name(text)
