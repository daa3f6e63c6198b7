"""How a chunk reads: the dated interaction around its segments (paper, section on data; formats in code).

A chunk's text is opening + the rendered units + closing, the closing on a line of its own. A unit is
rendered knowing the unit before it in the same chunk (None at the chunk's start), so that a heading is
repeated where a chunk begins in the middle of a section.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from pipeline import draws
from pipeline.schema import Chunk, Segment

U = TypeVar("U", contravariant=True)

_FIRST_DAY = datetime(2024, 1, 1)
_UNDATED = ("[Dialogue]\n", "[Event happened]\n")  # what a conversation begins with that has no times


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the units of a chunk."""

    time: str | None  # YYYY-MM-DD HH:MM; None: the time of the first segment
    opening: str
    closing: str


class Rendering(Protocol[U]):
    """How the chunks of one instance read. U is the unit: a list of segments, or a sentence's offsets."""

    def frame(self, ordinal: int) -> Frame:
        """What stands around the units of chunk `ordinal` of the instance."""

    def render(self, unit: U, previous: U | None) -> tuple[str, list[int]]:
        """The text of a unit, and where in it each of its segments starts."""


def _joined(parts: list[tuple[str, Segment, str]]) -> tuple[str, list[int]]:
    """(text, starts) of segments with what stands before and after each."""
    text, starts = "", []
    for before, segment, after in parts:
        starts.append(len(text) + len(before))
        text += before + segment.text + after
    return text, starts


def day(ordinal: int) -> str:
    """The day of chunk `ordinal` where the source has no dates: YYYY-MM-DD HH:MM."""
    return f"{_FIRST_DAY + timedelta(days=ordinal):%Y-%m-%d %H:%M}"


def shown_day(chunk: Chunk) -> str | None:
    """The day of a chunk, YYYY-MM-DD; None where it is made up and the chunk's text does not say it."""
    day = chunk.time[:10]
    return None if chunk.text.startswith(_UNDATED) and day not in chunk.text else day


def _dialogue(ordinal: int, opening: str, closing: str) -> Frame:
    """A dialogue on day `ordinal` of the instance."""
    time = day(ordinal)
    head = f"[Dialogue between User and Assistant on {time}]\n<User> {opening}\n"
    return Frame(time, head, f"<Assistant> {closing}")


_SHOWN = {
    "passages": (
        "Please read these passages and remember what they say:",
        "I have read the passages and will remember what they say.",
    ),
    "examples": (
        "Here are samples, each with the number of its label. Learn how they are labelled:",
        "I have seen the samples and will remember how they are labelled.",
    ),
}


class PassageRendering:
    """Passages shown by a user to an assistant, one day per chunk, under the titles of their articles."""

    def frame(self, ordinal: int) -> Frame:
        """See Rendering."""
        return _dialogue(ordinal, *_SHOWN["passages"])

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """The title, if there is one, where an article begins or a chunk does, the passage, an empty line."""
        section = unit[0].section
        same = previous is not None and previous[-1].section == section
        title = "" if same or not section else f"Title: {section}\n"
        last = len(unit) - 1
        return _joined(
            [
                (title if place == 0 else "", segment, "\n\n" if place == last else " ")
                for place, segment in enumerate(unit)
            ]
        )


class ExampleRendering:
    """Labelled examples shown by a user to an assistant, one day per chunk; labels are numbers."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers

    def frame(self, ordinal: int) -> Frame:
        """See Rendering."""
        return _dialogue(ordinal, *_SHOWN["examples"])

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """The sample on one line, its label's number on the next."""
        return _joined([("Sample: ", one, f"\nLabel: {self._numbers[one.label or '']}\n") for one in unit])


class ContextRendering:
    """Pieces as they are, shown by a user to an assistant, one day per chunk."""

    def __init__(self, shown_as: str) -> None:
        """`shown_as`: passages or examples."""
        self._lines = _SHOWN[shown_as]

    def frame(self, ordinal: int) -> Frame:
        """See Rendering."""
        return _dialogue(ordinal, *self._lines)

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """Each piece, and an empty line."""
        return _joined([("", one, "\n\n") for one in unit])


class ConversationRendering:
    """Conversations under their own timestamps and speakers; what nobody says is an event."""

    def frame(self, ordinal: int) -> Frame:
        """See Rendering."""
        return Frame(None, "", "")

    def render(self, unit: list[Segment], previous: list[Segment] | None) -> tuple[str, list[int]]:
        """A line per segment; the speaker where it changes; the timestamp, or event's date, where the section
        does.
        """
        before = previous[-1] if previous else None
        parts = []
        for segment in unit:
            head = ""
            if before is None or before.section != segment.section:
                head = _began(segment)
            if segment.speaker and (head or before is None or before.speaker != segment.speaker):
                head += f"<{segment.speaker}> "
            parts.append((head, segment, "\n"))
            before = segment
        return _joined(parts)


def _began(segment: Segment) -> str:
    """The line above a section, by its first segment."""
    dialogue, event = _UNDATED
    if segment.speaker:
        return f"[Dialogue at timestamp {segment.time}]\n" if segment.time else dialogue
    return f"[Event happened on {segment.time[:10]}]\n" if segment.time else event


# A sentence of a book by offsets in its text: where its piece starts (the indentation before it),
# where the sentence starts and ends, and where its piece ends (past the newlines after it).
Sentence = tuple[int, int, int, int]


class BookRendering:
    """A book read over several days, one to three between two chunks."""

    def __init__(self, text: str, seed: int, *names: object) -> None:
        """`names` say whose days are drawn: source, document, instance."""
        self._text = text
        self._seed = seed
        self._names = names

    def frame(self, ordinal: int) -> Frame:
        """See Rendering."""
        days = sum(draws.integer(1, 3, self._seed, *self._names, "days", n) for n in range(1, ordinal + 1))
        date = _FIRST_DAY + timedelta(days=days)
        return Frame(
            f"{date:%Y-%m-%d %H:%M}",
            f"[Event happened on {date:%Y-%m-%d} The user is reading a book]\n",
            "[Remember the details of what was read, and a summary of the book so far.]",
        )

    def render(self, unit: Sentence, previous: Sentence | None) -> tuple[str, list[int]]:
        """The book's own characters, white space and line breaks included."""
        piece, start, _, end = unit
        begin = start if previous is None else piece
        return self._text[begin:end], [start - begin]
