"""A place in the raw files of a source, as people write it: FILE, FILE#POINTER, FILE#POINTER@START-END.

A pointer is a JSON pointer (RFC 6901), characters are counted in the decoded string from 0. What is left out
means all: of the file, of the record. A pointer also means everything below it.
"""

import re
from dataclasses import dataclass

from pipeline.errors import MemcurateError
from pipeline.schema import Span

_FORM = re.compile(r"(?P<file>[^#@]+)(#(?P<record>(/[^@]*)?))?(@(?P<start>\d{1,15})(-(?P<end>\d{1,15}))?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """See above."""

    file: str
    record: str  # empty: the whole file
    start: int = 0
    end: int | None = None  # None: to the end

    def holds(self, span: Span) -> bool:
        """Whether characters of a span stand here; a span of none stands where it begins."""
        if span.file != self.file:
            return False
        if span.record != self.record:
            return not self.record or span.record.startswith(f"{self.record}/")
        return (self.end is None or span.start < self.end) and max(span.end, span.start + 1) > self.start


def place(text: str) -> Place:
    """The place that a text names. Raises MemcurateError when it names none."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise MemcurateError(
            f"{text!r} is no place in a raw file: write FILE, FILE#POINTER or FILE#POINTER@START-END, such "
            "as dev.json#/data/0/paragraphs/3 or alice.txt@1200-1500"
        )
    start, end = found["start"], found["end"]
    first = int(start or 0)
    last = int(end) if end else first + 1 if start else None
    return Place(found["file"], found["record"] or "", first, last)


def written(span: Span) -> str:
    """A span as `place` reads it."""
    record = f"#{span.record}" if span.record else ""
    return f"{span.file}{record}@{span.start}-{span.end}"
