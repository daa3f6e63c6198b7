"""Pack units into chunks, within a token budget for the chunk as rendered.

Greedy and in one pass: each unit's text is encoded once, and again only where a chunk begins or is about to
be full (text/tokens.py says why the sums are exact).
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pipeline.chunking.chunk_templates import ChunkTemplate
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Segment
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.tokens import IncrementalTokenCount, Tokenizer, is_token_boundary

U = TypeVar("U")

_WORD = re.compile(r"\S+\s*")
# Tokens by which joining two texts may, at the very most, change the sum of their counts.
_JOIN_TOLERANCE = 16


@dataclass(slots=True)
class PackedChunk(Generic[U]):
    """A packed chunk: its text, tokens and time, and each unit with the offsets of its segments."""

    text: str
    tokens: int
    time: str | None
    units: list[tuple[U, list[int]]]


class ChunkBuilder(Generic[U]):
    """A chunk that units are added to until it is full."""

    def __init__(
        self, tokenizer: Tokenizer, template: ChunkTemplate[U], index: int, target: int, max_tokens: int
    ) -> None:
        """Begin chunk `index` of up to `target` tokens; its first unit may take all of `max_tokens`."""
        self._tokenizer = tokenizer
        self._template = template
        self._frame = template.frame(index)
        self._target = min(target, max_tokens)
        self._max_tokens = max_tokens
        self._token_count = IncrementalTokenCount(tokenizer, self._frame.opening)
        self._pieces = [self._frame.opening]
        self._length = len(self._frame.opening)
        self._units: list[tuple[U, list[int]]] = []
        self._reserve = tokenizer.count(self._frame.closing) + _JOIN_TOLERANCE

    def __bool__(self) -> bool:
        """Return whether the chunk has a unit."""
        return bool(self._units)

    @property
    def tokens(self) -> int:
        """Tokens so far, without the closing."""
        return self._token_count.total

    def add(self, unit: U) -> bool:
        """Add the unit if it fits; return whether it did."""
        previous = self._units[-1][0] if self._units else None
        piece, starts = self._template.render(unit, previous)
        count = self._tokenizer.count(piece)
        limit = self._target if self._units else self._max_tokens
        is_sum_exact = is_token_boundary(self._pieces[-1], piece)
        is_near_limit = self._token_count.total + count + self._reserve > limit
        if (is_near_limit or not is_sum_exact) and self._token_count.total_with(
            piece + self._closing_text(piece)
        ) > limit:
            return False
        self._token_count.add(piece, count)
        self._units.append((unit, [self._length + start for start in starts]))
        self._pieces.append(piece)
        self._length += len(piece)
        return True

    @property
    def length(self) -> int:
        """Characters so far, without the closing."""
        return self._length

    @property
    def certain_tokens(self) -> int:
        """Tokens that fit for certain, as long as every unit begins at a token boundary."""
        return self._target - self._token_count.total - self._reserve

    def extend(self, units: list[tuple[U, list[int]]], pieces: list[str], counts: list[int]) -> None:
        """Add one or more rendered units at once, to a chunk that has a unit.

        Args:
            units: Each with the offset in the chunk's text of each of its segments.
            pieces: The text of each unit; it begins at a token boundary.
            counts: The tokens of each piece, at most `certain_tokens` together.
        """
        self._token_count.extend(pieces[-1], sum(counts) - counts[-1], counts[-1])
        self._units += units
        self._pieces += pieces
        self._length += sum(map(len, pieces))

    def build(self) -> PackedChunk[U]:
        """Return the chunk as rendered. Raises MemcurateError when it is over its budget, which is a bug."""
        end = self._closing_text(self._pieces[-1])
        tokens = self._token_count.total_with(end)
        if tokens > self._max_tokens:  # _JOIN_TOLERANCE was too small
            raise MemcurateError(
                f"a chunk has {tokens} tokens, over chunking.max_tokens = {self._max_tokens}: this is a bug "
                "in memcurate, please report it"
            )
        return PackedChunk("".join(self._pieces) + end, tokens, self._frame.time, self._units)

    def _closing_text(self, last_piece: str) -> str:
        """Return the closing, on a line of its own."""
        closing = self._frame.closing
        return "\n" + closing if closing and not last_piece.endswith("\n") else closing


class BudgetTooSmallError(MemcurateError):
    """The error where a chunk's own lines leave too few tokens for a unit that cannot be split further."""


def pack_units(
    units: Iterable[U],
    open_chunk: Callable[[int], ChunkBuilder[U]],
    split_unit: Callable[[U], list[U]],
    oversized: list[U],
) -> Iterator[PackedChunk[U]]:
    """Fill chunk after chunk; `open_chunk(number)` returns an empty one.

    A unit that does not fit into an empty chunk is replaced by the smaller units of `split_unit`, or is added
    to `oversized` where that raises BudgetTooSmallError.
    """
    number = 0
    builder = open_chunk(number)
    waiting = deque(units)
    while waiting:
        unit = waiting.popleft()
        if builder.add(unit):
            continue
        if builder:
            yield builder.build()
            number += 1
            builder = open_chunk(number)
            waiting.appendleft(unit)
            continue
        try:
            waiting.extendleft(reversed(split_unit(unit)))
        except BudgetTooSmallError:
            oversized.append(unit)
    if builder:
        yield builder.build()


def pack_segments(
    units: Iterable[list[Segment]],
    tokenizer: Tokenizer,
    splitter: SentenceSplitter,
    template: ChunkTemplate[list[Segment]],
    max_tokens: int,
    oversized: list[Segment],
    *,
    target_of: Callable[[int], int] | None = None,
    index_of: Callable[[int], int] = lambda number: number,
) -> Iterator[PackedChunk[list[Segment]]]:
    """Pack units of segments into chunks of at most `max_tokens` tokens.

    A unit that does not fit alone is broken up into its segments; a segment that does not fit alone is split
    at sentences, words or, last, characters.

    Args:
        units: Lists of segments that stay together where they fit.
        tokenizer: Counts the tokens.
        splitter: Splits an oversized segment at sentences.
        template: Renders the units and the lines around them.
        max_tokens: The budget of a chunk as rendered.
        oversized: Receives the segments that fit into no chunk, for example below a title of 10,000 letters.
        target_of: Returns the tokens that chunk `number` aims at; by default `max_tokens`.
        index_of: Returns the position in its instance of chunk `number`.
    """

    def open_chunk(number: int) -> ChunkBuilder[list[Segment]]:
        target = max_tokens if target_of is None else target_of(number)
        return ChunkBuilder(tokenizer, template, index_of(number), target, max_tokens)

    def fits_alone(unit: list[Segment]) -> bool:
        return open_chunk(0).add(unit)

    def split_segment(segment: Segment) -> list[Segment]:
        return _split_segment(segment, tokenizer, splitter, max_tokens // 4)

    def split_unit(unit: list[Segment]) -> list[list[Segment]]:
        smaller = _split_unit(unit, fits_alone, split_segment)
        if [[segment.text for segment in part] for part in smaller] == [[segment.text for segment in unit]]:
            raise budget_error(max_tokens)
        return smaller

    oversized_units: list[list[Segment]] = []
    yield from pack_units(units, open_chunk, split_unit, oversized_units)
    oversized += (segment for unit in oversized_units for segment in unit)


def budget_error(max_tokens: int) -> BudgetTooSmallError:
    """Return the error for a budget that the chunk's own lines use up."""
    return BudgetTooSmallError(
        f"chunking.max_tokens = {max_tokens} has no room for a chunk's opening and closing lines: raise it"
    )


def _split_unit(
    unit: list[Segment],
    fits: Callable[[list[Segment]], bool],
    split_segment: Callable[[Segment], list[Segment]],
) -> list[list[Segment]]:
    """Split a unit into its segments, and segments that do not fit alone into parts.

    The first part stays in one unit with the segments before it: a question with its answer's beginning.
    """
    if all(fits([segment]) for segment in unit):
        return [[segment] for segment in unit]
    units: list[list[Segment]] = [[]]
    for segment in unit:
        first, *others = [segment] if fits([segment]) else split_segment(segment)
        units[-1].append(first)
        units.extend([part] for part in others)
    return units


def _split_segment(
    segment: Segment, tokenizer: Tokenizer, splitter: SentenceSplitter, max_tokens: int
) -> list[Segment]:
    """Split a segment into parts of at most `max_tokens` tokens, with ids and source spans of their own."""
    span = segment.source_span
    return [
        replace(
            segment,
            id=f"{segment.id}.{number}",
            source_span=replace(span, start=span.start + start, end=span.start + end),
            text=segment.text[start:end],
        )
        for number, (start, end) in enumerate(split_oversized(segment.text, tokenizer, splitter, max_tokens))
    ]


def split_oversized(
    text: str, tokenizer: Tokenizer, splitter: SentenceSplitter, max_tokens: int
) -> list[tuple[int, int]]:
    """Split a text that is too long into spans [start, end) of at most `max_tokens` tokens.

    The text is cut at sentences, a sentence that is too long at words, and a word that is too long at
    characters.
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
        if spans and tokenizer.count(text[spans[-1][0] : end]) <= max_tokens:
            spans[-1] = (spans[-1][0], end)
        elif tokenizer.count(text[start:end]) <= max_tokens:
            spans.append((start, end))
        else:
            spans.extend(
                (start + first, start + last)
                for first, last in split_oversized(text[start:end], tokenizer, splitter, max_tokens)
            )
    return spans
