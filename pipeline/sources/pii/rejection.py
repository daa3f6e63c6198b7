"""Reject the segments and questions of a source that hold personal data; the rest of a document stays.

A segment is the smallest part that can be left out: a message, a sentence of a text, an example. Rejects have
asterisks in the place of what was found, and ids of their place.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from pipeline.core.ids import short_id
from pipeline.core.rejection import PII_REASON, make_question_reject
from pipeline.core.schema import Fact, Question, Reject, Segment, Span
from pipeline.sources.parsed import Book, Document, ParsedSource, Section
from pipeline.sources.pii.redaction import KEPT_NAMES, Redaction
from pipeline.text.pii import CharSpan, find_pii_spans, may_hold_pii
from pipeline.text.segment_names import is_markdown_file

_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]*\s+|[。！？]["”’」』）]*|\n[^\S\n]*\n""")
_LINE_END = re.compile(r"\n")


class PiiRejection:
    """The treatment of a source with `pii: reject`."""

    def __init__(self, source: str, language: str) -> None:
        """`language`: of the texts, by ISO 639."""
        self._source = source
        self._language = language
        self.counts: Counter[str] = Counter()
        self._find_in_name = lru_cache(KEPT_NAMES)(self._find_in_text)
        self.redaction = Redaction(self._star, lru_cache(KEPT_NAMES)(self._star), str)

    def treat(self, document: Book | Document, rejects: list[Reject]) -> Book | Document | None:
        """Return a document without what holds personal data; None where nothing else is left of it."""
        if isinstance(document, Book):
            return self._treat_book(document, rejects)
        return self._treat_document(document, rejects)[0]

    def treat_rejects(self, rejects: Iterable[Reject]) -> list[Reject]:
        """Return rejects with asterisks."""
        return list(map(self.redaction.redact_reject, rejects))

    def treat_parsed(self, parsed: ParsedSource) -> ParsedSource:
        """Return a parsed source without what holds personal data; its rejects are with the others."""
        rejects = self.treat_rejects(parsed.rejects)
        books = [kept for book in parsed.books if (kept := self._treat_book(book, rejects))]
        documents: list[Document] = []
        removed: set[str] = set()
        for document in parsed.documents:
            treated, ids = self._treat_document(document, rejects)
            removed |= ids
            if treated is not None:
                documents.append(treated)
        examples, ids = self._keep_segments(parsed.labelled_examples, rejects)
        questions = self._keep_questions(parsed.questions, removed | ids, rejects)
        return ParsedSource(books, documents, examples, questions, rejects)

    def _treat_document(self, document: Document, rejects: list[Reject]) -> tuple[Document | None, set[str]]:
        """Return (the document without what holds personal data or None, the ids of removed segments)."""
        is_named = bool(self._find_kinds(document.name, document.group))
        removed: set[str] = set()
        sections = []
        for section in document.sections:
            units = []
            for unit in section.units:
                kept, ids = self._keep_segments(unit, rejects, document.name, document.group, section.name)
                removed |= ids
                if kept:
                    units.append(kept)
            if units:
                sections.append(Section(section.name, units))
        if not removed and not document.questions and not document.facts and not is_named:
            return document, removed
        questions = self._keep_questions(document.questions, removed, rejects, is_named or not sections)
        if not sections or is_named:
            return None, removed
        facts = [one for one in document.facts if self._may_keep_fact(one, removed)]
        return replace(document, sections=sections, questions=questions, facts=facts), removed

    def _treat_book(self, book: Book, rejects: list[Reject]) -> Book | None:
        """Return a book with white space in the place of sentences and lines that hold personal data."""
        named = (book.name, book.file, book.record, book.group)
        if kinds := self._find_kinds(*named):
            spans = [(start, end) for start, end, _ in book.chapters]
            rejects += (self._reject_range(book, span, kinds) for span in spans)
            self._keep_questions(book.questions, (), rejects, is_removed=True)
            return None
        questions = self._keep_questions(book.questions, (), rejects)
        text = book.text
        for span, kinds in self._find_ranges(book):
            rejects.append(self._reject_range(book, span, kinds))
            blank = re.sub(r"[^\n]", " ", text[slice(*span)])
            text = text[: span[0]] + blank + text[span[1] :]
        chapters = [(start, end, self._star(heading)) for start, end, heading in book.chapters]
        return replace(book, text=text, chapters=chapters, questions=questions)

    def _find_ranges(self, book: Book) -> Iterator[tuple[CharSpan, list[str]]]:
        """Yield (span, kinds) of the sentences and lines that hold personal data, of the last one first."""
        if not may_hold_pii(book.text):
            return
        has_lines = book.has_own_lines or is_markdown_file(book.file)
        ends = sorted(
            {0, len(book.text)}
            | {match.end() for match in _SENTENCE_END.finditer(book.text)}
            | ({match.end() for match in _LINE_END.finditer(book.text)} if has_lines else set())
        )
        ranges: list[tuple[int, int, set[str]]] = []
        for kind, (start, end) in find_pii_spans(book.text, self._language):
            first = ends[bisect_right(ends, start) - 1]
            last = ends[bisect_left(ends, end)]
            kinds: set[str] = {kind}
            if ranges and first < ranges[-1][1]:
                first, _, others = ranges.pop()
                kinds |= others
            ranges.append((first, last, kinds))
        for first, last, kinds in reversed(ranges):
            yield (first, last), sorted(kinds)

    def _reject_range(self, book: Book, span: CharSpan, kinds: Sequence[str]) -> Reject:
        start, end = span
        source_span = Span(book.file, book.record, start, end)
        segment = Segment("", source_span, book.name, None, None, None, None, book.text[start:end])
        return self._reject_segment(segment, kinds)

    def _keep_segments(
        self, segments: Sequence[Segment], rejects: list[Reject], *names: str
    ) -> tuple[list[Segment], set[str]]:
        """Return (segments without personal data, the ids of the others). `names`: of what they are in."""
        kept, removed = [], set()
        for segment in segments:
            span = segment.source_span
            named = (segment.document, segment.section, segment.speaker, segment.label, span.file)
            kinds = sorted(
                self._find_in_text(segment.text)
                | self._find_in_text(span.record)
                | {kind for name in (*names, *named) if name for kind in self._find_in_name(name)}
            )
            if kinds:
                rejects.append(self._reject_segment(segment, kinds))
                removed.add(segment.id)
            else:
                kept.append(segment)
        return kept, removed

    def _reject_segment(self, segment: Segment, kinds: Sequence[str]) -> Reject:
        span = segment.source_span
        place = (segment.document, span.file, span.record, span.start, span.end)
        redacted = replace(
            self.redaction.redact_segment(segment), id=short_id(self._source, PII_REASON, *place)
        )
        return Reject(
            id=redacted.id,
            source=self._source,
            stage="chunk",
            kind="segment",
            reason=PII_REASON,
            detail=", ".join(kinds),
            document=redacted.document,
            source_span=redacted.source_span,
            segments=[redacted],
        )

    def _keep_questions(
        self,
        questions: Iterable[Question],
        removed: Collection[str],
        rejects: list[Reject],
        is_removed: bool = False,
    ) -> list[Question]:
        """Return the questions without personal data, and without evidence that has some.

        `is_removed`: whether all that they are about is rejected.
        """
        kept = []
        for number, question in enumerate(questions):
            span = question.source_span
            texts = (question.text, question.summary, question.kind, *question.answers)
            names = (span.file, span.record) if span else ()
            detail = ", ".join(self._find_kinds(*texts, *question.wrong_answers, *names))
            if not detail and (is_removed or not set(removed).isdisjoint(question.evidence)):
                detail = "in its evidence"
            if not detail:
                kept.append(question)
                continue
            redacted = self.redaction.redact_question(question)
            place = (number, redacted.text, *redacted.answers, question.source_span)
            redacted = replace(redacted, id=short_id(self._source, PII_REASON, *place), evidence=[])
            rejects.append(make_question_reject(self._source, "chunk", redacted, PII_REASON, detail))
        return kept

    def _may_keep_fact(self, fact: Fact, removed: Collection[str]) -> bool:
        if fact.segment in removed or fact.end_segment in removed:
            return False
        return not self._find_kinds(fact.subject, fact.attribute, fact.value)

    def _find_kinds(self, *texts: str | None) -> list[str]:
        """Return the kinds of personal data in some texts, sorted."""
        return sorted({kind for text in texts if text for kind in self._find_in_text(text)})

    def _find_in_text(self, text: str) -> frozenset[str]:
        if not may_hold_pii(text):
            return frozenset()
        return frozenset(kind for kind, _ in find_pii_spans(text, self._language))

    def _star(self, text: str) -> str:
        """Return a text with asterisks in the place of personal data."""
        while may_hold_pii(text) and (findings := find_pii_spans(text, self._language)):
            found = {text[start:end] for _, (start, end) in findings}
            for value in sorted(found, key=lambda one: (-len(one), one)):
                text = text.replace(value, "*" * len(value))
        return text
