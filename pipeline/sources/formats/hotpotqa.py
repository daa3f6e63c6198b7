"""HotpotQA, distractor or full-wiki setting: questions with supporting facts and paragraphs of sentences.

Only gold articles (those a supporting fact names) become documents, one each, by title; of one title the
first text stands. A segment is a sentence; the article is the unit that holds it together. The evidence
is the supporting sentences. The original JSON pairs titles with sentences; the hub's Parquet has a list of
each.
"""

from html import unescape
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import StringConstraints, model_validator

from pipeline.documents import Document, Parsed, Section
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Question, Segment, Span
from pipeline.sources.reading import (
    RawRecord,
    pointer,
    raw_file,
    read_value,
    records,
    rejected_record,
    stripped,
)


class Fact(NamedTuple):
    """A supporting fact: a sentence of an article."""

    title: str
    sentence: int


class Paragraph(NamedTuple):
    """An article's first paragraph, in sentences."""

    title: str
    sentences: list[str]


NotBlank = Annotated[str, StringConstraints(pattern=r"\S")]


class Record(RawRecord):
    """One question with its paragraphs."""

    question: NotBlank
    answer: NotBlank
    type: str
    supporting_facts: list[Fact]
    context: list[Paragraph]
    in_columns: bool = False  # the hub's way

    @model_validator(mode="before")
    @classmethod
    def _paired(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("context"), dict):
            return values
        try:
            facts, context = values["supporting_facts"], values["context"]
            paired = {
                "supporting_facts": list(zip(facts["title"], facts["sent_id"], strict=True)),
                "context": list(zip(context["title"], context["sentences"], strict=True)),
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"columns that do not pair: {error}") from error
        return {**values, **paired, "in_columns": True}

    def sentences_at(self, place: int) -> tuple[str | int, ...]:
        """Where the sentences of paragraph `place` stand in the record."""
        return ("context", "sentences", place) if self.in_columns else ("context", place, 1)


Article = dict[int, Segment]  # segments by the number of their sentence


def parse(raw: Path, source: str, *files: str) -> Parsed:
    """One document a gold article, in the order of the questions. Questions without evidence are rejects.

    Raises MemcurateError when a file is missing or is not what its suffix says.
    """
    parsed = Parsed()
    articles: dict[str, Article] = {}
    texts: dict[str, list[str]] = {}
    for file in files:
        _parse_file(raw_file(raw, file), source, parsed, articles, texts)
    return parsed


def _parse_file(
    path: Path, source: str, parsed: Parsed, articles: dict[str, Article], texts: dict[str, list[str]]
) -> None:
    for key, record in records(Record, read_value(path), path.name, source, parsed.rejects):
        gold = {fact.title for fact in record.supporting_facts}
        for place, paragraph in enumerate(record.context):
            title = unescape(paragraph.title).strip()
            if paragraph.title not in gold:
                continue
            if paragraph.sentences != texts.setdefault(title, paragraph.sentences):
                span = Span(path.name, pointer(key, "context", place), 0, 0)
                parsed.rejects.append(rejected_record(source, "another text of a title", title, span))
            elif title not in articles:
                article = _article(title, paragraph, path.name, (key, *record.sentences_at(place)), source)
                if article:
                    articles[title] = article
                    parsed.documents.append(Document(title, [Section(title, [list(article.values())])]))
        evidence = [
            articles.get(unescape(f.title).strip(), {}).get(f.sentence) for f in record.supporting_facts
        ]
        if not evidence or None in evidence:
            missing = [
                fact for fact, found in zip(record.supporting_facts, evidence, strict=True) if not found
            ]
            detail = "; ".join(f"{fact.title!r} has no sentence {fact.sentence}" for fact in missing)
            parsed.rejects.append(
                rejected_record(
                    source,
                    "no such supporting fact",
                    detail or "none named",
                    Span(path.name, pointer(key), 0, 0),
                )
            )
            continue
        ids = list(dict.fromkeys(segment.id for segment in evidence if segment is not None))
        parsed.questions.append(_question(record, ids, path.name, key, source))


def _article(
    title: str, paragraph: Paragraph, file: str, where: tuple[str | int, ...], source: str
) -> Article:
    ids = SegmentIds(source, title)
    article = {}
    for number, sentence in enumerate(paragraph.sentences):
        text, span = stripped(sentence, file, pointer(*where, number))
        if text:
            article[number] = Segment(ids.next(text), span, title, title, None, None, None, text)
    return article


def _question(record: Record, evidence: list[str], file: str, key: str | int, source: str) -> Question:
    text, raw = stripped(record.question, file, pointer(key, "question"))
    answer = record.answer.strip()
    return Question(
        id=short_id(source, text, answer, *evidence),
        text=text,
        answers=[answer],
        metric="contains",
        origin="carried",
        kind=record.type,
        time=None,
        evidence=evidence,
        evidence_chunks=[],
        raw=raw,
    )
