"""Chunk templates: the dated interaction around a chunk's segments (paper, section on data).

A chunk's text is opening + the rendered units + closing, the closing on a line of its own. The rendering of a
unit depends on the unit before it in the same chunk (None at the chunk's start), so that a heading is
repeated where a chunk begins in the middle of a section.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol, TypeVar

from pipeline.core import seeded_random
from pipeline.core.dates import UNDATED_HEADINGS, synthetic_time
from pipeline.core.schema import Segment
from pipeline.text.normalize import normalize_text
from pipeline.text.segment_names import document_and_section

_NO_SPACES: Mapping[str, str] = MappingProxyType({})
U = TypeVar("U", contravariant=True)


@dataclass(frozen=True, slots=True)
class Frame:
    """The time of a chunk, and the text before and after its units."""

    time: str | None  # YYYY-MM-DD HH:MM; None: the time of the first segment
    opening: str
    closing: str


class ChunkTemplate(Protocol[U]):
    """The template of one instance's chunks. U is the unit: a list of segments, or a sentence's offsets."""

    def frame(self, index: int) -> Frame:
        """Return the frame of chunk `index` of the instance."""

    def render(self, unit: U, previous: U | None) -> tuple[str, list[int]]:
        """Return the text of a unit, and the offset in it of each of its segments."""


def _join_segments(parts: list[tuple[str, Segment, str]]) -> tuple[str, list[int]]:
    """Return (text, offset of each segment) of parts (text before, segment, text after)."""
    text, starts = "", []
    for before, segment, after in parts:
        starts.append(len(text) + len(before))
        text += before + segment.text + after
    return text, starts


def _join_sentences(
    unit: list[Segment], title: str, known_spaces: Mapping[str, str] = _NO_SPACES
) -> tuple[str, list[int]]:
    """Return a title, the sentences of a paragraph and an empty line, and the offset of each sentence.

    `known_spaces`: what stands before a sentence, by its id; else a space does, or nothing.
    """
    found = map(_space_between, unit, unit[1:])
    spaces = [*(known_spaces.get(one.id, space) for one, space in zip(unit[1:], found, strict=True)), "\n\n"]
    titles = [title, *[""] * (len(unit) - 1)]
    return _join_segments(list(zip(titles, unit, spaces, strict=True)))


def _space_between(one: Segment, other: Segment) -> str:
    """Return the space between two sentences: none where the raw text has none, as in Chinese."""
    end, start = one.source_span, other.source_span
    touches = (end.file, end.record, end.end) == (start.file, start.record, start.start)
    return "" if touches else " "


def _dialogue_frame(index: int, opening: str, closing: str) -> Frame:
    """Return the frame of a dialogue on day `index` of the instance."""
    time = synthetic_time(index)
    head = f"[Dialogue between User and Assistant on {time}]\n<User> {opening}\n"
    return Frame(time, head, f"<Assistant> {closing}")


_PROMPT_LINES = {
    "passages": (
        "Please read these passages and remember what they say:",
        "I have read the passages and will remember what they say.",
    ),
    "examples": (
        "Here are samples, each with the number of its label. Learn how they are labelled:",
        "I have seen the samples and will remember how they are labelled.",
    ),
}


class PassageTemplate:
    """Passages shown by a user to an assistant, one day per chunk, under the titles of their articles."""

    def frame(self, index: int) -> Frame:
        """Return a dialogue on day `index`."""
        return _dialogue_frame(index, *_PROMPT_LINES["passages"])

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Return the passage and an empty line, under its title where an article or a chunk begins."""
        section = unit[0].section
        is_continued = previous is not None and previous[-1].section == section
        return _join_sentences(unit, "" if is_continued or not section else f"Title: {section}\n")


class ExampleTemplate:
    """Labelled examples shown by a user to an assistant, one day per chunk; labels are numbers."""

    def __init__(self, numbers: dict[str, int]) -> None:
        """`numbers`: the number of each label, by the label's name."""
        self._numbers = numbers

    def frame(self, index: int) -> Frame:
        """Return a dialogue on day `index`."""
        return _dialogue_frame(index, *_PROMPT_LINES["examples"])

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Return the sample on one line, its label's number on the next."""
        return _join_segments(
            [("Sample: ", one, f"\nLabel: {self._numbers[one.label or '']}\n") for one in unit]
        )


class DocumentTemplate:
    """Pieces as they are, shown by a user to an assistant, one day per chunk."""

    def __init__(self, prompt_style: str) -> None:
        """`prompt_style`: passages or examples, whose user and assistant lines are used."""
        self._lines = _PROMPT_LINES[prompt_style]

    def frame(self, index: int) -> Frame:
        """Return a dialogue on day `index`."""
        return _dialogue_frame(index, *self._lines)

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Return each piece, followed by an empty line."""
        return _join_segments([("", one, "\n\n") for one in unit])


class ConversationTemplate:
    """Conversations under their own timestamps and speakers; a segment without a speaker is an event."""

    def frame(self, index: int) -> Frame:
        """Return an empty frame: the segments have times of their own."""
        return Frame(None, "", "")

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Return a line per segment, with the speaker where it changes.

        Where the section changes, a line with its timestamp, or the event's date, comes first.
        """
        before = previous[-1] if previous else None
        parts = []
        for segment in unit:
            head = ""
            if before is None or before.section != segment.section:
                head = _section_heading(segment)
            if segment.speaker and (head or before is None or before.speaker != segment.speaker):
                head += f"<{segment.speaker}> "
            parts.append((head, segment, "\n"))
            before = segment
        return _join_segments(parts)


def _section_heading(segment: Segment) -> str:
    """Return the line above a section, by its first segment."""
    dialogue, event = UNDATED_HEADINGS
    if segment.speaker:
        return f"[Dialogue at timestamp {segment.time}]\n" if segment.time else dialogue
    return f"[Event happened on {segment.time[:10]}]\n" if segment.time else event


# Offsets of a sentence in its book's text: start of its piece (with the indentation before it), start and end
# of the sentence, end of its piece (past the newlines after it).
SentenceOffsets = tuple[int, int, int, int]


class BookTemplate:
    """A book read over several days, one to three between two chunks."""

    def __init__(self, text: str, first_day: datetime, seed: int, *names: object) -> None:
        """`first_day`: of the document; `names` seed the draw of the others: source, document, instance."""
        self._text = text
        self._first_day = first_day
        self._seed = seed
        self._names = names

    def frame(self, index: int) -> Frame:
        """Return a reading on a day that is drawn one to three days after that of the chunk before."""
        return _reading_frame(index, self._first_day, self._seed, self._names, "a book", "book")

    def render(self, unit: SentenceOffsets, previous: SentenceOffsets | None) -> tuple[str, list[int]]:
        """Return the book's own characters, white space and line breaks included."""
        piece, start, _, end = unit
        begin = start if previous is None else piece
        return self._text[begin:end], [start - begin]


class ReadingTemplate:
    """Short texts read over several days, as a book is; each below its name."""

    def __init__(self, first_day: datetime, spaces: Mapping[str, str], seed: int, *names: object) -> None:
        """Take the first day of the instance; `names` seed the draw of the others: source, instance.

        `spaces`: the line ends before a sentence of a paragraph, by its id.
        """
        self._first_day = first_day
        self._spaces = spaces
        self._seed = seed
        self._names = names

    def frame(self, index: int) -> Frame:
        """Return a reading, as of a book."""
        return _reading_frame(index, self._first_day, self._seed, self._names, "some texts", "texts")

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Return a paragraph and an empty line, below the text's name where it or a chunk begins.

        Where a paragraph begins with its own heading, this is not repeated.
        """
        title = document_and_section(unit[0])
        is_continued = previous is not None and document_and_section(previous[-1]) == title
        is_same_text = previous is not None and previous[-1].document == unit[0].document
        is_shown = _begins_with_heading(unit[0].text, title, is_same_text)
        return _join_sentences(unit, "" if is_continued or is_shown else f"Title: {title}\n", self._spaces)


def _begins_with_heading(text: str, title: str, is_title_end: bool) -> bool:
    """Return whether a text begins with a heading of Markdown that is a title, or the end of it."""
    line = text.partition("\n")[0]
    heading, whole = normalize_text(line.lstrip("# ")), normalize_text(title)
    return line.startswith("#") and (heading == whole or (is_title_end and whole.endswith(f", {heading}")))


def _reading_frame(
    index: int, first_day: datetime, seed: int, names: tuple[object, ...], what: str, short: str
) -> Frame:
    """Return the frame of a reading, one to three days after that of the chunk before, which is drawn."""
    days = sum(seeded_random.randint(1, 3, seed, *names, "days", n) for n in range(1, index + 1))
    date = first_day + timedelta(days=days)
    return Frame(
        f"{date:%Y-%m-%d %H:%M}",
        f"[Event happened on {date:%Y-%m-%d} The user is reading {what}]\n",
        f"[Remember the details of what was read, and a summary of the {short} so far.]",
    )
