"""HaluMem: users with dated sessions, gold memory points and questions (CC BY-NC-ND 4.0; JSONL).

A document is a user, and a section one of their sessions. A unit is a user's message with the assistant's
reply. A question names memory points as its evidence: here that is the messages of the sessions from which
the points came, its own session first. Points that the assistant planted (`interference`) are not gold.
A session's questions were written when it ended, and here all are asked after the last one: a question whose
evidence a later session updates has another answer by then. It is kept where it names a year, and else
rejected.
"""

import re
from typing import Any

from pydantic import Field

from pipeline.core.ids import short_id
from pipeline.core.params.formats import HaluMemFormat
from pipeline.core.schema import Metric, Segment
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.formats.message_fields import name_speaker
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    read_data_file,
    strip_with_span,
    validate_records,
)
from pipeline.sources.literal_answers import choose_metric
from pipeline.sources.parsed import Document, ParsedSource, make_source_question
from pipeline.sources.record_reader import NonBlank, RecordReader, name_document
from pipeline.sources.shards import RawShard, iter_files
from pipeline.sources.times import parse_time, parse_time_by_forms

_ABSTENTION, _UPDATE = "abstention", "current value"
_KINDS = {
    "Basic Fact Recall": "extraction",
    "Multi-hop Inference": "several hops",
    "Dynamic Update": _UPDATE,
    "Memory Boundary": _ABSTENTION,
    "Generalization & Application": "preference",
    "Memory Conflict": "conflict",  # of the question's premise with what was said
}
_JUDGED = frozenset({"preference", "conflict"})  # a right reply need not hold the gold answer's words
_PLANTED = "interference"
_TIME_FORMS = ("%b %d, %Y, %H:%M:%S", "%b %d, %Y, %H:%M", "%b %d, %Y")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

Where = tuple[str | int, ...]


class Message(RawRecord):
    """A message of a session."""

    role: NonBlank
    content: str
    timestamp: str | None = None


class MemoryPoint(RawRecord):
    """A gold memory of a session; `is_update` is written True or False."""

    memory_content: NonBlank
    memory_source: str | None = None
    is_update: str | bool = False
    original_memories: list[str] = Field(default_factory=list)


class Evidence(RawRecord):
    """A memory point that a question names."""

    memory_content: NonBlank


class RawQuestion(RawRecord):
    """A question that was written for a session."""

    question: NonBlank
    answer: str | int | float
    question_type: NonBlank
    evidence: list[Evidence] = Field(default_factory=list)


class Session(RawRecord):
    """A session; its messages, memory points and questions are checked one by one."""

    start_time: str | None = None
    end_time: str | None = None
    dialogue: list[Any]
    memory_points: list[Any] = Field(default_factory=list)
    questions: list[Any] = Field(default_factory=list)


class User(RawRecord):
    """A user; the sessions are checked one by one."""

    uuid: NonBlank
    sessions: list[Any]


class HaluMem:
    """Reader of HaluMem's files."""

    def __init__(self, columns: HaluMemFormat) -> None:
        """`columns`: none."""

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per user. Malformed sessions, messages, memory points and questions are rejects.

        Raises MemcurateError when a file cannot be read.
        """
        parsed = ParsedSource()
        names: set[str] = set()
        for path, file in iter_files(shards):
            for key, user in validate_records(User, read_data_file(path), file, source, parsed.rejects):
                name = name_document(user.uuid, names, file, key)
                _UserReader(file, key, source, parsed, name).read(user)
        return parsed


class _UserReader(RecordReader):
    """Reads a user's sessions and questions into a parsed source."""

    def __init__(self, file: str, key: str | int, source: str, parsed: ParsedSource, name: str) -> None:
        super().__init__(file, key, source, parsed)
        self._name = name
        self._builder = DocumentBuilder(source, file, name)
        self._segments: dict[int, list[Segment]] = {}  # by the session's index
        self._points: dict[str, list[int]] = {}  # indices of the sessions of a memory point, in order
        self._updates: dict[str, int] = {}  # index of the last session that updates a memory point

    def read(self, user: User) -> None:
        sessions = dict(self._validate(Session, user.sessions, self._key, "sessions"))
        for index, session in sessions.items():
            self._add_session(int(index), session)
        document = self._builder.build()
        if not document.sections:
            self._reject("user without text", self._name, self._key)
            return
        self._parsed.documents.append(document)
        for index, session in sessions.items():
            where: Where = (self._key, "sessions", index, "questions")
            for number, question in self._validate(RawQuestion, session.questions, *where):
                self._add_question(question, int(index), session, (*where, number), document)

    def _add_session(self, index: int, session: Session) -> None:
        where: Where = (self._key, "sessions", index)
        time = _parse_time(session.start_time)
        speaker_before = None
        for number, message in self._validate(Message, session.dialogue, *where, "dialogue"):
            time = _parse_time(message.timestamp) or time
            speaker = name_speaker(message.role)
            segment = self._builder.add(
                message.content,
                record=json_pointer(*where, "dialogue", number, "content"),
                section=f"session {index + 1}",
                speaker=speaker,
                time=time,
                follows=speaker == "Assistant" and speaker_before == "User",
            )
            if segment is None:
                self._reject("blank turn", "", *where, "dialogue", number)
                continue
            speaker_before = speaker
            self._segments.setdefault(index, []).append(segment)
        for _, point in self._validate(MemoryPoint, session.memory_points, *where, "memory_points"):
            if point.memory_source == _PLANTED:
                continue
            self._points.setdefault(point.memory_content.strip(), []).append(index)
            if str(point.is_update) == "True":
                self._updates |= {original.strip(): index for original in point.original_memories}

    def _add_question(
        self, raw: RawQuestion, index: int, session: Session, where: Where, document: Document
    ) -> None:
        kind = _KINDS.get(raw.question_type.strip(), raw.question_type.strip().lower())
        named = [one.memory_content.strip() for one in raw.evidence]
        answer = str(raw.answer).strip()
        if kind != _ABSTENTION and not answer:
            self._reject("blank answer", raw.question, *where)
            return
        if kind != _ABSTENTION and any(self._updates.get(point, -1) > index for point in named):
            if not _YEAR.search(raw.question):
                self._reject("answer updated in a later session", raw.question, *where)
                return
            kind = "value at a time" if kind == _UPDATE else kind
        evidence = [] if kind == _ABSTENTION else self._find_evidence(named, index)
        metric: Metric = "abstain" if kind == _ABSTENTION else "judge"
        if kind != _ABSTENTION and kind not in _JUDGED:
            metric, answer = choose_metric(answer, evidence)
        answers = [] if kind == _ABSTENTION else [answer]
        text, span = strip_with_span(raw.question, self._file, json_pointer(*where, "question"))
        ids = [segment.id for segment in evidence]
        question = make_source_question(
            short_id(self._source, text, *answers, *(ids or (self._name, *where))),
            text,
            answers,
            span,
            metric=metric,
            kind=kind,
            time=_parse_time(session.end_time) or _parse_time(session.start_time),
            evidence=ids,
        )
        (self._parsed.questions if ids else document.questions).append(question)

    def _find_evidence(self, named: list[str], index: int) -> list[Segment]:
        """Return the messages of the sessions of memory points, in order; none where a point is not known.

        A point that several sessions have is that of the question's session, or of the last one before it.
        """
        found: set[int] = set()
        for point in named:
            known = [session for session in self._points.get(point, []) if session <= index]
            if not known or known[-1] not in self._segments:
                return []
            found.add(known[-1])
        return [segment for session in sorted(found) for segment in self._segments[session]]


def _parse_time(value: str | None) -> str | None:
    """Convert `Sep 04, 2025, 21:12:31`, or another usual form; None for other values."""
    return parse_time_by_forms(value, _TIME_FORMS) or parse_time(value) if value else None
