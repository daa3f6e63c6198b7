"""MemoryAgentBench: long contexts with many questions each, an evaluation set (Parquet, a file for each
category).

A row is a document, and its questions are asked of the whole document: it does not say where their evidence
stands. Contexts come in three shapes: pieces between marks (documents, labelled samples), in one text or a
list of texts; sessions, a list of dates and turns, which is a list or one written out as Python does; a
book's running text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline.documents import Book, Document, Parsed, Section
from pipeline.errors import MemcurateError
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Metric, Question, Segment, Span
from pipeline.sources.reading import Rows, pointer, raw_files, records, rejected_record, stripped, written_out

DOCUMENTS = re.compile(r"\s+(?=Document \d+:)")
SAMPLES = re.compile(r"\n\s*\n")  # `text`, a line `label: 7`, an empty line

_DATE = re.compile(r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d) \(\w+\) (?P<clock>\d\d:\d\d)")


class Metadata(BaseModel):
    """What is used of a row's metadata."""

    source: str
    question_ids: list[str] | None = None
    question_types: list[str] | None = None
    question_dates: list[str] | None = None


class Row(BaseModel):
    """A context and its questions, with the gold answers of each."""

    context: str | list[Any]
    questions: list[str]
    answers: list[str | list[str]]
    metadata: Metadata


@dataclass(frozen=True)
class Context:
    """The context of a row: its value, and where it stands."""

    value: str | list[Any]
    file: str
    where: tuple[str | int, ...]
    document: str
    ids: SegmentIds

    def segment(
        self,
        text: str,
        *place: str | int,
        start: int = 0,
        section: str | None = None,
        speaker: str | None = None,
        time: str | None = None,
    ) -> Segment | None:
        """A piece that begins at character `start` of the string at a place in the context; None: it is
        blank.
        """
        inner, raw = stripped(text, self.file, pointer(*self.where, *place))
        if not inner:
            return None
        raw.start, raw.end = raw.start + start, raw.end + start
        return Segment(
            self.ids.next(inner), raw, self.document, section or self.document, speaker, time, None, inner
        )


Shape = Callable[[Context], list[Section]]  # raises ValueError where the context has another


def asked_in(raw: Path, category: str, name: str) -> set[str]:
    """Ids and texts of the questions of the rows whose source begins with `name`.

    Raises MemcurateError when the file is missing, or has no such row: it then says nothing of what is
    evaluated.
    """
    path, rows = _rows(raw, category)
    asked: set[str] = set()
    for _, row in records(Row, rows, path.name, raw.name, []):
        if row.metadata.source.startswith(name):
            asked.update(row.metadata.question_ids or [])
            asked.update(question.strip() for question in row.questions)
    if not asked:
        raise MemcurateError(f"{path} has no question of {name}…: is it the right file?")
    return asked


def parse(raw: Path, source: str, category: str, name: str, metric: Metric, shape: Shape | None) -> Parsed:
    """One document for each row whose source begins with `name`; without a shape one book.

    Malformed rows and contexts are rejects. Raises MemcurateError when the file is missing or has no such
    row.
    """
    path, rows = _rows(raw, category)
    parsed = Parsed()
    number = 0
    for key, row in records(Row, rows, path.name, source, parsed.rejects):
        if not row.metadata.source.startswith(name):
            continue
        document = f"{row.metadata.source}/{number}"
        number += 1
        where = (key, "context")
        context = Context(row.context, path.name, where, document, SegmentIds(source, document))
        try:
            made = _book(context) if shape is None else Document(document, shape(context))
        except ValueError as error:
            span = Span(path.name, pointer(*where), 0, 0)
            parsed.rejects.append(rejected_record(source, "malformed context", str(error), span))
            continue
        made.questions = list(_questions(row, metric, path.name, key, document, source, parsed))
        if isinstance(made, Book):
            parsed.books.append(made)
        else:
            parsed.documents.append(made)
    if not number:
        raise MemcurateError(f"{path} has no row of {name}…")
    return parsed


def _rows(raw: Path, category: str) -> tuple[Path, Rows]:
    path = raw_files(raw, f"{category}*.parquet")[0]
    return path, Rows(path)


def _book(context: Context) -> Book:
    text = context.value
    if not isinstance(text, str) or not text.strip():
        raise ValueError("the context of a book is one text")
    chapter = (len(text) - len(text.lstrip()), len(text.rstrip()), "")
    return Book(context.document, context.file, text, [chapter], pointer(*context.where))


def pieces(mark: re.Pattern[str]) -> Shape:
    """The shape of what stands between marks: a segment each, in units of one."""

    def shape(context: Context) -> list[Section]:
        texts = [((), context.value)] if isinstance(context.value, str) else _numbered(context.value)
        units = []
        for place, text in texts:
            if not isinstance(text, str):
                raise ValueError(f"a {type(text).__name__} in a list of texts")
            cuts = [0, *(match.end() for match in mark.finditer(text)), len(text)]
            for start, end in pairwise(cuts):
                segment = context.segment(text[start:end], *place, start=start)
                units += [[segment]] if segment else []
        if not units:
            raise ValueError("the context is blank")
        return [Section(context.document, units)]

    return shape


def _numbered(values: list[Any]) -> list[tuple[tuple[int, ...], Any]]:
    return [((number,), value) for number, value in enumerate(values)]


def sessions(context: Context) -> list[Section]:
    """The shape of sessions: a user's turn with the answer to it is a unit."""
    made = []
    for number, time, turns in _sessions(context.value):
        section = f"{context.document}/{number // 2}"
        units: list[list[Segment]] = []
        for place, turn in enumerate(turns):
            segment = context.segment(
                str(turn["content"]),
                *(number + 1, place, "content"),
                section=section,
                speaker=str(turn["role"]).capitalize(),
                time=time,
            )
            if segment is None:
                continue
            if segment.speaker == "Assistant" and units and [one.speaker for one in units[-1]] == ["User"]:
                units[-1].append(segment)
            else:
                units.append([segment])
        if units:
            made.append(Section(section, units))
    return made


def _sessions(value: str | list[Any]) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """(place of the date, time, turns) of every session."""
    values = written_out(value) if isinstance(value, str) else value
    if not isinstance(values, list) or not values or len(values) % 2:
        raise ValueError("sessions are a list of a date and turns, a date and turns …")
    for number in range(0, len(values), 2):
        time, turns = _time(values[number]), values[number + 1]
        if time is None or not isinstance(turns, list) or not all(map(_is_turn, turns)):
            raise ValueError(f"session {number // 2} is no date with turns: {str(values[number])[:80]!r}")
        yield number, time, turns


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and {"role", "content"} <= value.keys()


def _time(text: Any) -> str | None:
    """`Chat Time: 2022/11/17 (Thu) 12:04` as 2022-11-17 12:04; None where it is no such text."""
    found = _DATE.search(text) if isinstance(text, str) else None
    return f"{found['year']}-{found['month']}-{found['day']} {found['clock']}" if found else None


def _questions(
    row: Row, metric: Metric, file: str, key: str | int, document: str, source: str, parsed: Parsed
) -> Iterator[Question]:
    """The row's questions; one without an answer is a reject. Of the metric keywords the answer is a
    summary.
    """
    for number, text in enumerate(row.questions):
        given = row.answers[number] if number < len(row.answers) else []
        stated = [one.strip() for one in ([given] if isinstance(given, str) else given)]
        answers = list(dict.fromkeys(filter(None, stated)))
        inner, raw = stripped(text, file, pointer(key, "questions", number))
        if not inner or not answers:
            parsed.rejects.append(rejected_record(source, "question without text or answer", "", raw))
            continue
        summary = answers[0] if metric == "keywords" else None
        yield Question(
            id=short_id(source, document, number, inner, *answers),
            text=inner,
            answers=[] if summary else answers,
            metric=metric,
            origin="summary" if summary else "carried",
            kind=_at(row.metadata.question_types, number),
            time=_time(_at(row.metadata.question_dates, number)),
            evidence=[],
            evidence_chunks=[],
            raw=raw,
            summary=summary,
        )


def _at(values: list[str] | None, number: int) -> str | None:
    return values[number] if values and number < len(values) else None
