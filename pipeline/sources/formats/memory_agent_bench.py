"""MemoryAgentBench: long contexts with many questions each, an evaluation set (Parquet, files per category).

A row is a document; its questions are about the whole document, since it does not name their evidence.
Contexts come in three forms: delimited pieces (documents, labelled samples), in a text or a list of texts;
sessions, an alternating list of dates and turns, or such a list serialized as Python does; and a book's
running text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.params.formats import MemoryAgentBenchFormat
from pipeline.core.schema import Metric, Question, Reject, Segment, Span
from pipeline.core.unicode import is_well_formed
from pipeline.sources.io import (
    RawRecord,
    find_raw_files,
    is_text,
    json_pointer,
    make_record_reject,
    parse_serialized,
    require_unique_keys,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parquet_rows import ParquetRows
from pipeline.sources.parsed import (
    Book,
    Document,
    ParsedSource,
    Section,
    append_turn,
    make_source_question,
)
from pipeline.sources.shards import RawShard

DOCUMENT_DELIMITER = re.compile(r"(?<=\s)(?=Document \d+:)")
SAMPLE_DELIMITER = re.compile(r"\n\s*\n")  # samples are `text`, `label: 7` and an empty line

_DATE = re.compile(r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d) \(\w+\) (?P<clock>\d\d:\d\d)")


class Metadata(RawRecord):
    """The part of a row's metadata that is used."""

    source: str
    question_ids: list[str | None] | None = None
    question_types: list[str | None] | None = None
    question_dates: list[str | None] | None = None


class BenchmarkQuestions(RawRecord):
    """The part of a row that identifies its questions."""

    questions: list[str | None]
    metadata: Metadata


class BenchmarkRow(BenchmarkQuestions):
    """A context and its questions, with the gold answers of each."""

    context: str | list[Any]
    answers: list[str | list[str | None] | None]


@dataclass(frozen=True)
class BenchmarkContext:
    """The context of a row: its value, and its position in the file."""

    value: str | list[Any]
    file: str
    json_path: tuple[str | int, ...]
    document: str
    ids: SegmentIds

    def make_segment(
        self,
        text: str,
        *path: str | int,
        start: int = 0,
        section: str | None = None,
        speaker: str | None = None,
        time: str | None = None,
    ) -> Segment | None:
        """Build a segment, or return None for a blank text.

        The text begins at index `start` of the string at `path` in the context. Raises ValueError for a text
        with a lone surrogate.
        """
        if not is_well_formed(text):
            raise ValueError("half a surrogate pair, which is no character")
        inner, span = strip_with_span(text, self.file, json_pointer(*self.json_path, *path), start)
        if not inner:
            return None
        return Segment(
            self.ids.next(inner), span, self.document, section or self.document, speaker, time, None, inner
        )


def find_evaluation_questions(raw_dir: Path, category: str, name: str) -> set[str]:
    """Return ids and texts of the questions of all rows whose source begins with `name`.

    Raises MemcurateError when a file is missing or has a malformed row, or no row is of that source: then the
    evaluation questions are not known.
    """
    questions: set[str] = set()
    for path in _find_files(raw_dir, category):
        malformed: list[Reject] = []
        for _, row in validate_records(
            BenchmarkQuestions, ParquetRows(path), path.name, raw_dir.name, malformed
        ):
            if row.metadata.source.startswith(name):
                questions.update(filter(None, row.metadata.question_ids or []))
                questions.update(question.strip() for question in row.questions if question)
        for reject in malformed:
            raise MemcurateError(
                f"{path}: row {reject.source_span.record if reject.source_span else ''} cannot be read "
                f"({reject.detail}), so its questions could not be kept out of train. Fetch an intact file"
            )
    if not questions:
        raise MemcurateError(
            f"{raw_dir / category}*.parquet has no question of {name}…: check the locators of the files"
        )
    return questions


class MemoryAgentBench:
    """Reader of some rows of MemoryAgentBench."""

    def __init__(self, columns: MemoryAgentBenchFormat) -> None:
        """`columns`: the files and rows, and what a context is made of."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document for each row, or a book where a context is one.

        Malformed rows and contexts are rejects. Raises MemcurateError when no file or row is there.
        """
        category, name = self._columns.category, self._columns.rows
        raw_dir = shards[0].raw_dir
        parse_context, metric = _CONTEXTS[self._columns.context]
        parsed = ParsedSource()
        number = 0
        for path, key, row in _read_rows(raw_dir, category, source, parsed.rejects):
            if not row.metadata.source.startswith(name):
                continue
            document = f"{row.metadata.source}/{number}"
            number += 1
            where = (key, "context")
            context = BenchmarkContext(row.context, path.name, where, document, SegmentIds(source, document))
            try:
                content = parse_context(context)
            except ValueError as error:
                span = Span(path.name, json_pointer(*where), 0, 0)
                parsed.rejects.append(make_record_reject(source, "malformed context", str(error), span))
                continue
            content.questions = list(_make_questions(row, metric, path.name, key, document, source, parsed))
            if isinstance(content, Book):
                parsed.books.append(content)
            else:
                parsed.documents.append(content)
        if not number:
            raise MemcurateError(
                f"{raw_dir / category}*.parquet has no row of {name}…: check the locators of the files"
            )
        return parsed


def is_benchmark_file(file: str, category: str) -> bool:
    """Return whether a file, by its path below the raw folder, is one of a category."""
    return file.startswith(category) and file.endswith(".parquet")


def _find_files(raw_dir: Path, category: str) -> list[Path]:
    return find_raw_files(raw_dir, f"{category}*.parquet")


def _read_rows(
    raw_dir: Path, category: str, source: str, rejects: list[Reject]
) -> Iterator[tuple[Path, str | int, BenchmarkRow]]:
    """Yield (file, index, row) of all rows of a category."""
    for path in _find_files(raw_dir, category):
        for key, row in validate_records(BenchmarkRow, ParquetRows(path), path.name, source, rejects):
            yield path, key, row


def _make_book(context: BenchmarkContext) -> Book:
    text = context.value
    if not isinstance(text, str) or not is_text(text):
        raise ValueError("the context of a book is one text")
    chapter = (len(text) - len(text.lstrip()), len(text.rstrip()), "")
    return Book(context.document, context.file, text, [chapter], json_pointer(*context.json_path))


def parse_pieces(delimiter: re.Pattern[str], context: BenchmarkContext) -> Document:
    """Parse delimited pieces: each is a segment, and a unit of its own."""
    texts = [((), context.value)] if isinstance(context.value, str) else _with_indices(context.value)
    units = []
    for path, text in texts:
        if not isinstance(text, str):
            raise ValueError(f"a {type(text).__name__} in a list of texts")
        boundaries = [0, *(match.end() for match in delimiter.finditer(text)), len(text)]
        for start, end in pairwise(boundaries):
            segment = context.make_segment(text[start:end], *path, start=start)
            units += [[segment]] if segment else []
    if not units:
        raise ValueError("the context is blank")
    return Document(context.document, [Section(context.document, units)])


def _with_indices(values: list[Any]) -> list[tuple[tuple[int, ...], Any]]:
    return [((number,), value) for number, value in enumerate(values)]


def parse_sessions(context: BenchmarkContext) -> Document:
    """Parse sessions: a unit is a user's turn with the assistant's reply."""
    sections = []
    for number, time, turns in _iter_sessions(context.value):
        section = f"{context.document}/{number // 2}"
        units: list[list[Segment]] = []
        for index, turn in enumerate(turns):
            segment = context.make_segment(
                turn["content"],
                *(number + 1, index, "content"),
                section=section,
                speaker=turn["role"].capitalize(),
                time=time,
            )
            if segment is not None:
                append_turn(units, segment)
        if units:
            sections.append(Section(section, units))
    if not sections:
        raise ValueError("the context is blank")
    return Document(context.document, sections)


# By what a context is made of: its parser, which raises ValueError for another form, and its answers' metric.
_CONTEXTS: dict[str, tuple[Callable[[BenchmarkContext], Document | Book], Metric]] = {
    "documents": (partial(parse_pieces, DOCUMENT_DELIMITER), "contains"),
    "samples": (partial(parse_pieces, SAMPLE_DELIMITER), "exact"),
    "sessions": (parse_sessions, "judge"),
    "book": (_make_book, "keywords"),
}


def _iter_sessions(value: str | list[Any]) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """Yield (index of the date in the list, time, turns) of every session."""
    values = parse_serialized(value) if isinstance(value, str) else value
    if not isinstance(values, list) or not values or len(values) % 2:
        raise ValueError("sessions are a list of a date and turns, a date and turns …")
    for number in range(0, len(values), 2):
        time, turns = _parse_time(values[number]), values[number + 1]
        if time is None or not isinstance(turns, list):
            raise ValueError(f"session {number // 2} is no date with turns: {str(values[number])[:80]!r}")
        for turn in turns:
            _verify_turn(turn, number // 2)
        yield number, time, turns


def _verify_turn(turn: Any, session: int) -> None:
    """Raise ValueError where a turn lacks a role or a text."""
    fields = require_unique_keys(turn) if isinstance(turn, dict) else {}
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueError(
            f"session {session} has a turn without role or text: {str(role)[:40]!r}, {str(content)[:80]!r}"
        )
    if not is_well_formed(role):
        raise ValueError(f"session {session} has a role with half a surrogate pair, which is no character")


def _parse_time(text: Any) -> str | None:
    """Convert `Chat Time: 2022/11/17 (Thu) 12:04` to 2022-11-17 12:04; None for other values."""
    match = _DATE.search(text) if isinstance(text, str) else None
    return f"{match['year']}-{match['month']}-{match['day']} {match['clock']}" if match else None


def _make_questions(
    row: BenchmarkRow,
    metric: Metric,
    file: str,
    key: str | int,
    document: str,
    source: str,
    parsed: ParsedSource,
) -> Iterator[Question]:
    """Yield the row's questions; a question without text or answer is a reject.

    With the metric keywords, the first answer is a summary.
    """
    for number, text in enumerate(row.questions):
        raw_answers = (row.answers[number] if number < len(row.answers) else None) or []
        raw_answers = [raw_answers] if isinstance(raw_answers, str) else raw_answers
        stripped = [answer.strip() for answer in raw_answers if answer]
        answers = list(dict.fromkeys(filter(None, stripped)))
        inner, span = strip_with_span(text or "", file, json_pointer(key, "questions", number))
        if not inner or not answers:
            parsed.rejects.append(make_record_reject(source, "question without text or answer", "", span))
            continue
        summary = answers[0] if metric == "keywords" else None
        yield make_source_question(
            short_id(source, document, number, inner, *answers),
            inner,
            [] if summary else answers,
            span,
            metric=metric,
            origin="summary" if summary else "source",
            kind=_item_or_none(row.metadata.question_types, number),
            time=_parse_time(_item_or_none(row.metadata.question_dates, number)),
            summary=summary,
        )


def _item_or_none(values: list[str | None] | None, number: int) -> str | None:
    return values[number] if values and number < len(values) else None
