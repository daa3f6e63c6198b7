"""LongMemEval's question files: a JSON list of questions, each with its dated sessions of turns.

A document is a question's sessions in chronological order. A unit is a user's turn with the assistant's
reply. The evidence is the turns marked `has_answer`; where no turn is marked, all turns of the answer
sessions.
"""

from collections.abc import Set
from datetime import datetime
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.params.formats import LongMemEvalFormat
from pipeline.core.schema import Metric, Question, Segment, Span
from pipeline.sources.formats.memory_agent_bench import find_evaluation_questions, is_benchmark_file
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    make_record_reject,
    read_json,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, ParsedSource, Section, append_turn, make_source_question
from pipeline.sources.shards import RawShard, iter_files
from pipeline.text.normalize import occurs_in

_ABSTENTION_SUFFIX = "_abs"
_PREFERENCE_TYPE = "single-session-preference"


class Turn(RawRecord):
    """A turn of a session."""

    role: str
    content: str
    has_answer: bool = False


class Record(RawRecord):
    """A question with its sessions."""

    question_id: str
    question_type: str
    question: str
    answer: str | int
    question_date: str
    haystack_dates: list[str]
    haystack_session_ids: list[str]
    haystack_sessions: list[list[Turn]]
    answer_session_ids: list[str]


class LongMemEval:
    """Reader of LongMemEval's files."""

    def __init__(self, columns: LongMemEvalFormat) -> None:
        """`columns`: the files whose questions are left out."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document and a question per record; malformed records are rejects.

        Questions that the sessions do not answer on purpose are too, unless `unanswerable` keeps them.

        So are the questions of the files to exclude, by id and by text. Raises MemcurateError when a file is
        missing or is not valid JSON.
        """
        exclude = self._columns.exclude
        excluded: set[str] = set()
        if exclude is not None:
            excluded = find_evaluation_questions(shards[0].raw_dir, exclude, self._columns.exclude_rows)
        files = [
            (path, file)
            for path, file in iter_files(shards)
            if exclude is None or not is_benchmark_file(file, exclude)
        ]
        if not files:
            raise MemcurateError(
                f"{shards[0].raw_dir} has no file of questions, only {exclude}*.parquet: check the locators "
                f"of sources.{source}.files"
            )
        parsed = ParsedSource()
        known: set[str] = set()
        for path, file in files:
            self._parse_file(path, file, source, parsed, known, excluded)
        return parsed

    def _parse_file(
        self, path: Path, file: str, source: str, parsed: ParsedSource, known: set[str], excluded: Set[str]
    ) -> None:
        """Parse a file. `known`: ids of all files' questions. `excluded`: ids and texts of questions."""
        keeps_unanswerable = self._columns.unanswerable == "keep"
        for key, record in validate_records(Record, read_json(path), file, source, parsed.rejects):
            where = Span(file, json_pointer(key), 0, 0)
            problem = _find_problem(record, known, excluded, keeps_unanswerable)
            if problem is not None:
                parsed.rejects.append(make_record_reject(source, *problem, where))
                continue
            known.add(record.question_id)
            document, evidence = _make_document(record, file, key, source, parsed)
            parsed.documents.append(document)
            parsed.questions.append(_make_question(record, evidence, file, key, source))


def _find_problem(
    record: Record, known: set[str], excluded: Set[str], keeps_unanswerable: bool
) -> tuple[str, str] | None:
    """Return (reason, detail) of a record without a question, else None. `known`: ids of earlier records."""
    if record.question_id in excluded or record.question.strip() in excluded:
        return "question of the evaluation set", record.question_id
    if record.question_id in known:
        return "repeated question id", record.question_id
    if not record.question.strip() or not str(record.answer).strip():
        return "blank question or answer", ""
    if not any(turn.content.strip() for session in record.haystack_sessions for turn in session):
        return "no evidence", "no session has a turn"
    if record.question_id.endswith(_ABSTENTION_SUFFIX) and not keeps_unanswerable:
        return "abstention question", "has no answer in its sessions on purpose"
    if not len(record.haystack_dates) == len(record.haystack_session_ids) == len(record.haystack_sessions):
        return "malformed record", "dates, session ids and sessions are not equally many"
    for date in (record.question_date, *record.haystack_dates):
        try:
            _parse_time(date)
        except ValueError:
            return "malformed record", f"date {date!r} is not like '2023/05/20 (Sat) 02:21'"
    return None


def _parse_time(date: str) -> str:
    """Convert '2023/05/20 (Sat) 02:21' to '2023-05-20 02:21'. Raises ValueError for other forms."""
    day, _, clock = date.split(" ")
    return datetime.strptime(f"{day} {clock}", "%Y/%m/%d %H:%M").isoformat(" ", "minutes")


def _make_document(
    record: Record, file: str, key: str | int, source: str, parsed: ParsedSource
) -> tuple[Document, list[Segment]]:
    """Return (the sessions in chronological order, the segments that hold the answer)."""
    ids = SegmentIds(source, record.question_id)
    marked: list[Segment] = []
    in_answer_sessions: list[Segment] = []
    sections = []
    order = sorted(range(len(record.haystack_sessions)), key=lambda n: _parse_time(record.haystack_dates[n]))
    for number in order:
        units: list[list[Segment]] = []
        session_id = record.haystack_session_ids[number]
        for turn_number, turn in enumerate(record.haystack_sessions[number]):
            pointer = json_pointer(key, "haystack_sessions", number, turn_number, "content")
            text, span = strip_with_span(turn.content, file, pointer)
            if not text:
                parsed.rejects.append(make_record_reject(source, "blank turn", "", span))
                continue
            segment = Segment(
                id=ids.next(text),
                source_span=span,
                document=record.question_id,
                section=f"{record.question_id}/{session_id}",
                speaker=turn.role.capitalize(),
                time=_parse_time(record.haystack_dates[number]),
                label=None,
                text=text,
            )
            append_turn(units, segment)
            if turn.has_answer:
                marked.append(segment)
            if session_id in record.answer_session_ids:
                in_answer_sessions.append(segment)
        if units:
            sections.append(Section(session_id, units))
    return Document(record.question_id, sections), marked or in_answer_sessions


def _make_question(
    record: Record, evidence: list[Segment], file: str, key: str | int, source: str
) -> Question:
    """Build the question; its metric is `contains` only where the answer stands word for word in a turn.

    A question that the sessions do not answer on purpose has no gold answer.
    """
    is_unanswerable = record.question_id.endswith(_ABSTENTION_SUFFIX)
    answer = str(record.answer).strip()
    bare_answer = answer.removesuffix(".")
    ids = [segment.id for segment in evidence]
    is_verbatim = any(occurs_in(bare_answer, segment.text) for segment in evidence)
    metric: Metric = "judge"
    # A number also stands in turns that do not answer the question, so counts need a judge.
    if is_verbatim and not bare_answer.isdigit() and record.question_type != _PREFERENCE_TYPE:
        metric, answer = "contains", bare_answer
    text, span = strip_with_span(record.question, file, json_pointer(key, "question"))
    return make_source_question(
        short_id(source, text, answer, *ids),
        text,
        [] if is_unanswerable else [answer],
        span,
        metric="contains" if is_unanswerable else metric,
        kind=record.question_type,
        time=_parse_time(record.question_date),
        evidence=ids,
    )
