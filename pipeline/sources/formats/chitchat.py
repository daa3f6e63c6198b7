"""Chitchat: chats between two people, with sender ids and timestamps (JSON, an object of chats).

A chat belongs to the document of its speaker with fewer chats (ties: the smaller id), since people are too
connected to be divided between train and test. Chats are in order of their first message: the dataset's own
`start` often disagrees with it. A turn (consecutive messages of one person) is a unit; a message is a
segment. Speakers are named by the first six digits of their ids.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from pipeline.core.ids import SegmentIds
from pipeline.core.params.formats import ChitchatFormat
from pipeline.core.schema import Reject, Segment, Span
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    make_record_reject,
    read_json,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Document, ParsedSource, Section
from pipeline.sources.shards import RawShard, iter_files
from pipeline.text.normalize import normalize_text

_ChatKey = tuple[str, str]  # the chat's name, and its file


def _require_string(value: object) -> str:
    """Return a string unchanged. Raises ValueError for a number, which pydantic would read as seconds."""
    if not isinstance(value, str):
        raise ValueError("a timestamp is a string with a time zone")
    return value


class Message(RawRecord):
    """A message."""

    text: str
    timestamp: Annotated[AwareDatetime, BeforeValidator(_require_string)]
    sender: str


class Chat(RawRecord):
    """A chat: messages grouped by turn."""

    messages: list[list[Message]]


class Chitchat:
    """Reader of chats between two people."""

    def __init__(self, columns: ChitchatFormat) -> None:
        """`columns`: none."""

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse a document per person.

        One-speaker, repeated and malformed chats and blank messages are rejects. Raises MemcurateError when a
        file is not valid JSON.
        """
        parsed = ParsedSource()
        chats: dict[_ChatKey, Chat] = {}
        speakers: dict[_ChatKey, list[str]] = {}
        for key, chat, senders in _iter_chats(shards, source, parsed.rejects):
            chats[key], speakers[key] = chat, senders
        counts = Counter(sender for senders in speakers.values() for sender in senders)
        owned: dict[str, list[_ChatKey]] = defaultdict(list)
        for key, senders in speakers.items():
            owned[min(senders, key=lambda sender: (counts[sender], sender))].append(key)
        for person in sorted(owned):
            ordered = sorted(owned[person], key=lambda key: (_start_time(chats[key]), *key))
            document = _make_document(person, [(key, chats[key]) for key in ordered], source, parsed)
            parsed.documents.append(document)
        return parsed


def _iter_chats(
    shards: Sequence[RawShard], source: str, rejects: list[Reject]
) -> Iterator[tuple[_ChatKey, Chat, list[str]]]:
    """Yield (key, chat, its senders in order) of the chats of two people at least, without repeated ones."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for path, file in iter_files(shards):
        for key, chat in validate_records(Chat, read_json(path), file, source, rejects):
            name = str(key)
            messages = [message for turn in chat.messages for message in turn if message.text.strip()]
            senders = sorted({message.sender for message in messages})
            content = tuple((message.sender, normalize_text(message.text)) for message in messages)
            reason = detail = None
            if len(senders) < 2:
                reason, detail = "chat with one speaker", f"{len(content)} messages"
            elif content in seen:
                reason, detail = "repeated chat", f"the same messages as chat {seen[content]}"
            if reason is not None and detail is not None:
                span = Span(file, json_pointer(name), 0, 0)
                rejects.append(make_record_reject(source, reason, detail, span))
                continue
            seen[content] = name
            yield (name, file), chat, senders


def _start_time(chat: Chat) -> datetime:
    return next(message.timestamp for turn in chat.messages for message in turn)


def _make_document(
    person: str, chats: list[tuple[_ChatKey, Chat]], source: str, parsed: ParsedSource
) -> Document:
    """Build a person's document: the chats as sections, in the given order."""
    ids = SegmentIds(source, person)
    sections = []
    for (name, file), chat in chats:
        units = []
        for turn_number, turn in enumerate(chat.messages):
            unit = []
            for number, message in enumerate(turn):
                record = json_pointer(name, "messages", turn_number, number, "text")
                text, span = strip_with_span(message.text, file, record)
                if not text:
                    parsed.rejects.append(make_record_reject(source, "blank message", "", span))
                    continue
                unit.append(
                    Segment(
                        id=ids.next(text),
                        source_span=span,
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
