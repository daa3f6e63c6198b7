"""Locations in the raw files of a source, as people write them: FILE, FILE#POINTER, FILE#POINTER@START-END.

A pointer is a JSON pointer (RFC 6901); characters are counted in the decoded string from 0. Without a pointer
a location is the whole file, without characters the whole record. A pointer includes everything below it.
"""

import re
from dataclasses import dataclass

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span

_LOCATION_PATTERN = re.compile(
    r"(?P<file>[^#@]+)(#(?P<record>(/[^@]*)?))?(@(?P<start>\d{1,15})(-(?P<end>\d{1,15}))?)?"
)


@dataclass(frozen=True, slots=True)
class Location:
    """A file, a record in it, or characters of the record."""

    file: str
    record: str  # empty: the whole file
    start: int = 0
    end: int | None = None  # None: to the end

    def contains(self, span: Span) -> bool:
        """Return whether a span has characters here; an empty span counts as the character at its start."""
        if span.file != self.file:
            return False
        if span.record != self.record:
            return not self.record or span.record.startswith(f"{self.record}/")
        return (self.end is None or span.start < self.end) and max(span.end, span.start + 1) > self.start


def parse_location(text: str) -> Location:
    """Parse a location. Raises MemcurateError when the text is not one."""
    match = _LOCATION_PATTERN.fullmatch(text)
    if match is None:
        raise MemcurateError(
            f"{text!r} is not a location in a raw file: write FILE, FILE#POINTER or FILE#POINTER@START-END, "
            "such as dev.json#/data/0/paragraphs/3 or alice.txt@1200-1500"
        )
    start, end = match["start"], match["end"]
    first = int(start or 0)
    last = int(end) if end else first + 1 if start else None
    return Location(match["file"], match["record"] or "", first, last)


def format_span(span: Span) -> str:
    """Write a span in the form that `parse_location` reads."""
    record = f"#{span.record}" if span.record else ""
    return f"{span.file}{record}@{span.start}-{span.end}"
