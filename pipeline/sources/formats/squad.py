"""SQuAD 1.1 and 2.0: articles of paragraphs with questions whose answers are spans.

A document is an article, a paragraph one segment. Unanswerable questions (2.0) are carried without
answers, so that the filter says how many there were.
"""

from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, ValidationError

from pipeline.documents import Document, Parsed, Section
from pipeline.errors import MemcurateError
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Question, Segment
from pipeline.sources.reading import (
    RawRecord,
    first_error,
    pointer,
    raw_file,
    read_json,
    records,
    rejected_record,
    stripped,
)


class Answer(RawRecord):
    """A gold answer."""

    text: str


class Asked(RawRecord):
    """A question about a paragraph."""

    question: Annotated[str, StringConstraints(pattern=r"\S")]
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


class File(RawRecord):
    """The whole file."""

    data: list[object]


def parse(raw: Path, source: str, file: str) -> Parsed:
    """One document an article. Repeated paragraphs and malformed records are rejects.

    Raises MemcurateError when the file is missing or no SQuAD file.
    """
    path = raw_file(raw, file)
    try:
        articles = File.model_validate(read_json(path)).data
    except ValidationError as error:
        raise MemcurateError(
            f"{path} is no SQuAD file, which has a list `data`: {first_error(error)}"
        ) from error
    parsed = Parsed()
    seen: dict[str, Segment] = {}
    titles: set[str] = set()
    for number, article in records(Article, articles, path.name, source, parsed.rejects, "data"):
        title = article.title.replace("_", " ")
        if title in titles:
            title = f"{title} ({number})"
        titles.add(title)
        ids = SegmentIds(source, title)
        sections = []
        where = ("data", number, "paragraphs")
        for place, paragraph in records(
            Paragraph, article.paragraphs, path.name, source, parsed.rejects, *where
        ):
            text, span = stripped(paragraph.context, path.name, pointer(*where, place, "context"))
            if not text:
                parsed.rejects.append(rejected_record(source, "blank paragraph", "", span))
                continue
            segment = seen.get(text)
            if segment is None:
                segment = Segment(ids.next(text), span, title, title, None, None, None, text)
                seen[text] = segment
                sections.append(Section(title, [[segment]]))
            else:
                detail = "its questions are asked of the first"
                parsed.rejects.append(rejected_record(source, "repeated paragraph", detail, span))
            qas = (*where, place, "qas")
            for key, asked in records(Asked, paragraph.qas, path.name, source, parsed.rejects, *qas):
                parsed.questions.append(_question(asked, segment, path.name, (*qas, key), source))
        if sections:
            parsed.documents.append(Document(title, sections))
    return parsed


def _question(
    asked: Asked, segment: Segment, file: str, where: tuple[str | int, ...], source: str
) -> Question:
    """The question with its distinct answers, whose evidence is the paragraph."""
    golds = [] if asked.is_impossible else [answer.text.strip() for answer in asked.answers]
    answers = list(dict.fromkeys(filter(None, golds)))
    text, raw = stripped(asked.question, file, pointer(*where, "question"))
    return Question(
        id=short_id(source, text, *answers, segment.id),
        text=text,
        answers=answers,
        metric="contains",
        origin="carried",
        kind=None,
        time=None,
        evidence=[segment.id],
        evidence_chunks=[],
        raw=raw,
    )
