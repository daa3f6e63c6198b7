"""PerLTQA: invented people, the events of their lives, the dialogues about them, and questions (CC BY-NC
4.0).

A document is a person, its sections an event (its summary and its content) and then each dialogue about it,
in the file's order. Profile and relationship questions are left out: no chunk tells what they ask for (the
paper leaves out the first, and has a model drop what it cannot answer). Deviation: a dialogue belongs to the
event that it names, where the paper takes any whose id begins like the event's, `1_1_10` for `1_1_1`. Answers
are sentences, which `questions.shorten` makes keywords (paper); an answer that does not stand in a turn word
for word needs a judge otherwise.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.documents import Document, Parsed, Section
from pipeline.errors import MemcurateError
from pipeline.ids import SegmentIds, short_id
from pipeline.schema import Metric, Question, Segment, Span
from pipeline.sources.reading import (
    Entries,
    RawRecord,
    is_text,
    pointer,
    raw_file,
    read_json,
    records,
    rejected_record,
    stripped,
)
from pipeline.text.json_values import ObjectWithRepeats
from pipeline.text.normal import stands_in
from pipeline.text.well_formed import is_well_formed

Place = tuple[str | int, ...]

_MEMORY, _QUESTIONS = "perltmem_en.json", "perltqa_en.json"
_DATES = ("%B %d, %Y", "%Y-%m-%d", "%B %Y", "%Y")
_NOT_TOLD = {"profile": "profile question", "social_relationship": "relationship question"}


class Event(RawRecord):
    """An event of a person's life."""

    content: str
    summary: str
    creation_time: str = Field("", alias="Creation Time")


class Dialogue(RawRecord):
    """A dialogue about an event: messages by time."""

    events: str | None = None
    contents: Entries


class Person(RawRecord):
    """A person; events and dialogues are checked one by one."""

    profile: Entries
    events: Entries
    dialogues: Entries


class Asked(RawRecord):
    """A question about an event or dialogue."""

    question: str = Field(alias="Question", pattern=r"\S")
    answer: str = Field(alias="Answer", pattern=r"\S")


def parse(raw: Path, source: str) -> Parsed:
    """One document a person. Malformed records and messages nobody says are rejects.

    Raises MemcurateError when a file is missing or is no valid JSON, or the questions are no list.
    """
    path = raw_file(raw, _MEMORY)
    parsed = Parsed()
    told: dict[str, dict[str, list[str]]] = {}
    for key, person in records(Person, read_json(path), path.name, source, parsed.rejects):
        protagonist = person.profile.get("Protagonist")
        name = protagonist if isinstance(protagonist, str) and is_text(protagonist) else str(key)
        reader = _Reader(source, name, path.name, parsed)
        document = reader.document(person, key) if name not in told else None
        if document is None or not document.segments:
            reason = "person without events" if document else "repeated person"
            span = Span(path.name, pointer(key), 0, 0)
            parsed.rejects.append(rejected_record(source, reason, name, span))
            continue
        parsed.documents.append(document)
        told[name] = reader.told
    path = raw_file(raw, _QUESTIONS)
    asked = read_json(path)
    if not isinstance(asked, list):
        raise MemcurateError(f"{path}: the top is no list of persons with their questions")
    carrying = _Carrying(source, path.name, parsed)
    for number, of_person in enumerate(asked):
        for name, kinds in carrying.entries(of_person, (number,)):
            for kind, values in carrying.entries(kinds, (number, name)):
                for where, about, found in carrying.questions(values, (number, name, kind), ""):
                    carrying.carry(found, where, told.get(name, {}).get(about, []), kind)
    return parsed


class _Reader:
    """Reads one person; `told` are the segments of each event and dialogue, by its id."""

    def __init__(self, source: str, name: str, file: str, parsed: Parsed) -> None:
        self.told: dict[str, list[str]] = {}
        self._source = source
        self._name = name
        self._file = file
        self._parsed = parsed
        self._ids = SegmentIds(source, name)

    def document(self, person: Person, key: str | int) -> Document:
        """The person's events, each with its dialogues."""
        events = dict(self._records(Event, person.events, key, "events"))
        dialogues: dict[str, list[tuple[str, Dialogue]]] = defaultdict(list)
        for identity, dialogue in self._records(Dialogue, person.dialogues, key, "dialogues"):
            event = dialogue.events or identity.partition("#")[0]
            if event in events:
                dialogues[event].append((identity, dialogue))
            else:
                self._reject("dialogue of no event", event, (key, "dialogues", identity))
        sections = []
        for identity, event in events.items():
            times = [time for _, dialogue in dialogues[identity] for time in dialogue.contents]
            sections.append(self._event(identity, event, (key, "events", identity), times))
            for number, dialogue in dialogues[identity]:
                sections.append(self._dialogue(number, dialogue, (key, "dialogues", number, "contents")))
        return Document(self._name, [section for section in sections if section.units])

    def _records(self, shape: Any, values: dict[str, Any], *where: str | int) -> Iterator[tuple[str, Any]]:
        for identity, record in records(
            shape, values, self._file, self._source, self._parsed.rejects, *where
        ):
            yield str(identity), record

    def _event(self, identity: str, event: Event, where: Place, times: list[str]) -> Section:
        time = next((time for time in map(_time, (*times, event.creation_time)) if time), None)
        parts = [("summary", event.summary), ("content", event.content)]
        unit = [
            segment
            for name, text in parts
            if (segment := self._segment(text, (*where, name), identity, None, time)) is not None
        ]
        self.told[identity] = [segment.id for segment in unit]
        return Section(identity, [unit] if unit else [])

    def _dialogue(self, identity: str, dialogue: Dialogue, where: Place) -> Section:
        units = []
        for time, messages in dialogue.contents.items():
            for place, message in _messages(messages, (*where, time)):
                if not isinstance(message, str) or not is_well_formed(message):
                    self._reject("malformed record", f"no text: {message!r:.100}", place)
                    continue
                speaker, colon, text = message.partition(":")
                begin = len(speaker) + 1
                if not colon or not speaker.strip() or "\n" in speaker:
                    self._reject("message nobody says", repr(message[:100]), place)
                    continue
                segment = self._segment(text, place, identity, speaker.strip(), _time(time), begin)
                if segment is not None:
                    units.append([segment])
        self.told[identity] = [segment.id for unit in units for segment in unit]
        return Section(identity, units)

    def _segment(
        self, text: str, where: Place, section: str, speaker: str | None, time: str | None, begin: int = 0
    ) -> Segment | None:
        inner, raw = stripped(text, self._file, pointer(*where))
        if not inner:
            self._reject("blank text", "", where)
            return None
        raw.start, raw.end = raw.start + begin, raw.end + begin
        return Segment(self._ids.next(inner), raw, self._name, section, speaker, time, None, inner)

    def _reject(self, reason: str, detail: str, where: Place) -> None:
        span = Span(self._file, pointer(*where), 0, 0)
        self._parsed.rejects.append(rejected_record(self._source, reason, detail, span))


def _time(text: str) -> str | None:
    """A timestamp or a date as YYYY-MM-DD HH:MM; None where it is neither, such as `during an election`."""
    text = text.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", text):
        return text
    for form in _DATES:
        try:
            return datetime.strptime(text, form).isoformat(" ", "minutes")
        except ValueError:
            continue
    return None


def _messages(value: Any, where: Place) -> Iterator[tuple[Place, Any]]:
    """The messages of a dialogue: a string, a list of them, or lists in lists."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _messages(inner, (*where, number))
    else:
        yield where, value


class _Carrying:
    """Carries questions, or rejects them by name."""

    def __init__(self, source: str, file: str, parsed: Parsed) -> None:
        self._source = source
        self._file = file
        self._parsed = parsed
        self._texts = {
            segment.id: segment.text for document in parsed.documents for segment in document.segments
        }

    def entries(self, value: Any, where: Place) -> Iterator[tuple[str, Any]]:
        """The keys and values of an object; one that a later one of the same key hides is a reject."""
        if isinstance(value, ObjectWithRepeats):
            for key in value.repeated:
                self._reject("repeated key", f"the key {key!r} stands twice; its last value is read", where)
        if isinstance(value, dict):
            yield from value.items()

    def questions(self, value: Any, where: Place, about: str) -> Iterator[tuple[Place, str, dict[str, Any]]]:
        """(place, the id that it is about, question) of all questions in lists and objects by id."""
        if isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self.questions(inner, (*where, number), about)
        elif isinstance(value, dict) and "Question" in value:
            yield where, about, value
        else:
            for identity, inner in self.entries(value, where):
                yield from self.questions(inner, (*where, identity), identity)

    def carry(self, found: dict[str, Any], where: Place, evidence: list[str], kind: str) -> None:
        """A question that stands at a place, and the segments that it is about."""
        rejects = self._parsed.rejects
        if kind in _NOT_TOLD:
            self._reject(_NOT_TOLD[kind], "no chunk tells what it asks for", where)
            return
        if not is_well_formed(pointer(*where)):
            self._reject(
                "malformed record", "its key has half a surrogate pair, which is no character", where
            )
            return
        rows = {where[-1]: found}
        for _, asked in records(Asked, rows, self._file, self._source, rejects, *where[:-1]):
            text, raw = stripped(asked.question, self._file, pointer(*where, "Question"))
            answer = asked.answer.strip().removesuffix(".")
            stands = any(stands_in(answer, self._texts[segment]) for segment in evidence)
            metric: Metric = "contains" if stands else "judge"
            self._parsed.questions.append(
                Question(
                    id=short_id(self._source, text, answer, *evidence),
                    text=text,
                    answers=[answer],
                    metric=metric,
                    origin="carried",
                    kind=kind,
                    time=None,
                    evidence=evidence,
                    evidence_chunks=[],
                    raw=raw,
                )
            )

    def _reject(self, reason: str, detail: str, where: Place) -> None:
        span = Span(self._file, pointer(*where), 0, 0)
        self._parsed.rejects.append(rejected_record(self._source, reason, detail, span))
