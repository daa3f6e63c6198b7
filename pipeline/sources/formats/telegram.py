"""Chats of Telegram Desktop's export in JSON, result.json: one chat, or an account's in `chats.list`."""

from collections.abc import Iterator
from typing import Any

from pipeline.core.schema import Reject, Span
from pipeline.core.unicode import is_well_formed
from pipeline.sources.formats.chat_days import (
    BLANK,
    MALFORMED,
    MEDIA,
    SYSTEM,
    ChatMessage,
    find_fault,
    shorten_name,
)
from pipeline.sources.io import join_rich_text, json_pointer, make_record_reject
from pipeline.sources.records import RawRecord, read_string
from pipeline.sources.times import parse_time

_LISTS = ("chats", "left_chats")
_KEYS = {"id", "type", "date"}
_MEDIA_KEYS = frozenset(
    ("photo", "file", "media_type", "sticker_emoji", "location_information", "contact_information", "poll")
)

Keys = tuple[str | int, ...]


def find_chats(value: Any) -> list[tuple[Keys, dict[str, Any]]]:
    """Return (keys, chat) of the chats in the value of a file; none where it is not Telegram's."""
    if not isinstance(value, dict):
        return []
    if _is_chat(value):
        return [((), value)]
    return [
        ((name, "list", number), chat)
        for name in _LISTS
        if isinstance(value.get(name), dict) and isinstance(value[name].get("list"), list)
        for number, chat in enumerate(value[name]["list"])
        if _is_chat(chat)
    ]


def _is_chat(value: Any) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and any(
        isinstance(one, dict) and one.keys() >= _KEYS for one in messages
    )


def read_messages(chat: dict[str, Any], keys: Keys, file: str, source: str) -> Iterator[ChatMessage | Reject]:
    """Yield the messages of a chat at keys, and a reject for what is not a text of a person.

    A text of several parts, such as words and a link, is one text (`io.join_rich_text`).
    """
    for number, value in enumerate(chat["messages"]):
        where = (*keys, "messages", number)
        reason, detail = _classify(value)
        if reason:
            span = Span(file, json_pointer(*where), 0, 0)
            yield make_record_reject(source, reason, detail, span)
            continue
        speaker = _find_speaker(value)
        time = _find_time(value)
        assert speaker is not None and time is not None
        yield ChatMessage(_find_text(value), json_pointer(*where, "text"), 0, shorten_name(speaker), time)


def _classify(value: Any) -> tuple[str, str]:
    """Return (why a message is not the text of a person, or empty; a detail)."""
    fault = find_fault(value)
    if fault:
        return MALFORMED, fault
    if value.get("type") != "message":
        return SYSTEM, f"{value.get('action') or value.get('type')!s:.80}"
    text = _find_text(value)
    if not text.strip():
        media = sorted(_MEDIA_KEYS & value.keys())
        return (MEDIA, f"{value[media[0]]!s:.80}") if media else (BLANK, f"{value!r:.80}")
    if not is_well_formed(text):
        return MALFORMED, "its text has half a surrogate pair, which is not a character"
    if _find_speaker(value) is None:
        return MALFORMED, "from and from_id are missing"
    if _find_time(value) is None:
        return MALFORMED, f"date is no time: {value.get('date')!r:.80}"
    return "", ""


def _find_text(value: dict[str, Any]) -> str:
    text = value.get("text")
    return text if isinstance(text, str) else join_rich_text(text) or ""


def _find_speaker(value: dict[str, Any]) -> str | None:
    """Return who wrote a message: a name, or the id of an account that was deleted."""
    record = RawRecord("", (), value)
    return read_string(record, "from") or read_string(record, "from_id")


def _find_time(value: dict[str, Any]) -> str | None:
    return parse_time(value.get("date")) or parse_time(value.get("date_unixtime"))
