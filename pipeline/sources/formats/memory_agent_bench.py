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

from pipeline.documents import Book, Document, Parsed, Section
from pipeline.errors import MemcurateError
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Metric, Question, Reject, Segment, Span
from pipeline.sources.reading import (
    RawRecord,
    is_text,
    pointer,
    raw_files,
    records,
    rejected_record,
    stripped,
    unrepeated,
    written_out,
)
from pipeline.sources.rows import Rows
from pipeline.text.well_formed import is_well_formed

DOCUMENTS = re.compile(r"(?<=\s)(?=Document \d+:)")
SAMPLES = re.compile(r"\n\s*\n")  # `text`, a line `label: 7`, an empty line

_DATE = re.compile(r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d) \(\w+\) (?P<clock>\d\d:\d\d)")


class Metadata(RawRecord):
    """What is used of a row's metadata."""

    source: str
    question_ids: list[str | None] | None = None
    question_types: list[str | None] | None = None
    question_dates: list[str | None] | None = None


class AskedRow(RawRecord):
    """What says which questions are evaluated."""

    questions: list[str | None]
    metadata: Metadata


class Row(AskedRow):
    """A context and its questions, with the gold answers of each."""

    context: str | list[Any]
    answers: list[str | list[str | None] | None]


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
        blank. Raises ValueError where it has half a character.
        """
        if not is_well_formed(text):
            raise ValueError("half a surrogate pair, which is no character")
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

    Raises MemcurateError when a file is missing or has a malformed row, or none has such a row: it then says
    nothing of what is evaluated.
    """
    asked: set[str] = set()
    for path in _files(raw, category):
        malformed: list[Reject] = []
        for _, row in records(AskedRow, Rows(path), path.name, raw.name, malformed):
            if row.metadata.source.startswith(name):
                asked.update(filter(None, row.metadata.question_ids or []))
                asked.update(question.strip() for question in row.questions if question)
        for reject in malformed:
            raise MemcurateError(
                f"{path}: row {reject.raw.record if reject.raw else ''} cannot be read ({reject.detail}): "
                "its questions would not be kept out of train. Fetch a whole file"
            )
    if not asked:
        raise MemcurateError(f"{raw / category}*.parquet has no question of {name}…: is it the right file?")
    return asked


def parse(raw: Path, source: str, category: str, name: str, metric: Metric, shape: Shape | None) -> Parsed:
    """One document for each row whose source begins with `name`; without a shape one book.

    Malformed rows and contexts are rejects. Raises MemcurateError when the file is missing or has no such
    row.
    """
    parsed = Parsed()
    number = 0
    for path, key, row in _rows(raw, category, source, parsed.rejects):
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
        raise MemcurateError(f"{raw / category}*.parquet has no row of {name}…")
    return parsed


def _files(raw: Path, category: str) -> list[Path]:
    return raw_files(raw, f"{category}*.parquet")


def _rows(
    raw: Path, category: str, source: str, rejects: list[Reject]
) -> Iterator[tuple[Path, str | int, Row]]:
    """(file, number, row) of all rows of a category."""
    for path in _files(raw, category):
        for key, row in records(Row, Rows(path), path.name, source, rejects):
            yield path, key, row


def _book(context: Context) -> Book:
    text = context.value
    if not isinstance(text, str) or not is_text(text):
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
                turn["content"],
                *(number + 1, place, "content"),
                section=section,
                speaker=turn["role"].capitalize(),
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
    if not made:
        raise ValueError("the context is blank")
    return made


def _sessions(value: str | list[Any]) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """(place of the date, time, turns) of every session."""
    values = written_out(value) if isinstance(value, str) else value
    if not isinstance(values, list) or not values or len(values) % 2:
        raise ValueError("sessions are a list of a date and turns, a date and turns …")
    for number in range(0, len(values), 2):
        time, turns = _time(values[number]), values[number + 1]
        if time is None or not isinstance(turns, list):
            raise ValueError(f"session {number // 2} is no date with turns: {str(values[number])[:80]!r}")
        for turn in turns:
            _verify_turn(turn, number // 2)
        yield number, time, turns


def _verify_turn(turn: Any, session: int) -> None:
    """Raises ValueError where a turn has not a role and a text."""
    fields = unrepeated(turn) if isinstance(turn, dict) else {}
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueError(
            f"session {session} has a turn without role or text: {str(role)[:40]!r}, {str(content)[:80]!r}"
        )
    if not is_well_formed(role):
        raise ValueError(f"session {session} has a role with half a surrogate pair, which is no character")


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
        given = (row.answers[number] if number < len(row.answers) else None) or []
        stated = [one.strip() for one in ([given] if isinstance(given, str) else given) if one]
        answers = list(dict.fromkeys(filter(None, stated)))
        inner, raw = stripped(text or "", file, pointer(key, "questions", number))
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


def _at(values: list[str | None] | None, number: int) -> str | None:
    return values[number] if values and number < len(values) else None
