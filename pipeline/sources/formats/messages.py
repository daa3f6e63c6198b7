"""Chats: lists of messages, as OpenAI, ShareGPT, WildChat and LMSYS write them, ChatGPT's export, and tables.

Tables have a message in each record, and a column that tells conversations apart. A document is a chat. A
unit is a user's message with the assistant's reply. A message's text is a string, or a list of parts of which
some are text.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.core.params.formats import MessagesFormat
from pipeline.core.schema import Reject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.formats.chatgpt import is_tree, read_branch
from pipeline.sources.formats.message_fields import (
    SPEAKER_KEYS,
    TEXT_KEYS,
    TIME_KEYS,
    USER_KEYS,
    Keys,
    Message,
    add_messages,
    find_speaker,
    find_time,
    find_user,
    iter_texts,
    reject_ambiguous_time,
    reject_chat,
)
from pipeline.sources.formats.message_table import iter_conversations
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Document
from pipeline.sources.records import RawRecord, describe_columns, iter_records
from pipeline.sources.shards import RawShard
from pipeline.sources.times import is_ambiguous

MESSAGE_KEYS = (
    *("messages", "conversation", "conversations", "dialogue", "dialog", "turns", "chat"),
    "chat_messages",  # of Claude's export
)


class Messages:
    """Reader of chats."""

    def __init__(self, columns: MessagesFormat) -> None:
        """`columns`: the names of columns that are not the usual ones."""
        self._columns = columns

    @property
    def reads_whole(self) -> bool:
        """Whether all files must be in one shard, since records that belong together may stand anywhere."""
        return self._columns.conversation is not None

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield the chats of a shard. Chats without messages or with one speaker are rejects."""
        if self._columns.conversation is not None:
            yield from iter_conversations(shard, self._columns, source, rejects)
            return
        for record in iter_records(shard, source, rejects):
            messages = self._find_messages(record, source, rejects)
            if messages is None:
                detail = f"no list of messages: {describe_columns(record.value)}"
                rejects.append(make_record_reject(source, "malformed record", detail, record.span()))
                continue
            ambiguous = self._find_ambiguous_time(record)
            if ambiguous is not None:
                rejects.append(reject_ambiguous_time(record, ambiguous, source))
                continue
            user = find_user(record, (self._columns.user,) if self._columns.user else USER_KEYS)
            builder = DocumentBuilder(source, record.file, record.name, f"user {user}" if user else "")
            read = list(messages)
            speakers = add_messages(builder, read, record.name, source, rejects)
            if len(speakers) > 1:
                yield builder.build()
            else:
                rejects.append(reject_chat(record, len(read), speakers, source))

    def _find_messages(
        self, record: RawRecord, source: str, rejects: list[Reject]
    ) -> Iterable[Message] | None:
        """Return the messages of a record; None where it has none."""
        value = record.value
        if isinstance(value, list):
            return self._iter_messages(record, (), value)
        names = (self._columns.messages,) if self._columns.messages else MESSAGE_KEYS
        name = next((name for name in names if isinstance(value.get(name), list)), None)
        if name is not None:
            return self._iter_messages(record, (name,), value[name])
        if self._columns.messages in (None, "mapping") and is_tree(value):
            return read_branch(record, source, rejects)
        return None

    def _find_ambiguous_time(self, record: RawRecord) -> object:
        """Return a time of a chat or of its messages that may be of two months; None: there is none."""
        if self._columns.day_first is not None or not isinstance(record.value, dict):
            return None
        names = (self._columns.time,) if self._columns.time else TIME_KEYS
        lists = [record.value.get(name) for name in (self._columns.messages, *MESSAGE_KEYS) if name]
        messages = [one for each in lists if isinstance(each, list) for one in each if isinstance(one, dict)]
        times = [
            *(record.value.get(name) for name in names),
            *(m.get(key) for m in messages for key in TIME_KEYS),
        ]
        return next(filter(is_ambiguous, times), None)

    def _iter_messages(
        self, record: RawRecord, keys: tuple[str, ...], messages: list[Any]
    ) -> Iterator[Message]:
        """Yield the messages of a list at keys."""
        day_first = self._columns.day_first
        time_names = (self._columns.time,) if self._columns.time else TIME_KEYS
        chat_time = find_time(record.value, time_names, day_first)
        speaker_names = (self._columns.speaker,) if self._columns.speaker else SPEAKER_KEYS
        text_names = (self._columns.text,) if self._columns.text else TEXT_KEYS
        for number, value in enumerate(messages):
            where: Keys = (*keys, number)
            speaker = find_speaker(record, where, speaker_names) if isinstance(value, dict) else None
            time = find_time(value, TIME_KEYS, day_first) or chat_time
            yield Message(record, where, value, list(iter_texts(value, text_names)), speaker, time)
