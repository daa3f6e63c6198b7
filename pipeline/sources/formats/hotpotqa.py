"""HotpotQA, distractor or full-wiki setting: questions with supporting facts and paragraphs of sentences.

Only gold articles (named by a supporting fact) become documents, one per title, with the first text of that
title; or, with `articles: others`, only the other ones, without questions. A segment is a sentence; an
article is one unit. The evidence is the supporting sentences. The original JSON pairs titles with sentences;
the hub's Parquet has parallel lists.
"""

from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import model_validator

from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.params.formats import HotpotQaFormat
from pipeline.core.schema import Question, Segment, Span
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    make_record_reject,
    read_data_file,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, ParsedSource, Section, make_source_question
from pipeline.sources.record_reader import NonBlank
from pipeline.sources.shards import RawShard, iter_files


class SupportingFact(NamedTuple):
    """A supporting fact: a sentence of an article."""

    title: str
    sentence: int


class Paragraph(NamedTuple):
    """An article's first paragraph, in sentences."""

    title: str
    sentences: list[str]


class Record(RawRecord):
    """A question with its paragraphs."""

    question: NonBlank
    answer: NonBlank
    type: str
    supporting_facts: list[SupportingFact]
    context: list[Paragraph]
    in_columns: bool = False  # as in the hub's Parquet

    @model_validator(mode="before")
    @classmethod
    def _pair_columns(cls, values: Any) -> Any:
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

    def sentences_path(self, paragraph_index: int) -> tuple[str | int, ...]:
        """Return the path of a paragraph's sentences in the record."""
        if self.in_columns:
            return ("context", "sentences", paragraph_index)
        return ("context", paragraph_index, 1)


Article = dict[int, Segment]  # by the index of the sentence


class HotpotQa:
    """Reader of questions with supporting facts."""

    def __init__(self, columns: HotpotQaFormat) -> None:
        """`columns`: which articles are read."""
        self._reads_others = columns.articles == "others"

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per gold article, in question order. Questions without evidence are rejects.

        Raises MemcurateError when a file is not in the format of its suffix.
        """
        if self._reads_others:
            return _parse_others(shards, source)
        parsed = ParsedSource()
        articles: dict[str, Article] = {}
        texts: dict[str, list[str]] = {}
        for path, file in iter_files(shards):
            _parse_file(path, file, source, parsed, articles, texts)
        return parsed


def _parse_file(
    path: Path,
    file: str,
    source: str,
    parsed: ParsedSource,
    articles: dict[str, Article],
    texts: dict[str, list[str]],
) -> None:
    """Parse a file. `articles` and `texts`: the documents, and the texts of titles, of all files."""
    for key, record in validate_records(Record, read_data_file(path), file, source, parsed.rejects):
        gold = {fact.title for fact in record.supporting_facts}
        for index, paragraph in enumerate(record.context):
            title = unescape(paragraph.title).strip()
            if paragraph.title not in gold:
                continue
            if paragraph.sentences != texts.setdefault(title, paragraph.sentences):
                span = Span(file, json_pointer(key, "context", index), 0, 0)
                parsed.rejects.append(make_record_reject(source, "another text of a title", title, span))
            elif title not in articles:
                article = _make_article(title, paragraph, file, (key, *record.sentences_path(index)), source)
                if article:
                    articles[title] = article
                    parsed.documents.append(Document(title, [Section(title, [list(article.values())])]))
        evidence = [
            articles.get(unescape(fact.title).strip(), {}).get(fact.sentence)
            for fact in record.supporting_facts
        ]
        if not evidence or None in evidence:
            missing = [
                fact for fact, segment in zip(record.supporting_facts, evidence, strict=True) if not segment
            ]
            detail = "; ".join(f"{fact.title!r} has no sentence {fact.sentence}" for fact in missing)
            parsed.rejects.append(
                make_record_reject(
                    source,
                    "no such supporting fact",
                    detail or "none named",
                    Span(file, json_pointer(key), 0, 0),
                )
            )
            continue
        ids = list(dict.fromkeys(segment.id for segment in evidence if segment is not None))
        parsed.questions.append(_make_question(record, ids, file, key, source))


def _parse_others(shards: list[RawShard], source: str) -> ParsedSource:
    """Parse a document per article that no question rests on, in order, with the first text of its title."""
    parsed = ParsedSource()
    documents: dict[str, Document] = {}
    gold: set[str] = set()
    for path, file in iter_files(shards):
        for key, record in validate_records(Record, read_data_file(path), file, source, parsed.rejects):
            gold.update(unescape(fact.title).strip() for fact in record.supporting_facts)
            for index, paragraph in enumerate(record.context):
                title = unescape(paragraph.title).strip()
                if title in gold or title in documents:
                    continue
                where = (key, *record.sentences_path(index))
                article = list(_make_article(title, paragraph, file, where, source).values())
                if article:
                    documents[title] = Document(title, [Section(title, [article])])
    parsed.documents += (document for title, document in documents.items() if title not in gold)
    return parsed


def _make_article(
    title: str, paragraph: Paragraph, file: str, where: tuple[str | int, ...], source: str
) -> Article:
    ids = SegmentIds(source, title)
    article = {}
    for number, sentence in enumerate(paragraph.sentences):
        text, span = strip_with_span(sentence, file, json_pointer(*where, number))
        if text:
            article[number] = Segment(ids.next(text), span, title, title, None, None, None, text)
    return article


def _make_question(record: Record, evidence: list[str], file: str, key: str | int, source: str) -> Question:
    text, span = strip_with_span(record.question, file, json_pointer(key, "question"))
    answer = record.answer.strip()
    question_id = short_id(source, text, answer, *evidence)
    return make_source_question(question_id, text, [answer], span, kind=record.type, evidence=evidence)
