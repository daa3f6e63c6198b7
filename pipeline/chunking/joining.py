"""Join documents that are too short for an instance, within a shard and a split.

Documents of a group, such as a user's chats, follow each other; else they stay in the file's order. They are
divided into joined instances of about equal size, each with tokens for `min_chunks` chunks; where all of them
together have fewer, they are one instance.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, chain, groupby
from typing import Any, TypeGuard

from pipeline.chunking.books import find_sentences
from pipeline.chunking.chunk_templates import ChunkTemplate, ConversationTemplate, ReadingTemplate
from pipeline.chunking.documents import chunk_document
from pipeline.chunking.instances import reject_oversized, split_into_instances
from pipeline.chunking.reading_days import find_first_reading_day
from pipeline.chunking.train_test_split import draw_test_documents
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.dates import FIRST_DAY
from pipeline.core.ids import SegmentIds
from pipeline.core.params import BookChunking, Chunking, ConversationChunking
from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import DRAWN_SPLITS, Instance, Reject, Segment, Span, Split
from pipeline.sources.parsed import Book, Document, Section

JoiningChunking = BookChunking | ConversationChunking

_MAX_CHARS_PER_TOKEN = 16  # a longer text is long for certain
_FILL_PERCENT = 115  # tokens of a joined instance, of those of min_chunks full chunks
_USER_PREFIX = "user "  # of the group of a user's documents
_LONG_NAME = (
    20  # characters of a user's name; longer ones, such as hashes, are shortened where they stay distinct
)
_SHORT_NAME = 8
_MAX_GAP_HOURS = 72  # between two chats without dates

_SAMPLE_CHARS = 1 << 16  # of a shard, whose tokens tell those of the source

Chunked = tuple[Split, list[Instance], list[Reject]]


def joins_documents(params: Chunking) -> TypeGuard[JoiningChunking]:
    """Return whether documents too short for an instance are joined."""
    return isinstance(params, BookChunking | ConversationChunking) and params.join_documents


def join_source(
    documents: Sequence[Book | Document],
    rejects: Sequence[Reject],
    params: JoiningChunking,
    context: ChunkingContext,
) -> ChunkedSource:
    """Chunk the documents of a source that is parsed as a whole, as `chunk_joined` does those of a shard."""
    test = draw_joined_test([measure_documents(documents, context)], params, context)
    places = [place for place, one in enumerate(documents) if (one.group or one.name) in test]
    chunked = ChunkedSource(rejects=list(rejects))
    for document in documents:
        chunked.rejects += reject_joined_questions(document, context.source)
    for split, instances, rejected in chunk_joined(documents, places, params, context):
        for instance in instances:
            instance.split = split
        chunked.instances += instances
        chunked.rejects += rejected
    return chunked


def reject_joined_questions(document: Book | Document, source: str) -> list[Reject]:
    """Return a reject of each question of a document: in a joined instance it is not about this one alone."""
    detail = f"{document.name} may be joined with others: set chunking.join_documents to false"
    return [
        make_question_reject(source, "chunk", question, "document joined", detail)
        for question in document.questions
    ]


def is_undated(document: Book | Document) -> bool:
    """Return whether no message of a document has a time, so that its date is drawn."""
    return isinstance(document, Document) and not any(segment.time for segment in document.segments)


def measure_documents(documents: Iterable[Book | Document], context: ChunkingContext) -> dict[str, Any]:
    """Measure the documents of a shard.

    Returns:
        `documents`: the group or name of each, and its size in characters; `sampled`: the characters and the
        tokens of a sample, their first text.
    """
    sizes: list[tuple[str, int]] = []
    chars = tokens = 0
    for document in documents:
        sizes.append((document.group or document.name, measure(document)))
        if chars < _SAMPLE_CHARS:
            more_chars, more_tokens = sample_tokens(document, _SAMPLE_CHARS - chars, context)
            chars += more_chars
            tokens += more_tokens
    return {"documents": sizes, "sampled": (chars, tokens)}


def draw_joined_test(
    measured: Sequence[Mapping[str, Any]], params: JoiningChunking, context: ChunkingContext
) -> set[str]:
    """Draw the documents and groups of test by their sizes; `measured`: `measure_documents` of each shard.

    Test has the text of an instance, or half of a source that is shorter than two: of a chat of 300 messages,
    a tenth is too little to ask about.
    """
    sampled = [sum(one["sampled"][number] for one in measured) for number in (0, 1)]
    min_weight = params.min_chunks * params.max_tokens * sampled[0] // max(1, sampled[1])
    weights = sum_weights(one["documents"] for one in measured)
    return draw_test_documents(weights, context.split, context.seed, context.source, min_weight=min_weight)


def sum_weights(shards: Iterable[Sequence[tuple[str, int]]]) -> dict[str, int]:
    """Return the weight of each group and document; `shards`: each with those of its documents."""
    weights: dict[str, int] = {}
    for name, weight in chain.from_iterable(shards):
        weights[name] = weights.get(name, 0) + weight
    return weights


def measure(document: Book | Document) -> int:
    """Return the characters of a document."""
    if isinstance(document, Book):
        return sum(end - start for start, end, _ in document.chapters)
    return sum(len(segment.text) for segment in document.segments)


def sample_tokens(document: Book | Document, max_chars: int, context: ChunkingContext) -> tuple[int, int]:
    """Return (characters, tokens) of the first text of a document, up to `max_chars` characters."""
    chars = tokens = 0
    for text in _iter_texts(document):
        if chars >= max_chars:
            break
        sample = text[: max_chars - chars]
        chars += len(sample)
        tokens += context.tokenizer.count(sample)
    return chars, tokens


def _iter_texts(document: Book | Document) -> Iterator[str]:
    if isinstance(document, Book):
        return (document.text[start:end] for start, end, _ in document.chapters)
    return (segment.text for segment in document.segments)


def chunk_joined(
    documents: Iterable[Book | Document],
    test_documents: Collection[int],
    params: JoiningChunking,
    context: ChunkingContext,
) -> Iterator[Chunked]:
    """Chunk the documents of a shard; yield (split, instances, rejects) of each instance's documents.

    `test_documents`: the places of the documents of test. The instances' own split is not set.
    """
    short: dict[Split, dict[str, list[tuple[Document, int]]]] = {split: {} for split in DRAWN_SPLITS}
    needed = params.min_chunks * params.max_tokens
    in_test = frozenset(test_documents)
    for place, document in enumerate(documents):
        split: Split = "test" if place in in_test else "train"
        tokens = _count_tokens(document, needed, context)
        if tokens >= needed:
            dated = document if isinstance(document, Book) else _date([document], context)[0]
            yield split, *chunk_document(dated, params, context)
        else:
            joined = _to_document(document, context) if isinstance(document, Book) else document
            short[split].setdefault(document.group or document.name, []).append((joined, tokens))
    for split, groups in short.items():
        for group in _group([one for of_group in groups.values() for one in of_group], needed):
            yield split, *_chunk_group(group, params, context)


def _count_tokens(document: Book | Document, needed: int, context: ChunkingContext) -> int:
    """Return the tokens of a document; `needed` where it has that many for certain."""
    if measure(document) > needed * _MAX_CHARS_PER_TOKEN:
        return needed
    return sum(map(context.tokenizer.count, _iter_texts(document)))


def _group(documents: Sequence[tuple[Document, int]], needed: int) -> Iterator[list[Document]]:
    """Yield runs of documents of about equal tokens, at least `needed` and some more where there are as many.

    `documents`: each with its tokens.
    """
    total = sum(tokens for _, tokens in documents)
    num_groups = max(1, total // (needed * _FILL_PERCENT // 100))
    ends = accumulate(tokens for _, tokens in documents)
    middles = (end - tokens / 2 for end, (_, tokens) in zip(ends, documents, strict=True))
    numbered = zip((int(middle * num_groups / max(1, total)) for middle in middles), documents, strict=True)
    for _, run in groupby(numbered, key=lambda one: one[0]):
        yield [document for _, (document, _) in run]


def _chunk_group(
    documents: list[Document], params: JoiningChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of joined documents, their split not set; the rejected segments)."""
    name = documents[0].name + (f" and {len(documents) - 1} more" if len(documents) > 1 else "")
    template: ChunkTemplate[list[Segment]]
    if isinstance(params, BookChunking):
        first_day = find_first_reading_day(
            (one.name for one in documents),
            (section.name for one in documents for section in one.sections),
            (segment.text for one in documents for segment in one.segments),
        )
        spaces = {id_: space for document in documents for id_, space in document.spaces.items()}
        template = ReadingTemplate(first_day, spaces, context.seed, context.source, name)
    else:
        template = ConversationTemplate()
        documents = _name_users(_date(documents, context))
    units = [unit for document in documents for unit in document.units]
    packed_chunks, oversized = context.pack(units, template, params.max_tokens)
    rejects = reject_oversized(context.source, params.max_tokens, name, oversized)
    return split_into_instances(context.source, name, packed_chunks, 1, params.max_chunks, rejects)


def _date(documents: list[Document], context: ChunkingContext) -> list[Document]:
    """Return documents in which every message has a time: the order of their times, where all have one.

    A message without a time has that of the message before it. A document without any is dated after the one
    before it, by up to three days, which are drawn.
    """
    times = [[segment.time for segment in document.segments] for document in documents]
    if all(map(any, times)):
        documents = sorted(documents, key=lambda one: min(filter(None, (s.time for s in one.segments))))
    dated = []
    last = FIRST_DAY
    for document in documents:
        known = next((segment.time for segment in document.segments if segment.time), None)
        if known is None:
            minutes = seeded_random.randint(
                60, _MAX_GAP_HOURS * 60, context.seed, context.source, document.name, "date"
            )
            last += timedelta(minutes=minutes)
            known = f"{last:%Y-%m-%d %H:%M}"
        else:
            last = max(last, datetime.strptime(known, "%Y-%m-%d %H:%M"))
        dated.append(_fill_times(document, known))
    return dated


def _name_users(documents: list[Document]) -> list[Document]:
    """Return documents in which the users of assistants have names, where they are of several users.

    Else the instance would tell of one user who contradicts himself.
    """
    users = {document.group: document.group.removeprefix(_USER_PREFIX) for document in documents}
    if len(users) == 1 or not all(group.startswith(_USER_PREFIX) for group in users):
        return documents
    longest = max(map(len, users.values()))
    length = next(
        n for n in (_SHORT_NAME, longest) if len({name[:n] for name in users.values()}) == len(users)
    )
    names = {group: name if len(name) <= _LONG_NAME else name[:length] for group, name in users.items()}
    return [_name_user(document, f"User {names[document.group]}") for document in documents]


def _name_user(document: Document, name: str) -> Document:
    def rename(segment: Segment) -> Segment:
        return replace(segment, speaker=name) if segment.speaker == "User" else segment

    sections = [
        Section(section.name, [list(map(rename, unit)) for unit in section.units])
        for section in document.sections
    ]
    return replace(document, sections=sections)


def _fill_times(document: Document, time: str) -> Document:
    """Return a document whose messages without a time have that of the message before; the first, `time`."""
    sections = []
    for section in document.sections:
        units = []
        for unit in section.units:
            filled = []
            for segment in unit:
                time = segment.time or time
                filled.append(segment if segment.time else replace(segment, time=time))
            units.append(filled)
        sections.append(Section(section.name, units))
    return replace(document, sections=sections)


def _to_document(book: Book, context: ChunkingContext) -> Document:
    """Return a book as a document of sentences; a unit is a paragraph, with the spaces between sentences."""
    ids = SegmentIds(context.source, book.name)
    spaces: dict[str, str] = {}
    sections = []
    for start, end, title in book.chapters:
        units: list[list[Segment]] = []
        last_end = start
        for first, last in find_sentences(book, start, end, context.splitter):
            text = book.text[first:last]
            span = Span(book.file, book.record, first, last)
            segment = Segment(ids.next(text), span, book.name, title or None, None, None, None, text)
            space = book.text[last_end:first]
            if units and "\n\n" not in space.replace("\r", ""):
                units[-1].append(segment)
                if "\n" in space:
                    spaces[segment.id] = space
            else:
                units.append([segment])
            last_end = last
        if units:
            sections.append(Section(title, units))
    return Document(book.name, sections, book.group, spaces=spaces)
