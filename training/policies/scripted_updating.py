"""The updating scripted policy: it keeps what each person tells of an attribute in one entry, and updates it.

It is for group chats, where people are told apart by their full names; elsewhere it writes what the scripted
policy writes. A turn is about an attribute, such as city, by the cue words in it (`attribute_cues.py`). The
turns of a person about an attribute stand in one episodic entry, oldest first, each under its time:

- A change is added to the entry, so that the last turn there holds; what held before stays with its time.
- A correction takes the place of what it takes back, and loses its own words about that.
- What is planned, and the end of a plan, is not stored: nothing has changed yet.
- What a person asks to forget is deleted, in all entries about that attribute of the person.

Words about others, and turns without a cue, are stored as by the scripted policy.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

from pipeline.text.normalize import words
from pipeline.text.stop_words import stop_words
from training.memory.memory import Memory
from training.memory.statements import ASSISTANT, FULL_NAME
from training.policies.attribute_cues import find_attribute, find_intent, split_correction
from training.policies.scripted import ScriptedPolicy, TextSection, format_call

_FULL_NAME = re.compile(FULL_NAME)
_ENTRY = re.compile(r"([A-Z][a-z ]{1,20}) of ([^;:\n]{1,60}); (?=\d{4}-)")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
# A name as the subject of a sentence: what is said of it, or of something of it.
_SUBJECT = re.compile(rf"{FULL_NAME}(?:['’]s | (?:is|was|has|had|will|can|does|[a-z]{{2,12}}(?:s|ed)) )")
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|My|mine|we|We|our|Our|us)\b")
# A capitalised word inside a sentence, or a number of some digits.
_VALUE_WORD = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]{2,30}|\b\d{3,15}\b")
_MAX_WORDS = 60  # of a turn about one thing
_MAX_TURNS = 8  # in an entry; the oldest but the first are left out


@dataclass(frozen=True, slots=True)
class Turn:
    """Words of a person, and when they were said."""

    time: str
    text: str


@dataclass(slots=True)
class _History:
    """The turns of a person about an attribute, and the entry that holds them."""

    entry_id: str | None = None  # None: it is not stored yet
    turns: list[Turn] = field(default_factory=list)
    stored: Sequence[Turn] = ()  # the turns in the entry


class StatementBook(Protocol):
    """Keeps what people tell of themselves in a chunk, and stores it in a memory."""

    def read(self, time: str, speaker: str, text: str) -> bool:
        """Take in a turn; return whether it is dealt with, so that nothing else needs to store it."""
        ...

    def write_calls(self) -> Iterator[str]:
        """Yield the calls that store what was read."""
        ...


class UpdatingPolicy(ScriptedPolicy):
    """The Policy of the rules above."""

    name = "scripted_updating"

    def write_entries(self, sections: Sequence[TextSection], memory: Memory) -> Iterator[str]:
        """Yield the calls that store the sections of a chunk, and those that update or delete entries."""
        speakers = {speaker for section in sections if section.is_dated for speaker, _ in section.turns}
        if not any(_FULL_NAME.fullmatch(speaker) for speaker in speakers):
            yield from super().write_entries(sections, memory)
            return
        book = self.open_book(memory, speakers)
        others = []
        for section in sections:
            turns = [
                (speaker, text)
                for speaker, text in section.turns
                if not (section.is_dated and book.read(section.head.strip(), speaker, text))
            ]
            others.append(replace(section, turns=turns))
        yield from super().write_entries(others, memory)
        yield from book.write_calls()

    def open_book(self, memory: Memory, speakers: set[str]) -> StatementBook:
        """Return the book that keeps what the speakers of a chunk tell of themselves."""
        return _HistoryBook(memory, speakers)


class _HistoryBook:
    """The histories of the people who speak in a chunk, with the changes that it makes."""

    def __init__(self, memory: Memory, speakers: set[str]) -> None:
        """Read the histories of these speakers from the memory."""
        self._histories: dict[str, dict[str, _History]] = defaultdict(dict)  # by person and attribute
        for entry_id, text in memory.lists["episodic"].items():
            parsed = _parse_entry(text) if text[:1] > "9" else None  # others begin with a time
            if parsed is not None and parsed[0] in speakers:
                person, attribute, turns = parsed
                self._histories[person][attribute] = _History(entry_id, list(turns), turns)

    def read(self, time: str, speaker: str, text: str) -> bool:
        """Take in a turn; return whether it is dealt with, so that nothing else needs to store it."""
        text = " ".join(text.split())
        if not is_about_oneself(speaker, text):
            return False
        intent, attribute = find_intent(text), find_attribute(text)
        if intent == "forget":
            self._forget(speaker, attribute)
        elif intent == "correct":
            self._correct(time, speaker, text)
        elif intent == "state":
            attribute = self._find_by_value(speaker, text) or attribute
            if attribute is None:
                return False
            self._add(time, speaker, attribute, text)
        return intent != "plan" or attribute is not None

    def write_calls(self) -> Iterator[str]:
        """Yield a call for each history that has changed."""
        for person, attribute, history in self._iter_histories():
            if history.entry_id is not None and history.turns == list(history.stored):
                continue
            arguments = {"memory_type": "episodic"}
            if history.entry_id is not None:
                arguments["memory_id"] = history.entry_id
            if not history.turns:
                if history.entry_id is not None:
                    yield format_call("memory_delete", arguments)
                continue
            content = format_history(person, attribute, history.turns)
            if history.entry_id is None:
                yield format_call("new_memory_insert", {**arguments, "content": content})
            else:
                yield format_call("memory_update", {**arguments, "new_content": content})

    def _iter_histories(self) -> Iterator[tuple[str, str, _History]]:
        for person, histories in self._histories.items():
            for attribute, history in histories.items():
                yield person, attribute, history

    def _add(self, time: str, person: str, attribute: str, text: str) -> None:
        history = self._histories[person].setdefault(attribute, _History())
        if all(turn.text != text for turn in history.turns):
            history.turns.append(Turn(time, text))
            if len(history.turns) > _MAX_TURNS:
                del history.turns[1]

    def _find_by_value(self, person: str, text: str) -> str | None:
        """Return the attribute of the only history of a person that has a name or number of a turn."""
        values = _value_words(text)
        found = [
            attribute
            for attribute, history in self._histories[person].items()
            if any(values & _value_words(turn.text) for turn in history.turns)
        ]
        return found[0] if len(found) == 1 else None

    def _forget(self, person: str, attribute: str | None) -> None:
        """Drop the turns of a person about an attribute, and others of the person with the same values."""
        history = self._histories[person].get(attribute or "")
        if history is None:
            return
        values = {word for turn in history.turns for word in _value_words(turn.text)}
        history.turns = []
        for other in self._histories[person].values():
            other.turns = [turn for turn in other.turns if values.isdisjoint(_value_words(turn.text))]

    def _correct(self, time: str, person: str, text: str) -> None:
        """Put a correction in the place of the newest turn that holds words which it takes back."""
        holding, retracting = split_correction(text)
        taken_back = _content_words(retracting) - _content_words(holding)
        attribute = find_attribute(holding)
        if attribute is None:  # what holds cannot be told from what is taken back
            holding, attribute = text, find_attribute(text)
        found = [
            (of == attribute, turn.time, index, of)
            for of, history in self._histories[person].items()
            for index, turn in enumerate(history.turns)
            if taken_back & _content_words(turn.text)
        ]
        if found:
            _, time, index, of = max(found)  # the right value held from then on
            del self._histories[person][of].turns[index]
            attribute = attribute or of
        if attribute is not None:
            self._add(time, person, attribute, holding)


@lru_cache(1 << 14)
def _parse_entry(text: str) -> tuple[str, str, tuple[Turn, ...]] | None:
    """Return the person, the attribute and the turns of an entry; None of an entry of another kind."""
    head = _ENTRY.match(text)
    if head is None:
        return None
    attribute, person = head[1].lower(), head[2]
    starts = [mark.start() for mark in _TIME.finditer(text, head.end())]
    parts = [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return (
        person,
        attribute,
        tuple(Turn(part[:16], part[16:].removeprefix(f" {person}: ")) for part in parts),
    )


def format_history(person: str, attribute: str, turns: Iterable[Turn]) -> str:
    """Return the entry of what a person told of an attribute."""
    told = " ".join(f"{turn.time} {person}: {turn.text}" for turn in turns)
    return f"{attribute.capitalize()} of {person}; {told}"


def is_about_oneself(speaker: str, text: str) -> bool:
    """Return whether a turn is short, and may be about the person who speaks."""
    if speaker == ASSISTANT or len(text) < 3 or text.count(" ") >= _MAX_WORDS:
        return False
    return not _is_about_another(text)


def _is_about_another(text: str) -> bool:
    """Return whether a turn says something of somebody whom it names, and nothing of the speaker after it."""
    subject = _SUBJECT.search(text)
    return subject is not None and not _FIRST_PERSON.search(text, subject.start())


@lru_cache(1 << 14)
def _value_words(text: str) -> frozenset[str]:
    return frozenset(_VALUE_WORD.findall(text))


@lru_cache(1 << 14)
def _content_words(text: str) -> frozenset[str]:
    return frozenset(word for word in words(text) if len(word) > 1 and word not in stop_words("en"))
