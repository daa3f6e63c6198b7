"""Chats, a list of messages in each record: as OpenAI, ShareGPT, WildChat and LMSYS write them.

A document is a chat. A unit is a user's message with the assistant's reply. A message's text is a string, or
a list of parts of which some are text.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.core.params.formats import MessagesFormat
from pipeline.core.schema import Reject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Document
from pipeline.sources.records import RawRecord, describe_columns, iter_records, read_string
from pipeline.sources.shards import RawShard
from pipeline.sources.times import parse_time

MESSAGE_KEYS = ("messages", "conversation", "conversations", "dialogue", "dialog", "turns", "chat")
TEXT_KEYS = ("content", "value", "text", "message")
SPEAKER_KEYS = ("role", "from", "speaker", "author", "sender", "name")
TIME_KEYS = ("timestamp", "time", "created_at", "create_time", "created", "date")
USER_KEYS = ("user_id", "hashed_ip", "user")

_SPEAKERS = {
    **dict.fromkeys(("user", "human", "prompter"), "User"),
    **dict.fromkeys(("assistant", "gpt", "bot", "chatgpt", "model", "ai"), "Assistant"),
    "system": "System",
    "tool": "Tool",
    "function": "Tool",
}


class Messages:
    """Reader of chats."""

    def __init__(self, columns: MessagesFormat) -> None:
        """`columns`: the names of columns that are not the usual ones."""
        self._columns = columns

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield the chats of a shard. Chats without messages or with one speaker are rejects."""
        for record in iter_records(shard, source, rejects):
            found = self._find_messages(record.value)
            if found is None:
                detail = f"no list of messages: {describe_columns(record.value)}"
                rejects.append(make_record_reject(source, "malformed record", detail, record.span()))
                continue
            keys, messages = found
            document = self._read_chat(record, keys, messages, source, rejects)
            speakers = {segment.speaker for segment in document.segments}
            if len(speakers) > 1:
                yield document
            else:
                reason = "chat with one speaker" if speakers else "chat without messages"
                detail = f"{len(messages)} messages" + (f", all by {speakers.pop()}" if speakers else "")
                rejects.append(make_record_reject(source, reason, detail, record.span()))

    def _find_messages(self, value: Any) -> tuple[tuple[str, ...], list[Any]] | None:
        """Return (keys that lead to the messages, the messages) of a record; None where it has none."""
        if isinstance(value, list):
            return (), value
        names = (self._columns.messages,) if self._columns.messages else MESSAGE_KEYS
        return next(((((name,)), value[name]) for name in names if isinstance(value.get(name), list)), None)

    def _read_chat(
        self,
        record: RawRecord,
        keys: tuple[str, ...],
        messages: list[Any],
        source: str,
        rejects: list[Reject],
    ) -> Document:
        name = record.name
        builder = DocumentBuilder(source, record.file, name, self._find_group(record))
        time_keys = (self._columns.time,) if self._columns.time else TIME_KEYS
        chat_time = _find_time(record.value, time_keys)
        speaker_before = None
        for number, message in enumerate(messages):
            where: tuple[str | int, ...] = (*keys, number)
            texts = list(_iter_texts(message))
            speaker = _find_speaker(record, where) if isinstance(message, dict) else None
            if not texts or speaker is None:
                problem = "without a speaker" if texts else "without text"
                rejects.append(
                    make_record_reject(source, f"message {problem}", f"{message!r:.100}", record.span(*where))
                )
                continue
            time = _find_time(message, TIME_KEYS) or chat_time
            for index, (path, text) in enumerate(texts):
                segment = builder.add(
                    text,
                    record=record.span(*where, *path).record,
                    section=name,
                    speaker=speaker,
                    time=time,
                    follows=index > 0 or (speaker == "Assistant" and speaker_before == "User"),
                )
                speaker_before = speaker if segment else speaker_before
        return builder.build()

    def _find_group(self, record: RawRecord) -> str:
        names = (self._columns.user,) if self._columns.user else USER_KEYS
        users = (read_string(record, name) for name in names) if isinstance(record.value, dict) else ()
        return next((f"user {user}" for user in users if user), "")


def _iter_texts(message: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (keys, text) of the texts of a message: one, or those among its parts."""
    if not isinstance(message, dict):
        return
    for key in TEXT_KEYS:
        value = message.get(key)
        if isinstance(value, str):
            if read_string(RawRecord("", (), message), key):
                yield (key,), value
                return
        elif isinstance(value, list):
            for number, part in enumerate(value):
                path: tuple[str | int, ...] = (
                    (key, number, "text") if isinstance(part, dict) else (key, number)
                )
                text = read_string(RawRecord("", (), message), *path)
                if text:
                    yield path, text
            return


def _find_speaker(record: RawRecord, where: tuple[str | int, ...]) -> str | None:
    for key in SPEAKER_KEYS:
        name = read_string(record, *where, key)
        if name:
            # One line: a chunk shows a message as `<name> text`.
            return _SPEAKERS.get(name.strip().lower(), " ".join(name.split())[:80])
    return None


def _find_time(value: Any, names: tuple[str, ...]) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((time for name in names if (time := parse_time(value.get(name)))), None)
