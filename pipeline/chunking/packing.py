"""Packing: units into chunks within a token budget that holds for the chunk as rendered.

Greedy and in one pass: each unit's text is encoded once, and again only where a chunk begins or is
about to be full (see text/tokens.py for why the sums are exact).
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pipeline.errors import MemcurateError
from pipeline.rendering import Rendering
from pipeline.schema import Segment
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.tokens import Tally, Tokenizer, meets_cleanly

U = TypeVar("U")

_WORD = re.compile(r"\S+\s*")
_NEAR = 16  # tokens by which joining two texts may, at the very most, change the sum of their counts


@dataclass(slots=True)
class Draft(Generic[U]):
    """A packed chunk: its text and count, and where each unit's segments start in it."""

    text: str
    tokens: int
    time: str | None
    units: list[tuple[U, list[int]]]


class OpenChunk(Generic[U]):
    """A chunk that is being filled."""

    def __init__(
        self, tokenizer: Tokenizer, rendering: Rendering[U], ordinal: int, target: int, max_tokens: int
    ) -> None:
        """Up to `target` tokens, but a first unit may take all of `max_tokens`."""
        self._tokenizer = tokenizer
        self._rendering = rendering
        self._frame = rendering.frame(ordinal)
        self._target = min(target, max_tokens)
        self._max_tokens = max_tokens
        self._tally = Tally(tokenizer, self._frame.opening)
        self._pieces = [self._frame.opening]
        self._length = len(self._frame.opening)
        self._units: list[tuple[U, list[int]]] = []
        self._reserve = tokenizer.count(self._frame.closing) + _NEAR

    def __bool__(self) -> bool:
        return bool(self._units)

    @property
    def tokens(self) -> int:
        """Tokens so far, without the closing."""
        return self._tally.total

    def add(self, unit: U) -> bool:
        """Add the unit where it fits; say whether it did."""
        previous = self._units[-1][0] if self._units else None
        piece, starts = self._rendering.render(unit, previous)
        count = self._tokenizer.count(piece)
        limit = self._target if self._units else self._max_tokens
        clean = meets_cleanly(self._pieces[-1], piece)
        near = self._tally.total + count + self._reserve > limit
        if (near or not clean) and self._tally.total_with(piece + self._end(piece)) > limit:
            return False
        self._tally.add(piece, count)
        self._units.append((unit, [self._length + start for start in starts]))
        self._pieces.append(piece)
        self._length += len(piece)
        return True

    def close(self) -> Draft[U]:
        """The chunk as rendered."""
        end = self._end(self._pieces[-1])
        tokens = self._tally.total_with(end)
        if tokens > self._max_tokens:  # _NEAR was too small
            raise MemcurateError(
                f"a chunk has {tokens} tokens, over its budget of {self._max_tokens}: this is a mistake in "
                "memcurate, please report it"
            )
        return Draft("".join(self._pieces) + end, tokens, self._frame.time, self._units)

    def _end(self, last_piece: str) -> str:
        """The closing, on a line of its own."""
        closing = self._frame.closing
        return "\n" + closing if closing and not last_piece.endswith("\n") else closing


class NoRoomError(MemcurateError):
    """A chunk's own lines leave no room for a unit that cannot be smaller."""


def fill(
    units: Iterable[U],
    opened: Callable[[int], OpenChunk[U]],
    broken_up: Callable[[U], list[U]],
    left_out: list[U],
) -> Iterator[Draft[U]]:
    """Fill chunk after chunk; `opened(number)` gives an empty one.

    A unit that does not fit into an empty chunk is replaced by the smaller units of `broken_up`, or goes to
    `left_out` where that raises NoRoomError.
    """
    number = 0
    chunk = opened(number)
    waiting = deque(units)
    while waiting:
        unit = waiting.popleft()
        if chunk.add(unit):
            continue
        if chunk:
            yield chunk.close()
            number += 1
            chunk = opened(number)
            waiting.appendleft(unit)
            continue
        try:
            waiting.extendleft(reversed(broken_up(unit)))
        except NoRoomError:
            left_out.append(unit)
    if chunk:
        yield chunk.close()


def pack(
    units: Iterable[list[Segment]],
    tokenizer: Tokenizer,
    splitter: SentenceSplitter,
    rendering: Rendering[list[Segment]],
    max_tokens: int,
    left_out: list[Segment],
    *,
    target: Callable[[int], int] | None = None,
    ordinal: Callable[[int], int] = lambda number: number,
) -> Iterator[Draft[list[Segment]]]:
    """Pack units of segments into chunks.

    left_out: takes the segments for which no chunk has room, under the title of 10,000 characters that their
    article has, for instance.
    target: how many tokens chunk `number` aims at (default: max_tokens).
    ordinal: the position in its instance of chunk `number`.
    A unit that does not fit alone is broken up into its segments; a segment that does not fit alone is
    torn at sentences, words or, last, characters.
    """

    def opened(number: int) -> OpenChunk[list[Segment]]:
        aim = max_tokens if target is None else target(number)
        return OpenChunk(tokenizer, rendering, ordinal(number), aim, max_tokens)

    def fits(unit: list[Segment]) -> bool:
        return opened(0).add(unit)

    def torn(segment: Segment) -> list[Segment]:
        return _torn(segment, tokenizer, splitter, max_tokens // 4)

    def broken_up(unit: list[Segment]) -> list[list[Segment]]:
        smaller = _broken_up(unit, fits, torn)
        if [[segment.text for segment in part] for part in smaller] == [[one.text for one in unit]]:
            raise no_room(max_tokens)
        return smaller

    unfit: list[list[Segment]] = []
    yield from fill(units, opened, broken_up, unfit)
    left_out += (segment for unit in unfit for segment in unit)


def no_room(max_tokens: int) -> NoRoomError:
    """The error for a budget that the chunk's own lines use up."""
    return NoRoomError(
        f"chunking.max_tokens = {max_tokens} has no room for a chunk's opening and closing lines: raise it"
    )


def _broken_up(
    unit: list[Segment], fits: Callable[[list[Segment]], bool], torn: Callable[[Segment], list[Segment]]
) -> list[list[Segment]]:
    """The segments of a unit one by one, those that do not even fit alone torn into parts.

    The first part stays in one unit with the segments before it: a question with its answer's beginning.
    """
    if all(fits([segment]) for segment in unit):
        return [[segment] for segment in unit]
    units: list[list[Segment]] = [[]]
    for segment in unit:
        first, *others = [segment] if fits([segment]) else torn(segment)
        units[-1].append(first)
        units.extend([part] for part in others)
    return units


def _torn(segment: Segment, tokenizer: Tokenizer, splitter: SentenceSplitter, room: int) -> list[Segment]:
    """Parts of a segment, each of at most `room` tokens, with ids and spans of their own."""
    raw = segment.raw
    return [
        replace(
            segment,
            id=f"{segment.id}.{number}",
            raw=replace(raw, start=raw.start + start, end=raw.start + end),
            text=segment.text[start:end],
        )
        for number, (start, end) in enumerate(tear(segment.text, tokenizer, splitter, room))
    ]


def tear(text: str, tokenizer: Tokenizer, splitter: SentenceSplitter, room: int) -> list[tuple[int, int]]:
    """Cut a text that is too long into spans of at most `room` tokens.

    At sentences; a sentence that is too long at words; a word that is too long at characters.
    """
    for pieces in (splitter.spans(text), [match.span() for match in _WORD.finditer(text)]):
        if len(pieces) > 1:
            break
    else:
        middle = len(text) // 2
        pieces = [(0, middle), (middle, len(text))]
    spans: list[tuple[int, int]] = []
    for start, end in pieces:
        end = start + len(text[start:end].rstrip())
        if spans and tokenizer.count(text[spans[-1][0] : end]) <= room:
            spans[-1] = (spans[-1][0], end)
        elif tokenizer.count(text[start:end]) <= room:
            spans.append((start, end))
        else:
            spans.extend((start + a, start + b) for a, b in tear(text[start:end], tokenizer, splitter, room))
    return spans
