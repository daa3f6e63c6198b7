"""LoCoMo: long conversations of two friends over months, with questions about them (CC BY-NC 4.0).

A document is a conversation, and a section one of its dated sessions. A turn is a unit; the caption of a
photo that the speaker shares is a segment after it. The evidence is the turns that a question names. Answers
are scored by `token_f1`, as the benchmark does; adversarial questions have no answer.
"""

import re
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.core.ids import short_id
from pipeline.core.params.formats import LocomoFormat
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    read_json,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import ParsedSource, make_source_question
from pipeline.sources.record_reader import NonBlank, RecordReader, name_document
from pipeline.sources.shards import RawShard, iter_files
from pipeline.sources.times import parse_time_by_forms

_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_UNANSWERABLE = 5
_SESSION = re.compile(r"session_(\d+)")
_TURN_ID = re.compile(r"D:?(\d+):(\d+)")  # as evidence names a turn, with the slips of the public file
_TIME_FORMS = ("%I:%M %p on %d %B, %Y",)


class Turn(RawRecord):
    """A turn of a session."""

    speaker: NonBlank
    dia_id: str
    text: str = ""
    blip_caption: str | None = None


class RawQuestion(RawRecord):
    """A question about a conversation."""

    question: NonBlank
    answer: str | int | float | None = None
    evidence: list[str] = Field(default_factory=list)
    category: int


class Sample(RawRecord):
    """A conversation with its questions; turns and questions are checked one by one."""

    sample_id: str | int
    conversation: dict[str, Any]
    qa: list[object]


class Locomo:
    """Reader of LoCoMo's files."""

    def __init__(self, columns: LocomoFormat) -> None:
        """`columns`: none."""

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per conversation. Malformed sessions, turns and questions are rejects.

        Raises MemcurateError when a file is not valid JSON.
        """
        parsed = ParsedSource()
        names: set[str] = set()
        for path, file in iter_files(shards):
            _parse_file(path, file, source, parsed, names)
        return parsed


def _parse_file(path: Path, file: str, source: str, parsed: ParsedSource, names: set[str]) -> None:
    """Parse a file. `names`: those of the documents of all files."""
    for key, sample in validate_records(Sample, read_json(path), file, source, parsed.rejects):
        name = name_document(str(sample.sample_id), names, file, key)
        _ConversationReader(file, key, source, parsed).read(name, sample)


class _ConversationReader(RecordReader):
    """Reads a conversation and its questions into a parsed source."""

    def __init__(self, file: str, key: str | int, source: str, parsed: ParsedSource) -> None:
        super().__init__(file, key, source, parsed)
        self._turns: dict[tuple[int, int], list[str]] = {}  # segments by the numbers of session and turn

    def read(self, name: str, sample: Sample) -> None:
        builder = DocumentBuilder(self._source, self._file, name)
        for number, session in _list_sessions(sample):
            written = sample.conversation.get(f"session_{number}_date_time")
            time = parse_time_by_forms(written, _TIME_FORMS)
            self._add_session(builder, number, session, time)
        document = builder.build()
        if not document.sections:
            self._reject("conversation without text", name, self._key)
            return
        self._parsed.documents.append(document)
        where = (self._key, "qa")
        for index, question in self._validate(RawQuestion, sample.qa, *where):
            self._add_question(question, (*where, index))

    def _add_session(self, builder: DocumentBuilder, number: int, session: object, time: str | None) -> None:
        where = (self._key, "conversation", f"session_{number}")
        if not isinstance(session, list):
            self._reject(
                "malformed session", f"it is a {type(session).__name__}, not a list of turns", *where
            )
            return
        if time is None:
            detail = f"session_{number}_date_time is missing, or not like 1:56 pm on 8 May, 2023"
            self._reject("malformed session", detail, *where)
            return
        for index, turn in self._validate(Turn, session, *where):
            ids: list[str] = []
            for column, text, kind in (
                ("text", turn.text, ""),
                ("blip_caption", turn.blip_caption, " (photo)"),
            ):
                segment = builder.add(
                    text or "",
                    record=json_pointer(*where, index, column),
                    section=f"session {number}",
                    speaker=" ".join(turn.speaker.split()) + kind,
                    time=time,
                    follows=bool(ids),
                )
                ids += [segment.id] if segment else []
            match = _TURN_ID.fullmatch(turn.dia_id.strip())
            if not ids:
                self._reject("blank turn", turn.dia_id, *where, index)
            elif match:
                self._turns[int(match[1]), int(match[2])] = ids

    def _add_question(self, question: RawQuestion, where: tuple[str | int, ...]) -> None:
        is_unanswerable = question.category == _UNANSWERABLE
        answer = "" if question.answer is None else str(question.answer).strip()
        if not answer and not is_unanswerable:
            self._reject("blank answer", question.question, *where)
            return
        found = _TURN_ID.findall(" ".join(question.evidence))
        named = [(int(session), int(turn)) for session, turn in found]
        if not named or not self._turns.keys() >= set(named):
            self._reject("no such evidence", "; ".join(question.evidence) or "none is named", *where)
            return
        answers = [] if is_unanswerable else [answer]
        evidence = list(dict.fromkeys(identity for one in named for identity in self._turns[one]))
        text, span = strip_with_span(question.question, self._file, json_pointer(*where, "question"))
        self._parsed.questions.append(
            make_source_question(
                short_id(self._source, text, *answers, *evidence),
                text,
                answers,
                span,
                metric="contains" if is_unanswerable else "token_f1",
                kind=_CATEGORIES.get(question.category, f"category {question.category}"),
                evidence=evidence,
            )
        )


def _list_sessions(sample: Sample) -> list[tuple[int, object]]:
    """Return (number, session) in order."""
    numbered = [
        (int(match[1]), session)
        for name, session in sample.conversation.items()
        if (match := _SESSION.fullmatch(name))
    ]
    return sorted(numbered, key=lambda one: one[0])
