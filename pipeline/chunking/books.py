"""Chunk books into instances: chapters are joined until they fill one (paper: a chapter is an instance).

Chunks run on through joined chapters. An instance ends at the first chapter end where it has `min_chunks`
chunks, the last of them at least half full, or more chunks; or within a chapter at `max_chunks`. The
remainder at a book's end is an instance of its own if it has enough chunks, or has enough when chunks break
at its chapters; else it joins the instance before; else both are divided again in the middle. A remainder for
which none of this works is a reject.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from pipeline.chunking.chunk_templates import BookTemplate, SentenceOffsets
from pipeline.chunking.instances import make_chunk, make_instance, reject_oversized, reject_segments
from pipeline.chunking.packing import (
    BudgetTooSmallError,
    ChunkBuilder,
    PackedChunk,
    budget_error,
    pack_units,
    split_oversized,
)
from pipeline.chunking.reading_days import find_first_reading_day
from pipeline.chunking.types import ChunkingContext
from pipeline.core.columns import ColumnRows
from pipeline.core.ids import SegmentIds
from pipeline.core.params import BookChunking
from pipeline.core.schema import Instance, Reject, Segment, SegmentSpan, Span
from pipeline.sources.parsed import Book
from pipeline.text.list_items import split_markdown
from pipeline.text.plain_lines import split_plain
from pipeline.text.segment_names import is_markdown_file
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.tokens import Tokenizer, is_token_boundary

Chapter = list[SentenceOffsets]


def split_sentences(book: Book, splitter: SentenceSplitter) -> list[Chapter]:
    """Return the sentences of each chapter, each with its share of the white space between sentences.

    A piece ends after the last newline behind its sentence: there token counts add up exactly.
    """
    starts: list[int] = []
    ends: list[int] = []
    edges = [0]  # of the chapters, among the sentences
    for chapter_start, chapter_end, _ in book.chapters:
        for start, end in find_sentences(book, chapter_start, chapter_end, splitter):
            starts.append(start)
            ends.append(end)
        edges.append(len(starts))
    find = book.text.rfind
    newlines = [find("\n", end, following) for end, following in zip(ends, starts[1:], strict=False)]
    cuts = [newline + 1 or end for newline, end in zip(newlines, ends, strict=False)]
    sentences = list(zip([*starts[:1], *cuts], starts, ends, [*cuts, *ends[-1:]], strict=True))
    return [sentences[first:last] for first, last in pairwise(edges)]


def find_sentences(book: Book, start: int, end: int, splitter: SentenceSplitter) -> list[tuple[int, int]]:
    """Return the start and end of each sentence of a chapter from `start` to `end`, in the book's text."""
    text = book.text[start:end]
    if is_markdown_file(book.file):
        spans = split_markdown(text, splitter)
    else:
        spans = split_plain(text, splitter) if book.has_own_lines else splitter.spans(text)
    return [(start + first, start + last) for first, last in spans]


class _SentenceRun:
    """The sentences of a chapter that are not packed yet, with the tokens of each, counted once."""

    def __init__(self, text: str, sentences: Chapter, tokenizer: Tokenizer) -> None:
        self._text = text
        self._tokenizer = tokenizer
        self._sentences: Chapter = []
        self._pieces: list[str] = []
        self._counts: list[int] = []
        self._put(sentences, 0)

    def _put(self, sentences: Chapter, num_replaced: int) -> None:
        """Put sentences in the place of the first ones that are left."""
        replaced = slice(0, num_replaced)
        pieces = [self._text[piece:end] for piece, _, _, end in sentences]
        self._sentences[replaced] = sentences
        self._pieces[replaced] = pieces
        self._counts[replaced] = self._tokenizer.count_all(pieces)
        self._position = 0
        self._sums = [0, *accumulate(self._counts)]
        # Sentences that do not begin at a token boundary: their tokens cannot be added.
        self._inexact = [
            number
            for number, (left, right) in enumerate(pairwise(self._pieces), start=1)
            if not is_token_boundary(left, right)
        ]

    def __bool__(self) -> bool:
        """Return whether a sentence is left."""
        return self._position < len(self._sentences)

    @property
    def first(self) -> SentenceOffsets:
        """The first sentence that is left."""
        return self._sentences[self._position]

    def drop_first(self) -> None:
        """Drop the first sentence: it is packed."""
        self._position += 1

    def replace_first(self, parts: Chapter) -> None:
        """Put parts of the first sentence in its place."""
        for packed in (self._sentences, self._pieces, self._counts):
            del packed[: self._position]
        self._put(parts, 1)

    def move_certain(self, builder: ChunkBuilder[SentenceOffsets]) -> Chapter:
        """Move the sentences that fit for certain to a chunk that has one; return them."""
        start = self._position
        inexact = bisect_left(self._inexact, start or 1)
        end = self._inexact[inexact] if inexact < len(self._inexact) else len(self._sentences)
        fitting = bisect_right(self._sums, self._sums[start] + builder.certain_tokens) - 1
        end = min(end, fitting)
        if start == 0 or end <= start:  # the chapter's first sentence may not begin at a token boundary
            return []
        moved = self._sentences[start:end]
        shift = builder.length - moved[0][0]
        units = [(sentence, [sentence[1] + shift]) for sentence in moved]
        builder.extend(units, self._pieces[start:end], self._counts[start:end])
        self._position = end
        return moved


class BookPacker:
    """A packer of one book's sentences into the chunks of its instances."""

    def __init__(
        self,
        book: Book,
        params: BookChunking,
        tokenizer: Tokenizer,
        splitter: SentenceSplitter,
        seed: int,
        source: str,
    ) -> None:
        """`seed` and `source` seed the draw of the days of the book's chunks."""
        self._book = book
        self._params = params
        self._tokenizer = tokenizer
        self._splitter = splitter
        self._seed = seed
        self._source = source
        titles = (title for _, _, title in book.chapters)
        texts = (book.text[start:end] for start, end, _ in book.chapters)
        self._first_day = find_first_reading_day([book.name], titles, texts)

    def pack(self) -> tuple[list[list[PackedChunk[SentenceOffsets]]], list[SentenceOffsets]]:
        """Return (the chunks of each instance, the sentences at the book's end that make no instance)."""
        params = self._params
        groups: list[list[PackedChunk[SentenceOffsets]]] = []
        unpacked: list[Chapter] = []  # chapters, or the rest of one, that are not in a closed instance yet
        packed_chunks: list[PackedChunk[SentenceOffsets]] = []
        builder = self._open_chunk(0, 0)
        for chapter in split_sentences(self._book, self._splitter):
            unpacked.append([])
            run = _SentenceRun(self._book.text, chapter, self._tokenizer)
            while run:
                if builder:
                    unpacked[-1] += run.move_certain(builder)
                    if not run:
                        break
                sentence = run.first
                if builder.add(sentence):
                    run.drop_first()
                    unpacked[-1].append(sentence)
                    continue
                if not builder:
                    run.replace_first(self._split_sentence(sentence))
                    continue
                packed_chunks.append(builder.build())
                if len(packed_chunks) == params.max_chunks:
                    groups.append(packed_chunks)
                    packed_chunks, unpacked = [], [[]]
                builder = self._open_chunk(len(groups), len(packed_chunks))
            is_last_half_full = builder.tokens >= params.max_tokens // 2
            if builder and len(packed_chunks) + is_last_half_full >= params.min_chunks:
                groups.append([*packed_chunks, builder.build()])
                packed_chunks, unpacked = [], []
                builder = self._open_chunk(len(groups), 0)
        return self._place_remainder(groups, unpacked) if any(unpacked) else (groups, [])

    def _place_remainder(
        self, groups: list[list[PackedChunk[SentenceOffsets]]], remainder: list[Chapter]
    ) -> tuple[list[list[PackedChunk[SentenceOffsets]]], list[SentenceOffsets]]:
        """Place the chapters at the book's end, too few for an instance; return as `pack` does."""
        params = self._params
        run_on = [[sentence for chapter in remainder for sentence in chapter]]
        for chapters in (run_on, remainder):
            alone = self._pack_chapters(chapters, len(groups), 0)
            if params.min_chunks <= len(alone) <= params.max_chunks:
                return [*groups, alone], []
        if not groups:
            return [], run_on[0]
        *others, last = groups
        longer = last + self._pack_chapters(run_on, len(others), len(last))
        if len(longer) <= params.max_chunks:
            return [*others, longer], []
        middle = len(longer) // 2
        second = self._pack_chapters(
            [[unit for packed_chunk in longer[middle:] for unit, _ in packed_chunk.units]], len(groups), 0
        )
        if all(params.min_chunks <= size <= params.max_chunks for size in (middle, len(second))):
            return [*others, longer[:middle], second], []
        return groups, run_on[0]

    def _pack_chapters(
        self, chapters: Iterable[Chapter], instance_index: int, chunk_index: int
    ) -> list[PackedChunk[SentenceOffsets]]:
        """Return the chunks of an instance from `chunk_index` on; each chapter begins a new chunk."""
        packed_chunks: list[PackedChunk[SentenceOffsets]] = []
        for chapter in chapters:
            first = chunk_index + len(packed_chunks)
            oversized: list[SentenceOffsets] = []
            open_chunk = partial(self._open_chunk_from, instance_index, first)
            packed_chunks += pack_units(chapter, open_chunk, self._split_sentence, oversized)
            if oversized:
                raise budget_error(self._params.max_tokens)
        return packed_chunks

    def _open_chunk(self, instance_index: int, chunk_index: int) -> ChunkBuilder[SentenceOffsets]:
        template = BookTemplate(
            self._book.text, self._first_day, self._seed, self._source, self._book.name, instance_index
        )
        max_tokens = self._params.max_tokens
        return ChunkBuilder(self._tokenizer, template, chunk_index, max_tokens, max_tokens)

    def _open_chunk_from(self, instance_index: int, first: int, number: int) -> ChunkBuilder[SentenceOffsets]:
        return self._open_chunk(instance_index, first + number)

    def _split_sentence(self, sentence: SentenceOffsets) -> list[SentenceOffsets]:
        """Split a sentence that exceeds the budget alone; of white space after it only a line end is kept."""
        piece, start, end, after = sentence
        max_tokens = self._params.max_tokens
        spans = split_oversized(self._book.text[start:end], self._tokenizer, self._splitter, max_tokens // 4)
        if len(spans) == 1:
            line_end = self._book.text.find("\n", end, after) + 1 or min(end + 1, after)
            if line_end == after:
                raise budget_error(max_tokens)
            return [(piece, start, end, line_end)]
        edges = [piece, *(start + last for _, last in spans[:-1]), after]
        return [
            (edges[number], start + first, start + last, edges[number + 1])
            for number, (first, last) in enumerate(spans)
        ]


def chunk_book(
    book: Book, params: BookChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of a book, their split not yet drawn; rejects of sentences in no instance)."""
    source = context.source
    packer = BookPacker(book, params, context.tokenizer, context.splitter, context.seed, source)
    segment_builder = _SegmentBuilder(source, book)
    try:
        groups, left_over = packer.pack()
    except BudgetTooSmallError:
        segments = [
            segment_builder.build_segment(sentence)
            for chapter in split_sentences(book, context.splitter)
            for sentence in chapter
        ]
        return [], reject_oversized(source, params.max_tokens, book.name, segments)
    instances = []
    for index, packed_chunks in enumerate(groups):
        chunks = [
            make_chunk(
                source,
                number,
                packed_chunk.text,
                packed_chunk.tokens,
                packed_chunk.time,
                segment_builder.build_spans(packed_chunk.units),
            )
            for number, packed_chunk in enumerate(packed_chunks)
        ]
        instances.append(make_instance(source, "train", book.name, index, chunks))
    if not left_over:
        return instances, []
    segments = [segment_builder.build_segment(sentence) for sentence in left_over]
    reason = "too few chunks left" if instances else "document too short"
    detail = f"fewer than min_chunks = {params.min_chunks} chunks"
    return instances, [reject_segments(source, reason, detail, book.name, segments)]


class _SegmentBuilder:
    """A builder of a book's segments, to be called in reading order."""

    def __init__(self, source: str, book: Book) -> None:
        self._book = book
        self._ids = SegmentIds(source, book.name)
        self._chapters = iter(book.chapters)
        self._chapter = next(self._chapters)

    def build_spans(self, units: list[tuple[SentenceOffsets, list[int]]]) -> ColumnRows[SegmentSpan]:
        """Return the sentences of a chunk, each with its offset there."""
        book = self._book
        starts = [start for (_, start, _, _), _ in units]
        ends = [end for (_, _, end, _), _ in units]
        firsts = [first for _, (first,) in units]
        lasts = [first + end - start for first, start, end in zip(firsts, starts, ends, strict=True)]
        texts = [book.text[start:end] for start, end in zip(starts, ends, strict=True)]
        count = len(units)
        nothing = [None] * count
        source_spans: dict[str, Sequence[Any]] = {
            "file": [book.file] * count,
            "record": [book.record] * count,
            "start": starts,
            "end": ends,
        }
        columns: dict[str, Sequence[Any]] = {
            "id": list(map(self._ids.next, texts)),
            "source_span": ColumnRows(Span, source_spans),
            "document": [book.name] * count,
            "section": [self._find_section(start) for start in starts],
            "speaker": nothing,
            "time": nothing,
            "label": nothing,
            "start": firsts,
            "end": lasts,
        }
        return ColumnRows(SegmentSpan, columns)

    def _find_section(self, start: int) -> str | None:
        while start >= self._chapter[1]:
            self._chapter = next(self._chapters)
        return self._chapter[2] or None

    def build_segment(self, sentence: SentenceOffsets) -> Segment:
        """Return a sentence that is in no chunk."""
        _, start, end, _ = sentence
        book, text = self._book, self._book.text[start:end]
        span = Span(book.file, book.record, start, end)
        section = self._find_section(start)
        return Segment(self._ids.next(text), span, book.name, section, None, None, None, text)
