"""Chats of people, as WhatsApp, Telegram, Slack and Discord export them.

A document is a day of a chat. All files are read together: the dates of one WhatsApp chat tell those of
another, and Slack keeps names and messages in files of their own.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.params.formats import MessengerFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats import discord, slack, telegram, whatsapp
from pipeline.sources.formats.chat_days import ChatMessage, iter_days
from pipeline.sources.io import make_record_reject, read_json, read_text
from pipeline.sources.parsed import Document
from pipeline.sources.shards import MEDIA_SUFFIXES, RawShard, iter_files
from pipeline.sources.times import find_day_first, find_day_first_by_order

_ENCODINGS = ("utf-8", "latin-1")


def find_app(path: Path) -> str | None:
    """Return the name of the app whose export a file belongs to; None: of none that is known."""
    try:
        if path.suffix.lower() == ".txt":
            return "WhatsApp" if whatsapp.is_chat(read_text(path, _ENCODINGS)) else None
        return _find_app_of_json(path.name, read_json(path)) if path.suffix.lower() == ".json" else None
    except MemcurateError:
        return None


def _find_app_of_json(name: str, value: Any) -> str | None:
    if discord.is_channel(value):
        return "Discord"
    if telegram.find_chats(value):
        return "Telegram"
    return "Slack" if slack.is_day(name, value) else None


class Messenger:
    """Reader of exported chats of people."""

    reads_whole = True

    def __init__(self, columns: MessengerFormat) -> None:
        """`columns`: what dates such as 3/2/2024 mean."""
        self._columns = columns

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield the days of the chats in a shard of all files.

        Files without a chat, system messages and media without text are rejects.
        """
        texts: dict[str, str] = {}
        slack_days: dict[str, list[Any]] = {}
        names: dict[str, str] = {}
        for path, file in iter_files([shard]):
            try:
                if path.suffix.lower() == ".txt":
                    texts[file] = read_text(path, _ENCODINGS)
                elif path.suffix.lower() == ".json":
                    value = read_json(path)
                    app = _find_app_of_json(file, value)
                    if app == "Slack":
                        slack_days[file] = value
                    elif app is not None:
                        yield from _iter_json_chats(app, value, file, source, rejects)
                    elif path.name == slack.USERS_FILE:
                        names |= slack.read_names(value)
                    elif path.name not in slack.OTHER_FILES:
                        rejects.append(_reject_file(file, source))
                else:
                    rejects.append(_reject_file(file, source))
            except MemcurateError as error:
                span = Span(file, "", 0, 0)
                rejects.append(make_record_reject(source, "unreadable file", str(error), span))
        yield from self._iter_whatsapp_chats(texts, source, rejects)
        mentioned = slack.find_mentioned(slack_days.values())
        for file, day in slack_days.items():
            read = slack.read_messages(day, names, mentioned, file, source)
            yield from iter_days(source, file, file, _keep_messages(read, rejects))

    def _iter_whatsapp_chats(
        self, texts: dict[str, str], source: str, rejects: list[Reject]
    ) -> Iterator[Document]:
        """Yield the days of WhatsApp's chats. `texts`: by file."""
        chats = {file: list(whatsapp.iter_entries(text)) for file, text in texts.items()}
        firsts = {file: _find_day_first(entries) for file, entries in chats.items()}
        known = set(firsts.values()) - {None}
        of_others = known.pop() if len(known) == 1 else None
        for file, entries in chats.items():
            if not entries:
                rejects.append(_reject_file(file, source))
                continue
            day_first = self._columns.day_first
            if day_first is None:
                day_first = of_others if firsts[file] is None else firsts[file]
            read = whatsapp.read_messages(texts[file], entries, day_first, file, source)
            yield from iter_days(source, file, file, _keep_messages(read, rejects))


def _find_day_first(entries: Iterable[whatsapp.WhatsAppEntry]) -> bool | None:
    """Return whether the dates of a chat begin with the day; None: they do not tell."""
    times = [entry.time for entry in entries]
    found = find_day_first(times)
    return find_day_first_by_order(times) if found is None else found


def _iter_json_chats(
    app: str, value: Any, file: str, source: str, rejects: list[Reject]
) -> Iterator[Document]:
    if app == "Discord":
        read = discord.read_messages(value, file, source)
        yield from iter_days(source, file, file, _keep_messages(read, rejects))
        return
    for keys, chat in telegram.find_chats(value):
        name = "/".join(map(str, (file, *keys)))
        read = telegram.read_messages(chat, keys, file, source)
        yield from iter_days(source, file, name, _keep_messages(read, rejects))


def _keep_messages(read: Iterable[ChatMessage | Reject], rejects: list[Reject]) -> list[ChatMessage]:
    """Return the messages; the rejects are appended to `rejects`."""
    kept = []
    for one in read:
        if isinstance(one, ChatMessage):
            kept.append(one)
        else:
            rejects.append(one)
    return kept


def _reject_file(file: str, source: str) -> Reject:
    is_media = PurePath(file).suffix.lower() in MEDIA_SUFFIXES
    return make_record_reject(
        source, "media file" if is_media else "file without a chat", "", Span(file, "", 0, 0)
    )
