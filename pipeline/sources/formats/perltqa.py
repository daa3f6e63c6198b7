"""PerLTQA: fictional people, events of their lives, dialogues about these, and questions (CC BY-NC 4.0).

A document is a person; its sections are an event (summary and content) and then each dialogue about it, in
the file's order. Profile and relationship questions are left out: no chunk holds their answers (the paper
leaves out profile questions, and a model drops questions that it cannot answer). Deviation: a dialogue
belongs to the event that it names, where the paper takes any event whose id is a prefix, `1_1_1` for
`1_1_10`. Answers are sentences, which `questions.shorten_answers` makes keywords (paper); an answer that does
not stand in a turn word for word otherwise needs a judge.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.core.errors import MemcurateError
from pipeline.core.ids import SegmentIds, short_id
from pipeline.core.json_reader import DuplicateKeyObject
from pipeline.core.params.formats import PerLtqaFormat
from pipeline.core.schema import Metric, Segment, Span
from pipeline.core.unicode import is_well_formed
from pipeline.sources.io import (
    JsonMap,
    RawRecord,
    find_raw_file,
    is_text,
    json_pointer,
    make_record_reject,
    read_json,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, ParsedSource, Section, make_source_question
from pipeline.sources.shards import RawShard
from pipeline.text.normalize import occurs_in

JsonPath = tuple[str | int, ...]

_DATE_FORMATS = ("%B %d, %Y", "%Y-%m-%d", "%B %Y", "%Y")
_UNSUPPORTED_KINDS = {"profile": "profile question", "social_relationship": "relationship question"}


class Event(RawRecord):
    """An event of a person's life."""

    content: str
    summary: str
    creation_time: str = Field("", alias="Creation Time")


class Dialogue(RawRecord):
    """A dialogue about an event: messages by time."""

    events: str | None = None
    contents: JsonMap


class Person(RawRecord):
    """A person; events and dialogues are checked one by one."""

    profile: JsonMap
    events: JsonMap
    dialogues: JsonMap


class RawQuestion(RawRecord):
    """A question about an event or dialogue."""

    question: str = Field(alias="Question", pattern=r"\S")
    answer: str = Field(alias="Answer", pattern=r"\S")


class PerLtqa:
    """Reader of people and questions."""

    def __init__(self, columns: PerLtqaFormat) -> None:
        """`columns`: the names of the two files."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per person. Malformed records and messages without a speaker are rejects.

        Raises MemcurateError when a file is missing or is not valid JSON, or the questions are not a list.
        """
        raw_dir = shards[0].raw_dir
        parsed = ParsedSource()
        evidence_by_person = _parse_people(find_raw_file(raw_dir, self._columns.memory_file), source, parsed)
        _parse_questions(
            find_raw_file(raw_dir, self._columns.question_file), source, parsed, evidence_by_person
        )
        return parsed


def _parse_people(path: Path, source: str, parsed: ParsedSource) -> dict[str, dict[str, list[str]]]:
    """Parse the people; return ids of segments by person, and by event or dialogue."""
    evidence_by_person: dict[str, dict[str, list[str]]] = {}
    for key, person in validate_records(Person, read_json(path), path.name, source, parsed.rejects):
        protagonist = person.profile.get("Protagonist")
        name = protagonist if isinstance(protagonist, str) and is_text(protagonist) else str(key)
        parser = _PersonParser(source, name, path.name, parsed)
        document = parser.parse_document(person, key) if name not in evidence_by_person else None
        if document is None or not document.segments:
            reason = "person without events" if document else "repeated person"
            span = Span(path.name, json_pointer(key), 0, 0)
            parsed.rejects.append(make_record_reject(source, reason, name, span))
            continue
        parsed.documents.append(document)
        evidence_by_person[name] = parser.evidence_ids
    return evidence_by_person


def _parse_questions(
    path: Path, source: str, parsed: ParsedSource, evidence_by_person: dict[str, dict[str, list[str]]]
) -> None:
    """Parse the questions about events and dialogues of the people."""
    persons = read_json(path)
    if not isinstance(persons, list):
        raise MemcurateError(
            f"{path}: the top is a {type(persons).__name__}, but a list of persons with questions is expected"
        )
    collector = _QuestionCollector(source, path.name, parsed)
    for number, person_questions in enumerate(persons):
        for name, kinds in collector.iter_items(person_questions, (number,)):
            for kind, values in collector.iter_items(kinds, (number, name)):
                for where, topic_id, value in collector.iter_questions(values, (number, name, kind), ""):
                    evidence = evidence_by_person.get(name, {}).get(topic_id, [])
                    collector.add_question(value, where, evidence, kind)


class _PersonParser:
    """A parser of one person; `evidence_ids` maps event and dialogue ids to ids of their segments."""

    def __init__(self, source: str, name: str, file: str, parsed: ParsedSource) -> None:
        self.evidence_ids: dict[str, list[str]] = {}
        self._source = source
        self._name = name
        self._file = file
        self._parsed = parsed
        self._ids = SegmentIds(source, name)

    def parse_document(self, person: Person, key: str | int) -> Document:
        """Build the person's document: the events, each followed by its dialogues."""
        events = dict(self._validate_records(Event, person.events, key, "events"))
        dialogues: dict[str, list[tuple[str, Dialogue]]] = defaultdict(list)
        for record_id, dialogue in self._validate_records(Dialogue, person.dialogues, key, "dialogues"):
            event = dialogue.events or record_id.partition("#")[0]
            if event in events:
                dialogues[event].append((record_id, dialogue))
            else:
                self._reject("dialogue of no event", event, (key, "dialogues", record_id))
        sections = []
        for record_id, event in events.items():
            times = [time for _, dialogue in dialogues[record_id] for time in dialogue.contents]
            sections.append(self._parse_event(record_id, event, (key, "events", record_id), times))
            for dialogue_id, dialogue in dialogues[record_id]:
                sections.append(
                    self._parse_dialogue(dialogue_id, dialogue, (key, "dialogues", dialogue_id, "contents"))
                )
        return Document(self._name, [section for section in sections if section.units])

    def _validate_records(
        self, model: Any, values: dict[str, Any], *where: str | int
    ) -> Iterator[tuple[str, Any]]:
        for record_id, record in validate_records(
            model, values, self._file, self._source, self._parsed.rejects, *where
        ):
            yield str(record_id), record

    def _parse_event(self, event_id: str, event: Event, where: JsonPath, times: list[str]) -> Section:
        time = next((time for time in map(_parse_time, (*times, event.creation_time)) if time), None)
        parts = [("summary", event.summary), ("content", event.content)]
        unit = [
            segment
            for name, text in parts
            if (segment := self._make_segment(text, (*where, name), event_id, None, time)) is not None
        ]
        self.evidence_ids[event_id] = [segment.id for segment in unit]
        return Section(event_id, [unit] if unit else [])

    def _parse_dialogue(self, dialogue_id: str, dialogue: Dialogue, where: JsonPath) -> Section:
        units = []
        for time, messages in dialogue.contents.items():
            for path, message in _flatten_messages(messages, (*where, time)):
                if not isinstance(message, str) or not is_well_formed(message):
                    self._reject("malformed record", f"no text: {message!r:.100}", path)
                    continue
                speaker, colon, text = message.partition(":")
                start = len(speaker) + 1
                if not colon or not speaker.strip() or "\n" in speaker:
                    self._reject("message nobody says", repr(message[:100]), path)
                    continue
                segment = self._make_segment(
                    text, path, dialogue_id, speaker.strip(), _parse_time(time), start
                )
                if segment is not None:
                    units.append([segment])
        self.evidence_ids[dialogue_id] = [segment.id for unit in units for segment in unit]
        return Section(dialogue_id, units)

    def _make_segment(
        self, text: str, where: JsonPath, section: str, speaker: str | None, time: str | None, start: int = 0
    ) -> Segment | None:
        inner, span = strip_with_span(text, self._file, json_pointer(*where), start)
        if not inner:
            self._reject("blank text", "", where)
            return None
        return Segment(self._ids.next(inner), span, self._name, section, speaker, time, None, inner)

    def _reject(self, reason: str, detail: str, where: JsonPath) -> None:
        span = Span(self._file, json_pointer(*where), 0, 0)
        self._parsed.rejects.append(make_record_reject(self._source, reason, detail, span))


def _parse_time(text: str) -> str | None:
    """Convert a timestamp or date to YYYY-MM-DD HH:MM; None for other texts, such as `during an election`."""
    text = text.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", text):
        return text
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).isoformat(" ", "minutes")
        except ValueError:
            continue
    return None


def _flatten_messages(value: Any, where: JsonPath) -> Iterator[tuple[JsonPath, Any]]:
    """Yield (path, message) of a dialogue, whose messages are a string, or a nested list of strings."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flatten_messages(inner, (*where, number))
    else:
        yield where, value


class _QuestionCollector:
    """A collector of the source's questions, which rejects unsupported and malformed ones."""

    def __init__(self, source: str, file: str, parsed: ParsedSource) -> None:
        self._source = source
        self._file = file
        self._parsed = parsed
        self._segment_texts = {
            segment.id: segment.text for document in parsed.documents for segment in document.segments
        }

    def iter_items(self, value: Any, where: JsonPath) -> Iterator[tuple[str, Any]]:
        """Yield the items of an object. A value that a later one of the same key hides is a reject."""
        if isinstance(value, DuplicateKeyObject):
            for key in value.duplicate_keys:
                self._reject("repeated key", f"the key {key!r} stands twice; its last value is read", where)
        if isinstance(value, dict):
            yield from value.items()

    def iter_questions(
        self, value: Any, where: JsonPath, topic_id: str
    ) -> Iterator[tuple[JsonPath, str, dict[str, Any]]]:
        """Yield (path, event or dialogue id, question) of all questions in nested lists and objects by id."""
        if isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self.iter_questions(inner, (*where, number), topic_id)
        elif isinstance(value, dict) and "Question" in value:
            yield where, topic_id, value
        else:
            for inner_id, inner in self.iter_items(value, where):
                yield from self.iter_questions(inner, (*where, inner_id), inner_id)

    def add_question(self, value: dict[str, Any], where: JsonPath, evidence: list[str], kind: str) -> None:
        """Add the question at a path, with the segments of its event or dialogue as evidence."""
        rejects = self._parsed.rejects
        if kind in _UNSUPPORTED_KINDS:
            self._reject(_UNSUPPORTED_KINDS[kind], "no chunk tells what it asks for", where)
            return
        if not is_well_formed(json_pointer(*where)):
            self._reject(
                "malformed record", "its key has half a surrogate pair, which is no character", where
            )
            return
        rows = {where[-1]: value}
        for _, raw in validate_records(RawQuestion, rows, self._file, self._source, rejects, *where[:-1]):
            text, span = strip_with_span(raw.question, self._file, json_pointer(*where, "Question"))
            answer = raw.answer.strip().removesuffix(".")
            is_verbatim = any(occurs_in(answer, self._segment_texts[segment]) for segment in evidence)
            metric: Metric = "contains" if is_verbatim else "judge"
            question_id = short_id(self._source, text, answer, *evidence)
            self._parsed.questions.append(
                make_source_question(
                    question_id, text, [answer], span, metric=metric, kind=kind, evidence=evidence
                )
            )

    def _reject(self, reason: str, detail: str, where: JsonPath) -> None:
        span = Span(self._file, json_pointer(*where), 0, 0)
        self._parsed.rejects.append(make_record_reject(self._source, reason, detail, span))
