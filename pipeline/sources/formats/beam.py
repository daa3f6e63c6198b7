"""BEAM: conversations of 100 thousand to 10 million tokens, with questions of ten abilities (CC BY-SA 4.0).

A document is a conversation, and a section one of its sessions. The set of 10 million tokens has sessions
below plans, `plan-1` to `plan-10`. A unit is a user's message with the assistant's reply. The first message
of a session names its day. The evidence is the messages that a question names by id. Ids begin anew in later
parts of the longest conversations: a question with an id that names no message, or several, is asked about
the whole conversation, as those are that have no answer. A rubric says what a right reply holds, and has
precedence over the answer beside it, since the two differ in places.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.ids import short_id
from pipeline.core.json_reader import DuplicateKeyObject
from pipeline.core.params.formats import BeamFormat
from pipeline.core.schema import Metric, Segment
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.formats.message_fields import name_speaker
from pipeline.sources.io import (
    RawRecord,
    is_text,
    json_pointer,
    parse_serialized,
    read_data_file,
    require_unique_keys,
    strip_with_span,
    validate_records,
)
from pipeline.sources.literal_answers import choose_metric
from pipeline.sources.parsed import Document, ParsedSource, make_source_question
from pipeline.sources.record_reader import NonBlank, RecordReader, name_document
from pipeline.sources.shards import RawShard, iter_files
from pipeline.sources.times import parse_time, parse_time_by_forms

_ABSTENTION, _ORDERING = "abstention", "event_ordering"
_KINDS = {
    _ABSTENTION: "abstention",
    "contradiction_resolution": "conflict",
    _ORDERING: "order and duration",
    "information_extraction": "extraction",
    "instruction_following": "instruction",
    "knowledge_update": "current value",
    "multi_session_reasoning": "several hops",
    "preference_following": "preference",
    "summarization": "summary",
    "temporal_reasoning": "order and duration",
}
# Abilities whose replies may be right without a word of the rubric, or must hold more than one phrase.
_JUDGED = frozenset({"conflict", "instruction", "preference", "summary"})
_ANSWER_KEYS = ("answer", "ideal_answer", "ideal_response", "ideal_summary", "expected_compliance")
_STATED = re.compile(r"llm response should state:", re.IGNORECASE)  # before a phrase of a rubric
_PLAN = re.compile(r"plan-(\d{1,6})")
_TIME_FORMS = ("%B-%d-%Y", "%b-%d-%Y")
_MARKER, _MARKER_TAIL = "->->", frozenset("0123456789,.N/A \t\n")  # a message's number in its plan, after it

Where = tuple[str | int, ...]


class Message(RawRecord):
    """A message of a session."""

    role: NonBlank
    content: str
    id: int | str | None = None
    time_anchor: str | None = None


class RawQuestion(RawRecord):
    """A question about a conversation."""

    question: NonBlank
    rubric: list[str] | str | None = None
    source_chat_ids: Any = None
    answer: str | int | float | None = None
    ideal_answer: str | None = None
    ideal_response: str | None = None
    ideal_summary: str | None = None
    expected_compliance: str | None = None


class Conversation(RawRecord):
    """A conversation with its questions; messages and questions are checked one by one."""

    conversation_id: str | int
    chat: list[Any]
    probing_questions: str | dict[str, Any]


class _Session(NamedTuple):
    """A session: its name, the path of its list of messages, that list, and the day of its batch."""

    name: str
    path: Where
    messages: Any
    time: str | None


class Beam:
    """Reader of BEAM's files."""

    def __init__(self, columns: BeamFormat) -> None:
        """`columns`: none."""

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per conversation. Malformed sessions, messages and questions are rejects.

        Raises MemcurateError when a file cannot be read or lacks a column.
        """
        parsed = ParsedSource()
        names: set[str] = set()
        for path, file in iter_files(shards):
            _parse_file(path, file, source, parsed, names)
        return parsed


def _parse_file(path: Path, file: str, source: str, parsed: ParsedSource, names: set[str]) -> None:
    """Parse a file. `names`: those of the documents of all files."""
    for key, record in validate_records(Conversation, read_data_file(path), file, source, parsed.rejects):
        name = name_document(str(record.conversation_id), names, file, key)
        _ConversationReader(file, key, source, parsed, name).read(record)


class _ConversationReader(RecordReader):
    """Reads a conversation and its questions into a parsed source."""

    def __init__(self, file: str, key: str | int, source: str, parsed: ParsedSource, name: str) -> None:
        super().__init__(file, key, source, parsed)
        self._name = name
        self._builder = DocumentBuilder(source, file, name)
        self._messages: dict[str, list[Segment]] = {}  # by their ids

    def read(self, record: Conversation) -> None:
        for session in _iter_sessions(record.chat, (self._key, "chat")):
            if isinstance(session.messages, list):
                self._add_session(session)
            else:
                kind = type(session.messages).__name__
                self._reject("malformed session", f"it is a {kind}, not a list of messages", *session.path)
        document = self._builder.build()
        if not document.sections:
            self._reject("conversation without text", self._name, self._key)
            return
        self._parsed.documents.append(document)
        self._add_questions(record.probing_questions, document)

    def _add_session(self, session: _Session) -> None:
        messages = list(self._iter_messages(session))
        first = next(filter(None, (_parse_day(one.time_anchor) for _, one in messages)), None)
        time = session.time or first
        speaker_before = None
        for path, message in messages:
            time = _parse_day(message.time_anchor) or time
            speaker = name_speaker(message.role)
            segment = self._builder.add(
                _cut_marker(message.content),
                record=json_pointer(*path, "content"),
                section=session.name,
                speaker=speaker,
                time=time,
                follows=speaker == "Assistant" and speaker_before == "User",
            )
            if segment is None:
                self._reject("blank turn", f"message {message.id}", *path)
                continue
            speaker_before = speaker
            if message.id is not None:
                self._messages.setdefault(str(message.id), []).append(segment)

    def _iter_messages(self, session: _Session) -> Iterator[tuple[Where, Message]]:
        """Yield (path, message) of a session's messages, which stand in its list or in lists of turns."""
        for index, value in enumerate(session.messages):
            is_turn = isinstance(value, list)
            where = (*session.path, index) if is_turn else session.path
            for key, message in self._validate(Message, value if is_turn else {index: value}, *where):
                yield (*where, key), message

    def _add_questions(self, serialized: str | dict[str, Any], document: Document) -> None:
        where: Where = (self._key, "probing_questions")
        try:
            value = parse_serialized(serialized) if isinstance(serialized, str) else serialized
            if not isinstance(require_unique_keys(value), dict):
                raise ValueError(f"it is a {type(value).__name__}, not an object of abilities")
        except ValueError as error:
            self._reject("malformed questions", str(error), *where)
            return
        for ability, questions in value.items():
            if questions is None:
                continue
            if not isinstance(ability, str) or not is_text(ability) or not isinstance(questions, list):
                detail = f"{str(ability)[:40]!r} holds a {type(questions).__name__}, not a list of questions"
                self._reject("malformed questions", detail, *where)
                continue
            for index, question in self._validate(RawQuestion, questions, *where, ability):
                self._add_question(question, ability.strip(), (*where, ability, index), document)

    def _add_question(self, raw: RawQuestion, ability: str, where: Where, document: Document) -> None:
        kind = _KINDS.get(ability, ability.replace("_", " "))
        evidence = [] if ability == _ABSTENTION else self._find_evidence(raw.source_chat_ids)
        metric: Metric = "abstain"
        answers: list[str] = []
        if ability != _ABSTENTION:
            metric, answer = _choose_gold(raw, ability, kind, evidence)
            if not answer:
                self._reject("blank answer", raw.question, *where)
                return
            answers = [answer]
        text, span = strip_with_span(raw.question, self._file, json_pointer(*where, "question"))
        ids = list(dict.fromkeys(segment.id for segment in evidence))
        question = make_source_question(
            short_id(self._source, text, *answers, *(ids or (self._name, *where))),
            text,
            answers,
            span,
            metric=metric,
            kind=kind,
            evidence=ids,
        )
        (self._parsed.questions if ids else document.questions).append(question)

    def _find_evidence(self, source_ids: Any) -> list[Segment]:
        """Return the messages of ids; none where an id is of no message, or of several."""
        found = [self._messages.get(identity, []) for identity in _iter_ids(source_ids)]
        return [segments[0] for segments in found] if all(len(one) == 1 for one in found) else []


def _iter_sessions(chat: list[Any], where: Where) -> Iterator[_Session]:
    """Yield the sessions of a chat: lists of messages, batches with `turns`, or plans of batches."""
    for index, part in enumerate(chat):
        plans = _list_plans(part)
        if not plans:
            yield _read_batch(f"session {index + 1}", (*where, index), part)
        for plan in plans:
            key = f"plan-{plan}"
            batches = part[key] or []  # a part holds one plan, and null for the others
            if not isinstance(batches, list):
                yield _Session(f"plan {plan}", (*where, index, key), batches, None)
                continue
            for place, batch in enumerate(batches):
                yield _read_batch(f"plan {plan}, session {place + 1}", (*where, index, key, place), batch)


def _read_batch(name: str, path: Where, batch: Any) -> _Session:
    """Return a batch as a session: a list of messages, or an object with such a list and a day."""
    if isinstance(batch, dict) and "turns" in batch and not isinstance(batch, DuplicateKeyObject):
        return _Session(name, (*path, "turns"), batch["turns"], _parse_day(batch.get("time_anchor")))
    return _Session(name, path, batch, None)


def _list_plans(part: Any) -> list[str]:
    """Return the numbers of the plans that a part of a chat has keys for, in order."""
    if not isinstance(part, dict) or isinstance(part, DuplicateKeyObject):
        return []
    matches = (_PLAN.fullmatch(key) for key in part if isinstance(key, str))
    return sorted((match[1] for match in matches if match), key=int)


def _parse_day(value: Any) -> str | None:
    """Convert March-15-2024, or another usual form; None for other values."""
    return parse_time_by_forms(value, _TIME_FORMS) or parse_time(value) if value else None


def _cut_marker(text: str) -> str:
    """Return a message without the mark of its place in the plan, such as `->-> 1,2`."""
    head, marker, tail = text.rpartition(_MARKER)
    return head if marker and _MARKER_TAIL.issuperset(tail) else text


def _iter_ids(value: Any) -> Iterator[str]:
    """Yield the ids in lists, and in objects that tell their roles apart."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _iter_ids(one)
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    elif value is not None:
        yield str(value).strip()


def _choose_gold(raw: RawQuestion, ability: str, kind: str, evidence: list[Segment]) -> tuple[Metric, str]:
    """Return (metric, gold answer); the answer is empty where a question has neither rubric nor answer.

    A rubric of one phrase that stands in the evidence is a literal answer. Other rubrics are for a judge,
    with a line for each of their points; those of an order are numbered.
    """
    points = [raw.rubric] if isinstance(raw.rubric, str) else raw.rubric or []
    points = [point.strip() for point in points if point.strip()]
    if not points:
        given = (getattr(raw, key) for key in _ANSWER_KEYS)
        answer = next((str(one).strip() for one in given if one is not None and str(one).strip()), "")
        return ("judge", answer) if kind in _JUDGED else choose_metric(answer, evidence)
    if ability == _ORDERING:
        return "judge", "\n".join(f"{number}. {point}" for number, point in enumerate(points, 1))
    stated = _STATED.match(points[0])
    if len(points) == 1 and stated and kind not in _JUDGED:
        metric, answer = choose_metric(points[0][stated.end() :], evidence)
        if metric == "contains":
            return metric, answer
    return "judge", "\n".join(points)
