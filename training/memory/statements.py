"""Split a passage into statements: who says what, and when.

A statement goes on to the next speaker or time. Speakers stand before their words as chunks do,
`<Ann Lee> …`, or as entries do, `Ann Lee: …`. A time counts for all statements up to the next one. A date
inside a sentence is the statement's time only where none stands before it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.text.normalize import normalize_text

USER = "User"
ASSISTANT = "Assistant"

_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}"
_CAPITAL_WORD = r"[^\W\d_a-z][\w'’-]{0,30}"
FULL_NAME = rf"{_CAPITAL_WORD}(?: {_CAPITAL_WORD}){{1,2}}"  # two or three words
_MARK = re.compile(
    rf"(?P<time>(?:^|\[[^\[\]\n]{{0,40}}){_DATE}(?: {_CLOCK})?|{_DATE} {_CLOCK})"
    rf"|^<(?P<tagged>[^<>\n]{{1,40}})>|(?:^|(?<= ))(?P<named>{USER}|{ASSISTANT}|{FULL_NAME}):(?= )",
    re.MULTILINE,
)
_INNER_DATE = re.compile(_DATE)
_TIME = re.compile(rf"{_DATE}(?: {_CLOCK})?")


@dataclass(frozen=True, slots=True)
class Statement:
    """Words of one speaker at one time."""

    text: str
    normalized: str  # by normalize_text
    speaker: str | None  # None: it is not said who speaks
    time: str  # YYYY-MM-DD, with or without HH:MM; empty where unknown


@lru_cache(maxsize=2048)  # the same passages are retrieved for several questions
def split_statements(passage: str) -> tuple[Statement, ...]:
    """Return the statements of a passage in order, without those that have no words."""
    statements: list[Statement] = []
    speaker: str | None = None
    time, start = "", 0

    def finish(end: int) -> None:
        text = passage[start:end].strip(" \n]|")
        if text:
            inner = None if time else _INNER_DATE.search(text)
            told_at = inner.group() if inner else time
            statements.append(Statement(text, normalize_text(text), speaker, told_at))

    for mark in _MARK.finditer(passage):
        finish(mark.start())
        start = mark.end()
        found = _TIME.search(mark["time"]) if mark["time"] else None
        if found:
            time, speaker = found.group(), None
        else:
            speaker = mark["tagged"] or mark["named"]
    finish(len(passage))
    return tuple(statements)
