"""Chats of WhatsApp's text export: `_chat.txt`, `WhatsApp Chat with ANN.txt`.

A message begins with a line `[31/12/23, 22:15:22] Ann: text` or `12/31/23, 10:15 PM - Ann: text`, and goes on
to the next such line. Order and marks of the date are those of the phone's language. Lines without a name,
and texts after the mark U+200E, are WhatsApp's own words.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.chat_days import BLANK, MALFORMED, MEDIA, SYSTEM, ChatMessage, shorten_name
from pipeline.sources.io import make_record_reject
from pipeline.sources.lines import iter_lines_with_offsets
from pipeline.sources.times import explain_ambiguous, is_ambiguous, parse_time

_MAX_HEAD = 80  # characters of a line that may hold its date
_MAX_SPEAKER = 80
_MARKS = (
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"  # of the writing direction
)
_MARK = re.compile(f"[{_MARKS}]")
_SPACES = {0xA0: " ", 0x202F: " "}
_NOTICE = "\u200e"  # begins what WhatsApp wrote in a person's place
_HEAD = re.compile(
    r"(?P<open>\[?)(?P<first>\d{1,4})(?P<mark>[./-]) ?(?P<second>\d{1,2})(?P=mark) ?(?P<third>\d{1,4})"
    r"(?P<point>\.?),? (?:(?:à|klo|kl\.?|um|às|alle) )?(?P<before>[^\W\d]{2} ?)?"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.]\d{2})?"
    r" ?(?P<half>[AaPp]\.? ?[Mm]\.?)?(?P<close>\]| [-–]) ?"
)
_HALVES = {
    **dict.fromkeys(("上午", "午前", "오전"), "a"),
    **dict.fromkeys(("下午", "午後", "오후"), "p"),
}
# After a person's own text.
_EDITED = re.compile(
    r"\s?\u200e<[^<>\n]{1,200}>$|\s?<(?:This message was edited|Diese Nachricht wurde bearbeitet\.?|"
    r"Se editó este mensaje\.?|Ce message a été modifié\.?)>$"
)
# Instead of a person's text: `<Media omitted>` of Android, `image omitted` of iPhones.
_BRACKETED = re.compile(r"<[^<>\n]{1,200}>")
_OMITTED = re.compile(
    r"<(?:Media omitted|Medien ausgeschlossen|Multimedia omitido|Médias omis|Mídia oculta|"
    r"Media omessi|Media weggelaten)>|"
    r"[\w -]{1,24} (?:omitted|weggelassen|ausgelassen|absente?|omise?|omitid[oa]|omess[oa])",
    re.IGNORECASE,
)
_ATTACHED = re.compile(  # a person's text may follow, in the next line
    r" ?\u200e?(?:[A-Z]{3}-\d{8}-WA\d{4}\.\w{1,8} \([^()\n]{1,40}\)|[^\n]{1,200}\.\w{1,8} \((?:file attached|"
    r"Datei angehängt|archivo adjunto|fichier joint|file allegato|arquivo anexado)\))(?:\r?\n|$)"
)
_DELETED = re.compile(
    r"(?:This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|"
    r"Du hast diese Nachricht gelöscht|Se eliminó este mensaje|Eliminaste este mensaje|"
    r"Ce message a été supprimé|Vous avez supprimé ce message|null)\.?"
)
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"))
_MIN_MESSAGES = 2
_MIN_HEADS = 0.1  # of the lines that are looked at
_MAX_LINES = 500


@dataclass(slots=True)
class WhatsAppEntry:
    """A message or notice: its time as `parse_time` reads it, and the characters from its line on."""

    time: str
    speaker: str | None  # None: a notice
    line_start: int
    start: int  # of the text
    end: int


def is_chat(text: str) -> bool:
    """Return whether a text begins as an export does."""
    entries = list(iter_entries(text, _MAX_LINES))
    if not entries or text[: entries[0].line_start].strip(_MARKS + " \r\n"):
        return False
    num_lines = sum(bool(line) for line in text.split("\n", _MAX_LINES)[:_MAX_LINES])
    num_messages = sum(entry.speaker is not None for entry in entries)
    return (
        len(entries) >= _MIN_HEADS * num_lines
        and num_messages >= _MIN_MESSAGES
        and 2 * num_messages >= len(entries)
    )


def iter_entries(text: str, max_lines: int | None = None) -> Iterator[WhatsAppEntry]:
    """Yield the messages and notices of an export, in order. `max_lines`: of the text that are read."""
    entry: WhatsAppEntry | None = None
    for number, (line, start) in enumerate(iter_lines_with_offsets(text)):
        if number == max_lines:
            break
        found = _read_head(line)
        if found is not None:
            if entry is not None:
                yield entry
            time, speaker, offset = found
            entry = WhatsAppEntry(time, speaker, start, start + offset, start + len(line))
        elif entry is not None:
            entry.end = start + len(line)
    if entry is not None:
        yield entry


def read_messages(
    text: str, entries: Sequence[WhatsAppEntry], day_first: bool | None, file: str, source: str
) -> Iterator[ChatMessage | Reject]:
    """Yield the messages of an export, and a reject for what is not a text of a person.

    `day_first`: whether its dates begin with the day, where they do not tell themselves.
    """
    if entries and text[: entries[0].line_start].strip(_MARKS + " \r\n"):
        span = Span(file, "", 0, entries[0].line_start)
        yield make_record_reject(source, MALFORMED, "text before the first message", span)
    bracketed = Counter(
        inner for one in entries if _BRACKETED.fullmatch(inner := text[one.start : one.end].strip())
    )
    for entry in entries:
        start, end = _trim(text, entry)
        reason = _classify(entry, text[start:end], is_trimmed=(start, end) != (entry.start, entry.end))
        if bracketed[text[start:end].strip()] > 1:  # as `<Media omitted>` in languages that are not known
            reason = MEDIA
        detail = " ".join(text[entry.start : entry.end].split())[:100]
        time = parse_time(entry.time, day_first)
        if not reason and time is None:
            reason, detail = MALFORMED, f"{entry.time} is no time"
            if is_ambiguous(entry.time):
                reason = "ambiguous time"
                detail = explain_ambiguous(entry.time)
        if reason:
            yield make_record_reject(source, reason, detail, Span(file, "", entry.line_start, entry.end))
        elif entry.speaker is not None and time is not None:
            yield ChatMessage(text[start:end], "", start, entry.speaker, time)


def _trim(text: str, entry: WhatsAppEntry) -> tuple[int, int]:
    """Return the range of a person's text, without the file attached to it, and a note that it was edited."""
    inner = text[entry.start : entry.end]
    attached, edited = _ATTACHED.match(inner), _EDITED.search(inner.rstrip())
    return (
        entry.start + (attached.end() if attached else 0),
        entry.start + edited.start() if edited else entry.end,
    )


def _classify(entry: WhatsAppEntry, text: str, is_trimmed: bool) -> str:
    """Return why an entry is not the text of a person; empty: it is."""
    words = text.strip().strip(_MARKS).strip()
    if entry.speaker is None:
        return SYSTEM
    if not words:
        return MEDIA if is_trimmed else BLANK
    if _OMITTED.fullmatch(words):
        return MEDIA
    return SYSTEM if text.lstrip().startswith(_NOTICE) or _DELETED.fullmatch(words) else ""


def _read_head(line: str) -> tuple[str, str | None, int] | None:
    """Return (time, speaker or None, index of the text) where a line begins a message; else None."""
    start = line[:_MAX_HEAD].lstrip(_MARKS)[:1]
    if not (start == "[" or start.isdecimal()):
        return None
    begin = line[:_MAX_HEAD]
    kept = [index for index, char in enumerate(begin) if char not in _MARKS] if _MARK.search(begin) else None
    head = "".join(begin[index] for index in kept) if kept is not None else begin
    match = _HEAD.match(head.translate(_SPACES))
    if match is None or bool(match["open"]) != (match["close"] == "]"):
        return None
    time = _write_time(match)
    if time is None:
        return None
    end = match.end()
    if kept is not None:
        end = kept[end] if end < len(kept) else len(begin)
    name, colon, _ = line[end : end + _MAX_SPEAKER + 2].partition(": ")
    if not colon and line.endswith(":") and len(line) - end <= _MAX_SPEAKER:
        name, colon = line[end:-1], ":"
    speaker = shorten_name(_MARK.sub("", name).strip().removeprefix("~"))
    if not colon or not speaker or _has_open_quote(name):
        return time, None, end
    return time, speaker, end + len(name) + len(colon)


def _has_open_quote(name: str) -> bool:
    """Return whether a colon after these words is in quotation marks, as in `Ann named it “Trip: Rome”`."""
    for first, last in _QUOTES:
        opened = name.count(first) % 2 if first == last else name.count(first) > name.count(last)
        if opened:
            return True
    return False


def _write_time(match: re.Match[str]) -> str | None:
    """Return the time of a line as `parse_time` reads it; None where its numbers are not those of a time."""
    first, second, third = (int(match[name]) for name in ("first", "second", "third"))
    before = (match["before"] or "").strip()
    if before and before not in _HALVES:
        return None
    half = (match["half"] or _HALVES.get(before, ""))[:1].lower()
    hour = int(match["hour"])
    hour = hour % 12 + 12 * (half == "p") if half else hour
    clock = f"{hour:02d}:{int(match['minute']):02d}"
    if len(match["first"]) == 4:
        return f"{first}-{second:02d}-{third:02d} {clock}"
    if len(match["first"]) > 2 or len(match["third"]) not in (2, 4):
        return None
    year = third + 2000 * (third < 100)
    mark = "." if match["mark"] == "." else "/"
    return f"{first}{mark}{second}{mark}{year:04d} {clock}"
