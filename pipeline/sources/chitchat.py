"""Chats between two people, with sender ids and timestamps (the chitchat dataset: one JSON object of chats).

A chat belongs to one document, that of its speaker with fewer chats (ties: the smaller id), since people
are so connected that they cannot be divided between the sides. Chats stand in order of their first
message: the dataset's own `start` often disagrees with it. A turn (the messages that one person sends in a
row) is a unit; a message is a segment. Speakers are named by the first six digits of their ids.
"""

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from pipeline.documents import Document, Parsed, Section
from pipeline.ids import SegmentIds
from pipeline.schema import Segment, Span
from pipeline.sources.reading import (
    RawRecord,
    pointer,
    raw_file,
    read_json,
    records,
    rejected_record,
    stripped,
)
from pipeline.text.normal import normalised


def _string(value: object) -> str:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("a timestamp is a string with a time zone")
    return value


class Message(RawRecord):
    """One message."""

    text: str
    timestamp: Annotated[AwareDatetime, BeforeValidator(_string)]
    sender: str


class Chat(RawRecord):
    """One chat: messages grouped by turn."""

    messages: list[list[Message]]


def parse(raw: Path, source: str) -> Parsed:
    """One document a person. One-speaker, repeated and malformed chats, and blank messages, are rejects.

    Raises MemcurateError when the file is missing or is no valid JSON.
    """
    path = raw_file(raw, "dataset.json")
    parsed = Parsed()
    chats: dict[str, Chat] = {}
    speakers: dict[str, list[str]] = {}
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for key, chat in records(Chat, read_json(path), path.name, source, parsed.rejects):
        name = str(key)
        said = [message for turn in chat.messages for message in turn if message.text.strip()]
        senders = sorted({message.sender for message in said})
        content = tuple((message.sender, normalised(message.text)) for message in said)
        reason = detail = None
        if len(senders) < 2:
            reason, detail = "chat with one speaker", f"{len(content)} messages"
        elif content in seen:
            reason, detail = "repeated chat", f"the same messages as chat {seen[content]}"
        if reason is not None and detail is not None:
            parsed.rejects.append(
                rejected_record(source, reason, detail, Span(path.name, pointer(name), 0, 0))
            )
            continue
        seen[content] = name
        chats[name], speakers[name] = chat, senders
    counts = Counter(sender for senders in speakers.values() for sender in senders)
    owned: dict[str, list[str]] = defaultdict(list)
    for name, senders in speakers.items():
        owned[min(senders, key=lambda sender: (counts[sender], sender))].append(name)
    for person in sorted(owned):
        mine = sorted(owned[person], key=lambda name: (_began(chats[name]), name))
        parsed.documents.append(
            _document(person, [(name, chats[name]) for name in mine], path.name, source, parsed)
        )
    return parsed


def _began(chat: Chat) -> datetime:
    return next(message.timestamp for turn in chat.messages for message in turn)


def _document(person: str, chats: list[tuple[str, Chat]], file: str, source: str, parsed: Parsed) -> Document:
    """A person's chats as sections, in the given order."""
    ids = SegmentIds(source, person)
    sections = []
    for name, chat in chats:
        units = []
        for turn_number, turn in enumerate(chat.messages):
            unit = []
            for number, message in enumerate(turn):
                record = pointer(name, "messages", turn_number, number, "text")
                text, raw = stripped(message.text, file, record)
                if not text:
                    parsed.rejects.append(rejected_record(source, "blank message", "", raw))
                    continue
                unit.append(
                    Segment(
                        id=ids.next(text),
                        raw=raw,
                        document=person,
                        section=name,
                        speaker=message.sender[:6],
                        time=message.timestamp.isoformat(" ", "minutes")[:16],
                        label=None,
                        text=text,
                    )
                )
            if unit:
                units.append(unit)
        sections.append(Section(name, units))
    return Document(person, sections)
