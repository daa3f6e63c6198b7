"""Messages of chats: the usual names of their fields, and how they become a document."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pipeline.core.schema import Reject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import make_record_reject
from pipeline.sources.records import RawRecord, read_string
from pipeline.sources.times import explain_ambiguous, parse_time

TEXT_KEYS = ("content", "value", "text", "message")
SPEAKER_KEYS = ("role", "from", "speaker", "author", "sender", "name")
TIME_KEYS = ("timestamp", "time", "created_at", "create_time", "created", "date")
USER_KEYS = ("user_id", "hashed_ip", "user")

_MAX_SPEAKER_CHARS = 80
_SPEAKERS = {
    **dict.fromkeys(("user", "human", "prompter"), "User"),
    **dict.fromkeys(("assistant", "gpt", "bot", "chatgpt", "model", "ai"), "Assistant"),
    "system": "System",
    "tool": "Tool",
    "function": "Tool",
}

Keys = tuple[str | int, ...]


class Message(NamedTuple):
    """A message: the record that holds it, the keys that lead to it there, and what it says."""

    record: RawRecord
    keys: Keys
    value: Any
    texts: list[tuple[Keys, str]]  # (keys in the message, text) of each
    speaker: str | None
    time: str | None


def add_messages(
    builder: DocumentBuilder, messages: Iterable[Message], section: str, source: str, rejects: list[Reject]
) -> set[str]:
    """Add the texts of messages to a document of one section; return the speakers of those added.

    A message without text or speaker is a reject. An assistant's reply stays with the user's message before.
    """
    speakers: set[str] = set()
    speaker_before = None
    for message in messages:
        if not message.texts or message.speaker is None:
            problem = "without a speaker" if message.texts else "without text"
            span = message.record.span(*message.keys)
            rejects.append(make_record_reject(source, f"message {problem}", f"{message.value!r:.100}", span))
            continue
        for index, (path, text) in enumerate(message.texts):
            segment = builder.add(
                text,
                record=message.record.span(*message.keys, *path).record,
                section=section,
                speaker=message.speaker,
                time=message.time,
                follows=index > 0 or (message.speaker == "Assistant" and speaker_before == "User"),
            )
            speaker_before = message.speaker if segment else speaker_before
            speakers |= {message.speaker} if segment else set()
    return speakers


def reject_chat(record: RawRecord, num_messages: int, speakers: set[str], source: str) -> Reject:
    """Return the reject of a chat without messages, or with one speaker."""
    reason = "chat with one speaker" if speakers else "chat without messages"
    detail = f"{num_messages} messages" + "".join(f", all by {speaker}" for speaker in speakers)
    return make_record_reject(source, reason, detail, record.span())


def name_speaker(name: str | None) -> str | None:
    """Return a speaker by the usual name of a role; another name as it is, in one line."""
    if name is None:
        return None
    # One line: a chunk shows a message as `<name> text`.
    return _SPEAKERS.get(name.strip().lower(), " ".join(name.split())[:_MAX_SPEAKER_CHARS])


def find_speaker(record: RawRecord, keys: Keys, names: Iterable[str]) -> str | None:
    """Return the speaker of the message at keys, by the first of the names that it has."""
    found = (read_string(record, *keys, name) for name in names)
    return name_speaker(next(filter(None, found), None))


def find_time(value: Any, names: Iterable[str], day_first: bool | None) -> str | None:
    """Return the first time under the names in an object; None where there is none."""
    if not isinstance(value, dict):
        return None
    return next((time for name in names if (time := parse_time(value.get(name), day_first))), None)


def reject_ambiguous_time(record: RawRecord, value: object, source: str) -> Reject:
    """Return the reject of a record whose date may be of two months."""
    return make_record_reject(source, "ambiguous time", explain_ambiguous(value), record.span())


def find_user(record: RawRecord, names: Iterable[str]) -> str | None:
    """Return the user that a record names."""
    users = (read_string(record, name) for name in names) if isinstance(record.value, dict) else ()
    return next(filter(None, users), None)


def iter_texts(message: Any, names: Iterable[str]) -> Iterator[tuple[Keys, str]]:
    """Yield (keys, text) of the texts of a message: one, or those among its parts."""
    if not isinstance(message, dict):
        return
    record = RawRecord("", (), message)
    for name in names:
        value = message.get(name)
        if isinstance(value, list) and value:
            yield from iter_parts(record, (name,), value)
            return
        if isinstance(value, str) and read_string(record, name):
            yield (name,), value
            return


def iter_parts(record: RawRecord, keys: Keys, parts: list[Any]) -> Iterator[tuple[Keys, str]]:
    """Yield (keys, text) of the parts at keys that are a text, or an object with a text."""
    for number, part in enumerate(parts):
        path = (*keys, number, "text") if isinstance(part, dict) else (*keys, number)
        text = read_string(record, *path)
        if text:
            yield path, text
