"""Chats of people, divided into days: a chat of years is many documents, so that both splits get some."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from pipeline.core.json_reader import DuplicateKeyObject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.parsed import Document

MEDIA = "media without text"
SYSTEM = "system message"
BLANK = "message without text"
MALFORMED = "malformed message"

_MAX_SPEAKER_CHARS = 80
_MORNING = "06:00"
_MAX_PAUSE = timedelta(hours=1)  # of a conversation that goes on after midnight


class ChatMessage(NamedTuple):
    """A message of a chat: its text, where it stands in the file, who wrote it and when."""

    text: str
    record: str  # JSON pointer of the text; empty: the file is text
    start: int  # index of the text there, in characters
    speaker: str
    time: str  # YYYY-MM-DD HH:MM


def iter_days(source: str, file: str, chat: str, messages: Sequence[ChatMessage]) -> Iterator[Document]:
    """Yield the days of a chat, each with its messages in order.

    A conversation that goes on after midnight, without an hour's pause and until six, belongs to the day
    before.

    Args:
        source: Name in params.yaml.
        file: Path of the raw file below the source's raw folder.
        chat: Name of the chat; no other chat of the source has it.
        messages: The oldest or the newest first. None is blank.
    """
    times = [message.time for message in messages]
    if times and times[0] > times[-1] and all(one >= other for one, other in pairwise(times)):
        messages = messages[::-1]
    days: dict[str, list[ChatMessage]] = defaultdict(list)
    day, last_time = "", ""
    for message in messages:
        if message.time[:10] != day and not (day and _goes_on_at_night(last_time, message.time)):
            day = message.time[:10]
        days[day].append(message)
        last_time = message.time
    for day, of_day in days.items():
        name = f"{chat}/{day}"
        builder = DocumentBuilder(source, file, name)
        for one in of_day:
            builder.add(
                one.text, record=one.record, start=one.start, section=name, speaker=one.speaker, time=one.time
            )
        yield builder.build()


def _goes_on_at_night(last_time: str, time: str) -> bool:
    """Return whether a message is of the conversation of the one before it, and of its night."""
    pause = datetime.fromisoformat(time) - datetime.fromisoformat(last_time)
    return time[11:] < _MORNING and timedelta() <= pause < _MAX_PAUSE


def shorten_name(name: str) -> str:
    """Return a speaker's name in one line: a chunk shows a message as `<name> text`."""
    return " ".join(name.split())[:_MAX_SPEAKER_CHARS]


def find_fault(message: object) -> str:
    """Return why a value cannot be a message of an export; empty: it can."""
    if isinstance(message, DuplicateKeyObject):
        return f"the key {message.duplicate_keys[0]!r} stands twice"
    return "" if isinstance(message, dict) else f"an object is expected, not {message!r:.80}"
