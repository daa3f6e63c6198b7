"""Tables of messages: each record is a message, and a column tells conversations apart.

Records of a conversation may stand anywhere in its file, so files are read whole. Its messages are ordered by
time where all have one, else as in the file.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from pipeline.core.params.formats import MessagesFormat
from pipeline.core.schema import Reject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.formats.message_fields import (
    SPEAKER_KEYS,
    TEXT_KEYS,
    TIME_KEYS,
    USER_KEYS,
    Message,
    add_messages,
    find_speaker,
    find_user,
    iter_texts,
    reject_ambiguous_time,
    reject_chat,
)
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Document
from pipeline.sources.records import RawRecord, describe_columns, iter_records, read_string
from pipeline.sources.shards import RawShard
from pipeline.sources.times import find_day_first, is_ambiguous, parse_time


def iter_conversations(
    shard: RawShard, columns: MessagesFormat, source: str, rejects: list[Reject]
) -> Iterator[Document]:
    """Yield the conversations of a shard of whole files, in the order of their first records.

    A record without a conversation is a reject. Conversations of one name in several files are documents of a
    group. `columns.conversation` is not None.
    """
    conversations: dict[tuple[str, str], list[RawRecord]] = defaultdict(list)
    for record in iter_records(shard, source, rejects):
        column = columns.conversation or ""
        name = read_string(record, column) if isinstance(record.value, dict) else None
        if name is None:
            detail = f"no value in column {column}; {describe_columns(record.value)}"
            rejects.append(make_record_reject(source, "malformed record", detail, record.span()))
        else:
            conversations[record.file, name.strip()].append(record)
    time_names = (columns.time,) if columns.time else TIME_KEYS
    day_first = {
        name: columns.day_first
        if columns.day_first is not None
        else find_day_first(one.value.get(name) for records in conversations.values() for one in records)
        for name in time_names
    }
    for (file, name), all_records in conversations.items():
        records = _drop_ambiguous(all_records, day_first, source, rejects)
        if not records:
            continue
        messages = _order([_read_message(record, columns, day_first) for record in records])
        user = _find_user(records, columns)
        first = records[0]
        builder = DocumentBuilder(
            source, file, first.name, f"user {user}" if user else f"conversation {name}"
        )
        speakers = add_messages(builder, messages, first.name, source, rejects)
        if len(speakers) > 1:
            yield builder.build()
        else:
            rejects.append(reject_chat(first, len(messages), speakers, source))


def _drop_ambiguous(
    records: Sequence[RawRecord], day_first: dict[str, bool | None], source: str, rejects: list[Reject]
) -> list[RawRecord]:
    """Return the records without those whose time may be of two months, which are rejects."""
    unknown = [name for name, is_first in day_first.items() if is_first is None]
    kept = []
    for record in records:
        times = (record.value.get(name) for name in unknown)
        ambiguous = next(filter(is_ambiguous, times), None)
        if ambiguous is None:
            kept.append(record)
        else:
            rejects.append(reject_ambiguous_time(record, ambiguous, source))
    return kept


def _read_message(record: RawRecord, columns: MessagesFormat, day_first: dict[str, bool | None]) -> Message:
    """Return the message of a record. `day_first`: by time column, in the order in which they count."""
    texts = list(iter_texts(record.value, (columns.text,) if columns.text else TEXT_KEYS))
    speaker = find_speaker(record, (), (columns.speaker,) if columns.speaker else SPEAKER_KEYS)
    times = (parse_time(record.value.get(name), is_first) for name, is_first in day_first.items())
    return Message(record, (), record.value, texts, speaker, next(filter(None, times), None))


def _order(messages: Sequence[Message]) -> Sequence[Message]:
    """Return messages by time where all with a text have one, else in the file's order.

    Times are minutes. Within one, messages stay in the file's order, or in its reverse where the newest of
    all stand first.
    """
    if not all(message.time for message in messages if message.texts):
        return messages
    times = [message.time for message in messages if message.time]
    if times and times[0] > times[-1] and all(one >= other for one, other in pairwise(times)):
        messages = messages[::-1]
    return sorted(messages, key=lambda message: message.time or "")


def _find_user(records: Iterable[RawRecord], columns: MessagesFormat) -> str | None:
    """Return the user of a conversation: the first in the named column, or one that all records agree on."""
    if columns.user:
        return next(filter(None, (find_user(record, (columns.user,)) for record in records)), None)
    names = [name for name in USER_KEYS if name != columns.speaker]
    users = {user for record in records if (user := find_user(record, names))}
    return users.pop() if len(users) == 1 else None
