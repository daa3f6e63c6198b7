"""LongMemEval's question files: a JSON list of questions, each with its dated sessions of turns.

A document is one question's sessions in order of time. A unit is a user's turn with the answer to it. The
evidence is the turns marked `has_answer`, or where none is, all turns of the answer sessions.
"""

from collections.abc import Set
from datetime import datetime
from pathlib import Path

from pipeline.documents import Document, Parsed, Section
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Metric, Question, Segment, Span
from pipeline.sources.reading import (
    RawRecord,
    pointer,
    raw_file,
    read_json,
    records,
    rejected_record,
    stripped,
)
from pipeline.text.normal import stands_in

_ABSTENTION = "_abs"
_PREFERENCE = "single-session-preference"


class Turn(RawRecord):
    """One turn of a session."""

    role: str
    content: str
    has_answer: bool = False


class Record(RawRecord):
    """One question with its sessions."""

    question_id: str
    question_type: str
    question: str
    answer: str | int
    question_date: str
    haystack_dates: list[str]
    haystack_session_ids: list[str]
    haystack_sessions: list[list[Turn]]
    answer_session_ids: list[str]


def parse(raw: Path, source: str, file: str, evaluated: Set[str] = frozenset()) -> Parsed:
    """One document and one question a record; abstention questions and malformed records are rejects.

    So is a question whose id or text an evaluation set has. Raises MemcurateError when the file is missing or
    is no valid JSON.
    """
    path = raw_file(raw, file)
    parsed = Parsed()
    known: set[str] = set()
    for key, record in records(Record, read_json(path), path.name, source, parsed.rejects):
        where = Span(path.name, pointer(key), 0, 0)
        problem = _problem(record, known, evaluated)
        if problem is not None:
            parsed.rejects.append(rejected_record(source, *problem, where))
            continue
        known.add(record.question_id)
        document, evidence = _document(record, path.name, key, source, parsed)
        parsed.documents.append(document)
        parsed.questions.append(_question(record, evidence, path.name, key, source))
    return parsed


def _problem(record: Record, known: set[str], evaluated: Set[str]) -> tuple[str, str] | None:
    """(reason, detail) of a record that gives no question. `known` are the ids before it."""
    if record.question_id in evaluated or record.question.strip() in evaluated:
        return "question of the evaluation set", record.question_id
    if record.question_id in known:
        return "repeated question id", record.question_id
    if not record.question.strip() or not str(record.answer).strip():
        return "blank question or answer", ""
    if not any(turn.content.strip() for session in record.haystack_sessions for turn in session):
        return "no evidence", "no session has a turn"
    if record.question_id.endswith(_ABSTENTION):
        return "abstention question", "has no answer in its sessions on purpose"
    if not len(record.haystack_dates) == len(record.haystack_session_ids) == len(record.haystack_sessions):
        return "malformed record", "dates, session ids and sessions are not equally many"
    for date in (record.question_date, *record.haystack_dates):
        try:
            _time(date)
        except ValueError:
            return "malformed record", f"date {date!r} is not like '2023/05/20 (Sat) 02:21'"
    return None


def _time(date: str) -> str:
    """'2023/05/20 (Sat) 02:21' as '2023-05-20 02:21'. Raises ValueError."""
    day, _, clock = date.split(" ")
    return datetime.strptime(f"{day} {clock}", "%Y/%m/%d %H:%M").isoformat(" ", "minutes")


def _document(
    record: Record, file: str, key: str | int, source: str, parsed: Parsed
) -> tuple[Document, list[Segment]]:
    """(the sessions in order of time, the segments that hold the answer)."""
    ids = SegmentIds(source, record.question_id)
    marked: list[Segment] = []
    in_answer_sessions: list[Segment] = []
    sections = []
    order = sorted(range(len(record.haystack_sessions)), key=lambda n: _time(record.haystack_dates[n]))
    for number in order:
        units: list[list[Segment]] = []
        session_id = record.haystack_session_ids[number]
        for turn_number, turn in enumerate(record.haystack_sessions[number]):
            place = pointer(key, "haystack_sessions", number, turn_number, "content")
            text, raw = stripped(turn.content, file, place)
            if not text:
                parsed.rejects.append(rejected_record(source, "blank turn", "", raw))
                continue
            segment = Segment(
                id=ids.next(text),
                raw=raw,
                document=record.question_id,
                section=f"{record.question_id}/{session_id}",
                speaker=turn.role.capitalize(),
                time=_time(record.haystack_dates[number]),
                label=None,
                text=text,
            )
            answers_user = bool(units) and turn.role == "assistant" and units[-1][-1].speaker == "User"
            if answers_user and len(units[-1]) == 1:
                units[-1].append(segment)
            else:
                units.append([segment])
            if turn.has_answer:
                marked.append(segment)
            if session_id in record.answer_session_ids:
                in_answer_sessions.append(segment)
        if units:
            sections.append(Section(session_id, units))
    return Document(record.question_id, sections), marked or in_answer_sessions


def _question(record: Record, evidence: list[Segment], file: str, key: str | int, source: str) -> Question:
    """The question; its metric is `contains` only where the answer stands word for word in a turn."""
    answer = str(record.answer).strip()
    bare = answer.removesuffix(".")
    ids = [segment.id for segment in evidence]
    stands = any(stands_in(bare, segment.text) for segment in evidence)
    metric: Metric = "judge"
    # A bare number stands in many a turn that does not answer the question: counts need a judge.
    if stands and not bare.isdigit() and record.question_type != _PREFERENCE:
        metric, answer = "contains", bare
    text, raw = stripped(record.question, file, pointer(key, "question"))
    return Question(
        id=short_id(source, text, answer, *ids),
        text=text,
        answers=[answer],
        metric=metric,
        origin="carried",
        kind=record.question_type,
        time=_time(record.question_date),
        evidence=ids,
        evidence_chunks=[],
        raw=raw,
    )
