"""SQuAD's articles with corrections: a later text says that an answer was wrong, and gives another.

`pipeline/world` writes `corrections.jsonl`, an article per line; the other raw files are SQuAD's. A document
is an article, a segment a paragraph or a correction. A question whose answer is corrected is asked at the
end, with the new answer, and before the correction, with the old one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import Field

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.params.corrections import CORRECTIONS_FILE
from pipeline.core.params.formats import CorrectedSquadFormat, SquadFormat
from pipeline.core.schema import Fact, Reject, Segment, Span, Split
from pipeline.sources.formats.squad import Squad
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    make_record_reject,
    read_data_file,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, Moment, ParsedSource, Section
from pipeline.sources.record_reader import NonBlank
from pipeline.sources.shards import RawShard

CORRECTED_KIND = "correction"  # of a question that is asked after the correction
EARLIER_KIND = "current value"  # of the same question before it


class CorrectedQuestion(RawRecord):
    """A question that a corrected value answers, by its index in its paragraph."""

    index: int
    text: NonBlank


class Correction(RawRecord):
    """A correction of a paragraph, which stands after another paragraph."""

    text: NonBlank
    old: NonBlank
    new: NonBlank
    paragraph: int
    after: int
    questions: list[CorrectedQuestion] = Field(min_length=1)


class CorrectedArticle(RawRecord):
    """The split and the corrections of an article; they are checked one by one."""

    file: NonBlank
    article: int
    split: Split
    corrections: list[object]


class CorrectedSquad:
    """Reader of SQuAD files and their corrections."""

    reads_whole = True  # a paragraph that repeats one of another article is left out

    def __init__(self, columns: CorrectedSquadFormat) -> None:
        """`columns`: none."""

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield a document per article. Malformed records, and corrections of such, are rejects.

        Raises MemcurateError where the corrections are missing, or where a file is not a SQuAD file.
        """
        parts = tuple(part for part in shard.parts if part.path != CORRECTIONS_FILE)
        if len(parts) == len(shard.parts):
            raise MemcurateError(
                f"{shard.raw_dir} has no {CORRECTIONS_FILE}: give sources.{source} a block `corrections`, "
                f"and run `dvc repro fetch@{source}`"
            )
        parsed = Squad(SquadFormat(name="squad")).parse([RawShard(shard.raw_dir, parts)], source)
        rejects += parsed.rejects
        articles = {_find_article(document): document for document in parsed.documents}
        _deal_questions(parsed)
        rows = read_data_file(shard.raw_dir / CORRECTIONS_FILE)
        for key, record in validate_records(CorrectedArticle, rows, CORRECTIONS_FILE, source, rejects):
            document = articles.get((record.file, json_pointer("data", record.article)))
            if document is None:
                span = Span(CORRECTIONS_FILE, json_pointer(key), 0, 0)
                detail = f"{record.file} has no article {record.article}, or only rejected paragraphs"
                rejects.append(make_record_reject(source, "corrections without an article", detail, span))
                continue
            document.split = record.split
            _ArticleCorrector(document, record.file, source, rejects).add(record, key)
        yield from parsed.documents


def _find_article(document: Document) -> tuple[str, str]:
    """Return the file of an article and the JSON pointer of its record, by its first paragraph."""
    span = document.segments[0].source_span
    return span.file, span.record.partition("/paragraphs/")[0]


def _deal_questions(parsed: ParsedSource) -> None:
    """Give each document the questions about its paragraphs."""
    documents = {segment.id: document for document in parsed.documents for segment in document.segments}
    for question in parsed.questions:
        documents[question.evidence[0]].questions.append(question)


class _ArticleCorrector:
    """Adds corrections to an article."""

    def __init__(self, document: Document, file: str, source: str, rejects: list[Reject]) -> None:
        self._document = document
        self._file = file
        self._source = source
        self._rejects = rejects
        self._ids = SegmentIds(source, document.name)
        self._segments = {segment.source_span.record: segment for segment in document.segments}
        for segment in document.segments:
            self._ids.next(segment.text)
        self._questions = {
            question.source_span.record: question for question in document.questions if question.source_span
        }

    def add(self, article: CorrectedArticle, key: str | int) -> None:
        """Add the corrections of an article, each after the paragraph that it names."""
        after: dict[str, list[Segment]] = defaultdict(list)
        for index, correction in validate_records(
            Correction, article.corrections, CORRECTIONS_FILE, self._source, self._rejects, key, "corrections"
        ):
            record = json_pointer(key, "corrections", index, "text")
            text, span = strip_with_span(correction.text, CORRECTIONS_FILE, record)
            paragraphs = [
                json_pointer("data", article.article, "paragraphs", number, "context")
                for number in (correction.paragraph, correction.after)
            ]
            if not all(paragraph in self._segments for paragraph in paragraphs):
                detail = f"paragraph {correction.paragraph} or {correction.after} is rejected or missing"
                self._rejects.append(
                    make_record_reject(self._source, "correction without its paragraph", detail, span)
                )
                continue
            name = self._document.name
            segment = Segment(self._ids.next(text), span, name, name, None, None, None, text)
            after[paragraphs[1]].append(segment)
            self._correct(correction, record.removesuffix("/text"), self._segments[paragraphs[0]], segment)
        self._document.sections = list(_insert(self._document.sections, after))

    def _correct(self, correction: Correction, record: str, original: Segment, segment: Segment) -> None:
        """Ask the corrected questions before and after the correction; add the facts.

        `record`: JSON pointer of the correction.
        """
        paragraph = original.source_span.record.removesuffix("/context")
        for number, raw in enumerate(correction.questions):
            question = self._questions.pop(f"{paragraph}/qas/{raw.index}/question", None)
            if question is None:
                span = Span(CORRECTIONS_FILE, f"{record}/questions/{number}/text", 0, len(raw.text))
                detail = f"question {raw.index} of its paragraph is rejected, missing or corrected twice"
                self._rejects.append(
                    make_record_reject(self._source, "correction without its question", detail, span)
                )
                continue
            self._document.questions.remove(question)
            corrected = replace(
                question,
                id=short_id(self._source, question.text, correction.new, segment.id),
                answers=[correction.new],
                kind=CORRECTED_KIND,
                evidence=[segment.id],
                wrong_answers=[correction.old],
            )
            earlier = replace(question, kind=EARLIER_KIND)
            self._document.questions += [earlier, corrected]
            self._document.moments[earlier.id] = Moment(original.id, segment.id)
        subject, attribute = self._document.name, correction.questions[0].text.strip()
        self._document.facts += [
            Fact(subject, attribute, correction.old, original.id, -1, "corrected", segment.id),
            Fact(subject, attribute, correction.new, segment.id, -1),
        ]


def _insert(sections: Sequence[Section], after: dict[str, list[Segment]]) -> Iterator[Section]:
    """Yield the sections of an article, each followed by the corrections that stand after it."""
    for section in sections:
        yield section
        for unit in section.units:
            for segment in after.get(unit[-1].source_span.record, ()):
                yield Section(section.name, [[segment]])
