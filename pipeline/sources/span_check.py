"""Check that the texts of an own format stand in the raw files at their spans; others are rejected.

The formats of memcurate are checked by tests on their corpora instead.
"""

from dataclasses import replace

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import short_id
from pipeline.core.printable import count_noun
from pipeline.core.rejection import NOT_AT_SPAN_REASON
from pipeline.core.schema import Reject, Segment, Span
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Book, Document, Section
from pipeline.sources.span_reader import SpanReader

_SHOWN_CHARS = 40


class SpanCheck:
    """A check of the spans of a source; what fails it is appended to `rejects`."""

    def __init__(self, source: str, reader: SpanReader, rejects: list[Reject]) -> None:
        """Check the texts of `source` against what `reader` reads."""
        self._source = source
        self._reader = reader
        self._rejects = rejects

    def keep_document(self, document: Book | Document) -> Book | Document | None:
        """Return a document without the segments that fail; None for a book whose text is not its file's."""
        if isinstance(document, Book):
            return self._keep_book(document)
        if all(self._find_problem(segment) is None for segment in document.segments):
            return document
        sections = [
            Section(section.name, [kept for unit in section.units if (kept := self.keep_segments(unit))])
            for section in document.sections
        ]
        return replace(document, sections=[section for section in sections if section.units])

    def keep_segments(self, segments: list[Segment]) -> list[Segment]:
        """Return the segments whose texts are the characters of their spans."""
        kept = []
        for segment in segments:
            problem = self._find_problem(segment)
            if problem is None:
                kept.append(segment)
                continue
            self._rejects.append(
                Reject(
                    id=short_id(self._source, NOT_AT_SPAN_REASON, segment.id),
                    source=self._source,
                    stage="chunk",
                    kind="segment",
                    reason=NOT_AT_SPAN_REASON,
                    detail=problem,
                    document=segment.document,
                    source_span=segment.source_span,
                    segments=[segment],
                )
            )
        return kept

    def _find_problem(self, segment: Segment) -> str | None:
        """Return how a segment's text differs from the characters of its span; None where it does not."""
        span, text = segment.source_span, segment.text
        try:
            found = self._reader.read(span)
        except (MemcurateError, OSError) as error:
            return str(error)
        if found == text and span.start >= 0:
            return None
        if found:
            return _describe_difference(found, text, "segment")
        length = len(self._reader.read_string(span.file, span.record))
        return f"its text ends at character {length:,}, the segment is {_shorten(text)}"

    def _keep_book(self, book: Book) -> Book | None:
        try:
            found = self._reader.read_string(book.file, book.record)
        except (MemcurateError, OSError) as error:
            problem = str(error)
        else:
            if found == book.text:
                return book
            problem = "`text` of a book is the whole text of its file or record, but " + _describe_difference(
                found, book.text, "book"
            )
        span = Span(book.file, book.record, 0, 0)
        self._rejects.append(make_record_reject(self._source, NOT_AT_SPAN_REASON, problem, span))
        return None


def _describe_difference(found: str, text: str, noun: str) -> str:
    """Return where two texts begin to differ. `found`: that of the file; `noun`: names the other."""
    pairs = enumerate(zip(found, text, strict=False))
    start = next((n for n, (one, other) in pairs if one != other), min(len(found), len(text)))
    place = f" after {count_noun(start, 'equal character')}" if start else ""
    return f"the file has {_shorten(found[start:])}{place}, the {noun} {_shorten(text[start:])}"


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")
