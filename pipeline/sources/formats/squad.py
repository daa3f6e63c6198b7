"""SQuAD 1.1 and 2.0: articles of paragraphs with questions whose answers are spans.

A document is an article, a segment a paragraph. Unanswerable questions (2.0) are kept without answers, so
that the filter counts them.
"""

from pathlib import Path

from pydantic import ValidationError

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.params.formats import SquadFormat
from pipeline.core.schema import Question, Segment
from pipeline.sources.io import (
    RawRecord,
    describe_first_error,
    json_pointer,
    make_record_reject,
    read_json,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, ParsedSource, Section, make_source_question
from pipeline.sources.record_reader import NonBlank
from pipeline.sources.shards import RawShard, iter_files


class Answer(RawRecord):
    """A gold answer."""

    text: str


class RawQuestion(RawRecord):
    """A question about a paragraph."""

    question: NonBlank
    answers: list[Answer]
    is_impossible: bool = False


class Paragraph(RawRecord):
    """A paragraph; its questions are checked one by one."""

    context: str
    qas: list[object]


class Article(RawRecord):
    """An article; its paragraphs are checked one by one."""

    title: str
    paragraphs: list[object]


class SquadFile(RawRecord):
    """The whole file."""

    data: list[object]


class Squad:
    """Reader of SQuAD files."""

    def __init__(self, columns: SquadFormat) -> None:
        """`columns`: none."""

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per article. Repeated paragraphs and malformed records are rejects.

        Raises MemcurateError when a file is not a SQuAD file.
        """
        parsed = ParsedSource()
        seen: dict[str, Segment] = {}
        titles: set[str] = set()
        for path, file in iter_files(shards):
            _parse_file(path, file, source, parsed, seen, titles)
        return parsed


def _parse_file(
    path: Path, file: str, source: str, parsed: ParsedSource, seen: dict[str, Segment], titles: set[str]
) -> None:
    """Parse a file. `seen` and `titles`: the paragraphs by text, and the titles, of all files."""
    try:
        articles = SquadFile.model_validate(read_json(path)).data
    except ValidationError as error:
        raise MemcurateError(
            f"{path} is not a SQuAD file, which has a list `data`: {describe_first_error(error)}"
        ) from error
    for number, article in validate_records(Article, articles, file, source, parsed.rejects, "data"):
        title = article.title.replace("_", " ")
        if title in titles:
            title = f"{title} ({number})"
        if title in titles:  # of another file
            title = f"{title} in {file}"
        titles.add(title)
        ids = SegmentIds(source, title)
        sections = []
        where = ("data", number, "paragraphs")
        for index, paragraph in validate_records(
            Paragraph, article.paragraphs, file, source, parsed.rejects, *where
        ):
            text, span = strip_with_span(paragraph.context, file, json_pointer(*where, index, "context"))
            if not text:
                parsed.rejects.append(make_record_reject(source, "blank paragraph", "", span))
                continue
            segment = seen.get(text)
            if segment is None:
                segment = Segment(ids.next(text), span, title, title, None, None, None, text)
                seen[text] = segment
                sections.append(Section(title, [[segment]]))
            else:
                detail = "its questions are asked of the first"
                parsed.rejects.append(make_record_reject(source, "repeated paragraph", detail, span))
            qas = (*where, index, "qas")
            for key, raw_question in validate_records(
                RawQuestion, paragraph.qas, file, source, parsed.rejects, *qas
            ):
                parsed.questions.append(_make_question(raw_question, segment, file, (*qas, key), source))
        if sections:
            parsed.documents.append(Document(title, sections))


def _make_question(
    raw_question: RawQuestion, segment: Segment, file: str, where: tuple[str | int, ...], source: str
) -> Question:
    """Build a question with its distinct answers; its evidence is the paragraph."""
    golds = [] if raw_question.is_impossible else [answer.text.strip() for answer in raw_question.answers]
    answers = list(dict.fromkeys(filter(None, golds)))
    text, span = strip_with_span(raw_question.question, file, json_pointer(*where, "question"))
    question_id = short_id(source, text, *answers, segment.id)
    return make_source_question(question_id, text, answers, span, evidence=[segment.id])
