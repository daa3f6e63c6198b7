"""Channels of Slack's export: a folder each, with a file of messages for each day; users.json has the names.

Texts stay as Slack writes them, with `<@U02ABC>` where a person is mentioned. So who is mentioned anywhere
has that id behind the name: `Ann (U02ABC)`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
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

USERS_FILE = "users.json"
# Beside the folders of channels; they hold no messages.
OTHER_FILES = (
    *(USERS_FILE, "org_users.json", "channels.json", "groups.json", "dms.json", "mpims.json"),
    *("integration_logs.json", "canvases.json", "lists.json", "file_conversations.json"),
    "huddle_transcripts.json",
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MENTION = re.compile(r"<@(\w{1,40})[|>]")
_SUBTYPES = (None, "thread_broadcast", "me_message", "bot_message", "file_share")  # of what persons write
_MEDIA_KEYS = ("files", "file", "attachments", "blocks")


def is_day(file: str, value: Any) -> bool:
    """Return whether a file is a day of a channel, by its name and its value."""
    path = PurePath(file)
    return (
        _DAY.fullmatch(path.stem) is not None
        and isinstance(value, list)
        and any(isinstance(one, dict) and {"type", "ts"} <= one.keys() for one in value)
    )


def read_names(users: Any) -> dict[str, str]:
    """Return the names of users by their ids, as users.json has them; others are left out."""
    names = {}
    for value in users if isinstance(users, list) else ():
        record = RawRecord("", (), value)
        identity = read_string(record, "id") if isinstance(value, dict) else None
        name = _find_name(record, "profile") or read_string(record, "name")
        if identity and name:
            names[identity] = name
    return names


def find_mentioned(days: Iterable[list[Any]]) -> set[str]:
    """Return the ids of users whom messages mention."""
    texts = (one.get("text") for day in days for one in day if isinstance(one, dict))
    return {identity for text in texts if isinstance(text, str) for identity in _MENTION.findall(text)}


def read_messages(
    day: list[Any], names: Mapping[str, str], mentioned: set[str], file: str, source: str
) -> Iterator[ChatMessage | Reject]:
    """Yield the messages of a day, and a reject for what is not a text of a person.

    The replies of a thread follow its first message.
    """
    for number in sorted(range(len(day)), key=lambda number: _get_place(day[number])):
        value = day[number]
        span = Span(file, json_pointer(number), 0, 0)
        fault = find_fault(value)
        if fault:
            yield make_record_reject(source, MALFORMED, fault, span)
            continue
        record = RawRecord(file, (), value)
        text, time = read_string(record, "text"), parse_time(value.get("ts"))
        speaker = _find_speaker(record, names)
        if value.get("type") != "message" or value.get("subtype") not in _SUBTYPES:
            detail = f"{value.get('subtype') or value.get('type')!s:.80}"
            yield make_record_reject(source, SYSTEM, detail, span)
        elif text is None:
            media = next((key for key in _MEDIA_KEYS if value.get(key)), None)
            yield make_record_reject(source, MEDIA if media else BLANK, media or f"{value!r:.80}", span)
        elif speaker is None or time is None:
            missing = "user is missing" if speaker is None else f"ts is no time: {value.get('ts')!r:.80}"
            yield make_record_reject(source, MALFORMED, missing, span)
        else:
            identity = read_string(record, "user")
            note = f" ({identity})" if identity in mentioned and identity != speaker else ""
            pointer = json_pointer(number, "text")
            yield ChatMessage(text, pointer, 0, f"{shorten_name(speaker)}{note}", time)


def _get_place(value: Any) -> tuple[float, float]:
    """Return (time of the thread, time) of a message, in seconds; 0 where they are not known."""
    if not isinstance(value, dict):
        return 0.0, 0.0
    time = _read_seconds(value.get("ts"))
    return _read_seconds(value.get("thread_ts")) or time, time


def _read_seconds(value: Any) -> float:
    is_number = isinstance(value, str) and re.fullmatch(r"\d{1,12}(?:\.\d{1,12})?", value) is not None
    return float(value) if is_number else 0.0


def _find_speaker(record: RawRecord, names: Mapping[str, str]) -> str | None:
    """Return who wrote a message: the name in users.json, that of the message, or the id."""
    identity = read_string(record, "user")
    return (
        names.get(identity or "")
        or _find_name(record, "user_profile")
        or read_string(record, "username")
        or read_string(record, "bot_profile", "name")
        or identity
    )


def _find_name(record: RawRecord, profile: str) -> str | None:
    keys = ("display_name", "real_name", "name")
    return next(filter(None, (read_string(record, profile, key) for key in keys)), None)
