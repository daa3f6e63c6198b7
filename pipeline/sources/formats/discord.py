"""Chats of Discord as DiscordChatExporter writes them in JSON: a channel in each file."""

from collections.abc import Iterator
from typing import Any

from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.chat_days import (
    BLANK,
    MALFORMED,
    MEDIA,
    SYSTEM,
    ChatMessage,
    find_fault,
    shorten_name,
)
from pipeline.sources.io import json_pointer, make_record_reject
from pipeline.sources.records import RawRecord, read_string
from pipeline.sources.times import parse_time

_TYPES = ("Default", "Reply")  # of messages that persons write
_MEDIA_KEYS = ("attachments", "stickers", "embeds")


def is_channel(value: Any) -> bool:
    """Return whether the value of a file is a channel with its messages."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("guild"), dict)
        and isinstance(value.get("channel"), dict)
        and isinstance(value.get("messages"), list)
    )


def read_messages(channel: dict[str, Any], file: str, source: str) -> Iterator[ChatMessage | Reject]:
    """Yield the messages of a channel, and a reject for what is not a text of a person."""
    for number, value in enumerate(channel["messages"]):
        span = Span(file, json_pointer("messages", number), 0, 0)
        fault = find_fault(value)
        if fault:
            yield make_record_reject(source, MALFORMED, fault, span)
            continue
        record = RawRecord(file, (), value)
        text, time = read_string(record, "content"), parse_time(value.get("timestamp"))
        speaker = read_string(record, "author", "nickname") or read_string(record, "author", "name")
        if value.get("type") not in _TYPES:
            yield make_record_reject(source, SYSTEM, f"{value.get('type')!s:.80}", span)
        elif text is None:
            media = next((key for key in _MEDIA_KEYS if value.get(key)), None)
            yield make_record_reject(source, MEDIA if media else BLANK, media or f"{value!r:.80}", span)
        elif speaker is None or time is None:
            missing = "author.name is missing" if speaker is None else "timestamp is no time"
            yield make_record_reject(source, MALFORMED, missing, span)
        else:
            pointer = json_pointer("messages", number, "content")
            yield ChatMessage(text, pointer, 0, shorten_name(speaker), time)
