"""Books into instances: chapters joined until they fill an instance (paper: a chapter is an instance).

Chunks run on through joined chapters. An instance closes at the first chapter end where it has
`min_chunks` chunks of which the last is half full at least, or more chunks; or within a chapter at
`max_chunks`. What is left at a book's end stands as an instance of its own if it has enough chunks, or has
when chunks break at its chapters; else it joins the instance before; else both are cut again in the middle.
What none of this places is a reject.
"""

from collections import deque
from collections.abc import Iterable
from functools import partial
from itertools import pairwise

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import make_chunk, make_instance, rejected_segments, without_room
from pipeline.chunking.packing import Draft, NoRoomError, OpenChunk, fill, no_room, tear
from pipeline.chunking.splitting import divided
from pipeline.documents import Book, Parsed
from pipeline.ids import SegmentIds
from pipeline.parallel import map_shards
from pipeline.params import BookChunking
from pipeline.rendering import BookRendering, Sentence
from pipeline.schema import Instance, PlacedSegment, Reject, Segment, Span
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.tokens import Tokenizer

Chapter = list[Sentence]


def chunk(parsed: Parsed, recipe: BookChunking, context: Context) -> Chunked:
    """Instances of all books, in the order of the books; whole books are drawn into test."""
    function = partial(chunk_book, recipe=recipe, context=context)
    results = map_shards(function, parsed.books, "books")
    return divided(parsed.books, results, parsed.rejects, context)


def sentences(book: Book, splitter: SentenceSplitter) -> list[Chapter]:
    """The sentences of each chapter, with the white space between them shared out.

    A piece ends after the last newline behind its sentence: there token counts add up exactly.
    """
    spans: list[tuple[int, int]] = []
    lengths: list[int] = []
    for start, end, _ in book.chapters:
        found = splitter.spans(book.text[start:end])
        spans.extend((start + first, start + last) for first, last in found)
        lengths.append(len(found))
    cuts = [spans[0][0]] if spans else []
    for (_, end), (following, _) in pairwise(spans):
        newline = book.text.rfind("\n", end, following)
        cuts.append(end if newline < 0 else newline + 1)
    cuts.append(spans[-1][1] if spans else 0)
    all_sentences = [(cuts[n], start, end, cuts[n + 1]) for n, (start, end) in enumerate(spans)]
    chapters, done = [], 0
    for length in lengths:
        chapters.append(all_sentences[done : done + length])
        done += length
    return chapters


class BookPacker:
    """Packs the sentences of one book into the chunks of its instances."""

    def __init__(
        self,
        book: Book,
        recipe: BookChunking,
        tokenizer: Tokenizer,
        splitter: SentenceSplitter,
        seed: int,
        source: str,
    ) -> None:
        self._book = book
        self._recipe = recipe
        self._tokenizer = tokenizer
        self._splitter = splitter
        self._seed = seed
        self._source = source

    def pack(self) -> tuple[list[list[Draft[Sentence]]], list[Sentence]]:
        """(the chunks of each instance, the sentences at the book's end that make none)."""
        recipe = self._recipe
        groups: list[list[Draft[Sentence]]] = []
        left: list[Chapter] = []  # chapters, or the part of one, that are in no closed instance yet
        drafts: list[Draft[Sentence]] = []
        opened = self._opened(0, 0)
        for chapter in sentences(self._book, self._splitter):
            left.append([])
            waiting = deque(chapter)
            while waiting:
                sentence = waiting.popleft()
                if opened.add(sentence):
                    left[-1].append(sentence)
                    continue
                if not opened:
                    waiting.extendleft(reversed(self._broken_up(sentence)))
                    continue
                waiting.appendleft(sentence)
                drafts.append(opened.close())
                if len(drafts) == recipe.max_chunks:
                    groups.append(drafts)
                    drafts, left = [], [[]]
                opened = self._opened(len(groups), len(drafts))
            last_counts = opened.tokens >= recipe.max_tokens // 2
            if opened and len(drafts) + last_counts >= recipe.min_chunks:
                groups.append([*drafts, opened.close()])
                drafts, left = [], []
                opened = self._opened(len(groups), 0)
        return self._with_rest(groups, left) if any(left) else (groups, [])

    def _with_rest(
        self, groups: list[list[Draft[Sentence]]], rest: list[Chapter]
    ) -> tuple[list[list[Draft[Sentence]]], list[Sentence]]:
        """Place the chapters at the book's end, which are too short for an instance."""
        recipe = self._recipe
        run_on = [[sentence for chapter in rest for sentence in chapter]]
        for chapters in (run_on, rest):
            alone = self._packed(chapters, len(groups), 0)
            if recipe.min_chunks <= len(alone) <= recipe.max_chunks:
                return [*groups, alone], []
        if not groups:
            return [], run_on[0]
        *others, last = groups
        longer = last + self._packed(run_on, len(others), len(last))
        if len(longer) <= recipe.max_chunks:
            return [*others, longer], []
        middle = len(longer) // 2
        second = self._packed(
            [[unit for draft in longer[middle:] for unit, _ in draft.units]], len(groups), 0
        )
        if all(recipe.min_chunks <= size <= recipe.max_chunks for size in (middle, len(second))):
            return [*others, longer[:middle], second], []
        return groups, run_on[0]

    def _packed(self, chapters: Iterable[Chapter], instance: int, ordinal: int) -> list[Draft[Sentence]]:
        """The chunks of an instance from chunk `ordinal` on, a chapter beginning a new chunk."""
        drafts: list[Draft[Sentence]] = []
        for chapter in chapters:
            first = ordinal + len(drafts)
            left_out: list[Sentence] = []
            opened = partial(self._opened_from, instance, first)
            drafts += fill(chapter, opened, self._broken_up, left_out)
            if left_out:
                raise no_room(self._recipe.max_tokens)
        return drafts

    def _opened(self, instance: int, ordinal: int) -> OpenChunk[Sentence]:
        rendering = BookRendering(self._book.text, self._seed, self._source, self._book.name, instance)
        most = self._recipe.max_tokens
        return OpenChunk(self._tokenizer, rendering, ordinal, most, most)

    def _opened_from(self, instance: int, first: int, number: int) -> OpenChunk[Sentence]:
        return self._opened(instance, first + number)

    def _broken_up(self, sentence: Sentence) -> list[Sentence]:
        """The parts of a sentence that exceeds the budget alone; of space after it a line end stays."""
        piece, start, end, after = sentence
        most = self._recipe.max_tokens
        spans = tear(self._book.text[start:end], self._tokenizer, self._splitter, most // 4)
        if len(spans) == 1:
            line_end = self._book.text.find("\n", end, after) + 1 or min(end + 1, after)
            if line_end == after:
                raise no_room(most)
            return [(piece, start, end, line_end)]
        edges = [piece, *(start + last for _, last in spans[:-1]), after]
        return [
            (edges[number], start + first, start + last, edges[number + 1])
            for number, (first, last) in enumerate(spans)
        ]


def chunk_book(book: Book, recipe: BookChunking, context: Context) -> tuple[list[Instance], list[Reject]]:
    """(the instances of a book, their split not yet drawn; a reject of what makes none)."""
    source = context.source
    packer = BookPacker(book, recipe, context.tokenizer, context.splitter, context.seed, source)
    facts = _Facts(source, book)
    try:
        groups, left_over = packer.pack()
    except NoRoomError:
        every = [facts.segment(one) for chapter in sentences(book, context.splitter) for one in chapter]
        return [], without_room(source, recipe.max_tokens, book.name, every)
    instances = []
    for ordinal, drafts in enumerate(groups):
        chunks = [
            make_chunk(
                source,
                number,
                draft.text,
                draft.tokens,
                draft.time,
                [facts.placed(*unit) for unit in draft.units],
            )
            for number, draft in enumerate(drafts)
        ]
        instances.append(make_instance(source, "train", book.name, ordinal, chunks))
    if not left_over:
        return instances, []
    segments = [facts.segment(sentence) for sentence in left_over]
    reason = "too few chunks left" if instances else "document too short"
    detail = f"fewer than min_chunks = {recipe.min_chunks} chunks"
    return instances, [rejected_segments(source, reason, detail, book.name, segments)]


class _Facts:
    """Ids, spans and chapters of a book's sentences, asked for in reading order."""

    def __init__(self, source: str, book: Book) -> None:
        self._book = book
        self._ids = SegmentIds(source, book.name)
        self._chapters = iter(book.chapters)
        self._chapter = next(self._chapters)

    def _next(self, start: int, end: int) -> tuple[str, Span, str, str | None]:
        """(id, raw, document, section) of the sentence."""
        while start >= self._chapter[1]:
            self._chapter = next(self._chapters)
        text = self._book.text[start:end]
        return (
            self._ids.next(text),
            Span(self._book.file, self._book.record, start, end),
            self._book.name,
            self._chapter[2] or None,
        )

    def placed(self, sentence: Sentence, starts: list[int]) -> PlacedSegment:
        _, start, end, _ = sentence
        identity, raw, document, section = self._next(start, end)
        place = starts[0]
        return PlacedSegment(identity, raw, document, section, None, None, None, place, place + end - start)

    def segment(self, sentence: Sentence) -> Segment:
        _, start, end, _ = sentence
        identity, raw, document, section = self._next(start, end)
        return Segment(identity, raw, document, section, None, None, None, self._book.text[start:end])
