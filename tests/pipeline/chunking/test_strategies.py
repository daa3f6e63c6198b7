"""Properties of every strategy on generated documents: budgets hold, no segment is lost or repeated."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from pipeline.chunking import ChunkedSource, ChunkingContext, chunk_source
from pipeline.core.errors import MemcurateError
from pipeline.core.params import (
    BookChunking,
    Chunking,
    ConversationChunking,
    ExampleChunking,
    LinkedArticleChunking,
    PassageChunking,
    SessionChunking,
)
from pipeline.core.schema import Span, segment_text
from pipeline.sources.parsed import Book, ParsedSource
from tests.integration.test_real_corpora import expected_segments, in_order
from tests.pipeline.chunking.factories import make_document, make_examples, make_source_question

# Shrinking these documents takes minutes and helps little more than the failing case itself.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)

WORDS = st.sampled_from(
    ["a", "Mr.", "U.S.", "ship.", "Who?", '"No!"', "naïve", "12,5", "…", "--", "/x", "中文字"]
)
GAPS = st.sampled_from([" ", " ", " ", "\n", "\n\n", "  \n   "])
# Mostly short texts, some that no small chunk holds, some without any white space.
SHORT = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=12).map(
    lambda pairs: "".join(word + gap for word, gap in pairs).strip()
)
LONG = st.tuples(SHORT, st.integers(15, 40)).map(lambda pair: " ".join([pair[0]] * pair[1]))
UNBROKEN = st.integers(200, 500).map(lambda length: "xyz-"[: length % 5 + 1] * length)
TEXTS = st.one_of(SHORT, SHORT, SHORT, LONG, UNBROKEN)


UNITS = st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=8)
POOLS = st.lists(UNITS, min_size=3, max_size=6)


def check_chunked(
    parsed: ParsedSource, chunked: ChunkedSource, chunking_params: Chunking, context: ChunkingContext
) -> None:
    """Assert the properties that every chunked source has."""
    uses: Counter[str] = Counter()
    kept: dict[str, list[tuple[Span, str]]] = {}
    for instance in chunked.instances:
        assert [one.index for one in instance.chunks] == list(range(len(instance.chunks)))
        for one in instance.chunks:
            assert one.tokens == context.tokenizer.count(one.text) <= chunking_params.max_tokens
            assert one.segments
            for segment in one.segments:
                text = segment_text(one, segment)
                assert text == text.strip() != ""
                assert segment.source_span.end - segment.source_span.start == len(text)
                uses[segment.id] += 1
                kept.setdefault(segment.document, []).append((segment.source_span, text))
    rejected: dict[str, list[tuple[Span, str]]] = {}
    for reject in chunked.rejects:
        for segment in reject.segments:
            uses[segment.id] += 1
            rejected.setdefault(segment.document, []).append((segment.source_span, segment.text))
    assert not uses or max(uses.values()) == 1
    for name, segments in expected_segments(parsed, context).items():
        assert in_order(segments, kept.get(name, []), rejected.get(name, [])), name


@MANY
@given(POOLS, st.integers(128, 600), st.integers(1, 4), st.integers(0, 6))
def test_conversations_keep_budget_and_segments(
    context: ChunkingContext, pool: list[list[list[str]]], max_tokens: int, min_chunks: int, extra_chunks: int
) -> None:
    documents = [make_document(f"d{n}", units, speakers=True) for n, units in enumerate(pool)]
    chunking_params = ConversationChunking(
        strategy="conversations",
        max_tokens=max_tokens,
        min_chunks=min_chunks,
        max_chunks=min_chunks + extra_chunks,
    )
    parsed = ParsedSource(documents=documents)
    chunked = chunk_source(parsed, chunking_params, context)
    check_chunked(parsed, chunked, chunking_params, context)
    assert all(len(one.chunks) <= min_chunks + extra_chunks for one in chunked.instances)


@MANY
@given(POOLS, st.integers(160, 600), st.integers(1, 4), st.integers(0, 6))
def test_passages_keep_budget_and_segments(
    context: ChunkingContext, pool: list[list[list[str]]], max_tokens: int, min_chunks: int, extra_chunks: int
) -> None:
    documents = [make_document(f"d{n}", units) for n, units in enumerate(pool)]
    chunking_params = PassageChunking(
        strategy="passages",
        max_tokens=max_tokens,
        min_chunk_tokens=100,
        min_chunks=min_chunks,
        max_chunks=min_chunks + extra_chunks,
    )
    parsed = ParsedSource(documents=documents)
    chunked = chunk_source(parsed, chunking_params, context)
    check_chunked(parsed, chunked, chunking_params, context)
    assert all(min_chunks <= len(one.chunks) <= min_chunks + extra_chunks for one in chunked.instances)


@MANY
@given(POOLS, st.integers(160, 600), st.data())
def test_linked_articles_stay_together(
    context: ChunkingContext, pool: list[list[list[str]]], max_tokens: int, data: st.DataObject
) -> None:
    documents = [make_document(f"d{n}", units) for n, units in enumerate(pool)]
    firsts = [document.sections[0].units[0][0] for document in documents]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(firsts), st.sampled_from(firsts)), max_size=5))
    questions = [
        make_source_question(number, [one.id, other.id]) for number, (one, other) in enumerate(pairs)
    ]
    chunking_params = LinkedArticleChunking(
        strategy="linked_articles",
        max_tokens=max_tokens,
        min_chunk_tokens=100,
        target_instance_tokens=max_tokens * 3,
        min_chunks=1,
        max_chunks=50,
    )
    parsed = ParsedSource(documents=documents, questions=questions)
    chunked = chunk_source(parsed, chunking_params, context)
    check_chunked(parsed, chunked, chunking_params, context)
    instance_of = {
        segment.id.partition(".")[0]: one.id
        for one in chunked.instances
        for c in one.chunks
        for segment in c.segments
    }
    for question in questions:
        assert len({instance_of.get(segment) for segment in question.evidence}) == 1


@MANY
@given(st.lists(UNITS, min_size=6, max_size=10), st.integers(160, 600))
def test_documents_with_a_common_session_are_in_one_split(
    context: ChunkingContext, pool: list[list[list[str]]], max_tokens: int
) -> None:
    documents = [make_document(f"d{n}", units, speakers=True) for n, units in enumerate(pool)]
    chunking_params = SessionChunking(
        strategy="sessions",
        max_tokens=max_tokens,
        min_questions=2,
        max_questions=3,
        min_instance_tokens=1,
        max_instance_tokens=100_000,
    )
    parsed = ParsedSource(documents=documents)
    chunked = chunk_source(parsed, chunking_params, context)
    contents = {
        document.name: {
            tuple(segment.text for unit in section.units for segment in unit) for section in document.sections
        }
        for document in documents
    }
    by_split: dict[str, set[tuple[str, ...]]] = {"train": set(), "test": set()}
    for instance in chunked.instances:
        names = {segment.document for one in instance.chunks for segment in one.segments}
        assert 2 <= len(names) <= 3
        assert sum(len(contents[name]) for name in names) == len(set().union(*(contents[n] for n in names)))
        for name in names:
            by_split[instance.split] |= contents[name]
    assert not by_split["train"] & by_split["test"]
    check_chunked(parsed, chunked, chunking_params, context)


BOOKS = st.lists(
    st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=6), GAPS), min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)


@MANY
@given(BOOKS, st.integers(128, 500), st.integers(1, 4), st.integers(0, 5))
def test_books_keep_budget_and_segments(
    context: ChunkingContext,
    drawn_books: list[list[tuple[list[str], str]]],
    max_tokens: int,
    min_chunks: int,
    extra_chunks: int,
) -> None:
    books = []
    for number, chapters in enumerate(drawn_books):
        text, spans = "", []
        for index, (texts, gap) in enumerate(chapters):
            body = gap.join(texts) + gap
            spans.append((len(text), len(text) + len(body), f"CHAPTER {index}"))
            text += body
        books.append(Book(f"b{number}", f"b{number}.txt", text, spans))
    chunking_params = BookChunking(
        strategy="books", max_tokens=max_tokens, min_chunks=min_chunks, max_chunks=min_chunks + extra_chunks
    )
    parsed = ParsedSource(books=books)
    chunked = chunk_source(parsed, chunking_params, context)
    check_chunked(parsed, chunked, chunking_params, context)
    assert all(min_chunks <= len(one.chunks) <= min_chunks + extra_chunks for one in chunked.instances)


LABELS = st.dictionaries(
    st.sampled_from(["x", "y", "z", "w"]),
    st.lists(SHORT, min_size=2, max_size=30, unique=True),
    min_size=2,
)


@MANY
@given(LABELS, st.integers(1, 4), st.integers(128, 260))
def test_instances_show_every_label_and_splits_share_no_example(
    context: ChunkingContext, labels: dict[str, list[str]], chunks: int, max_tokens: int
) -> None:
    examples = make_examples(labels)
    chunking_params = ExampleChunking(
        strategy="examples", instances=3, chunks=chunks, max_tokens=max_tokens, min_examples=2
    )
    try:
        chunked = chunk_source(ParsedSource(labelled_examples=examples), chunking_params, context)
    except MemcurateError:
        assume(False)
    by_split: dict[str, set[str]] = {"train": set(), "test": set()}
    assert [one.split for one in chunked.instances] == ["train", "train", "test"]
    for instance in chunked.instances:
        shown = [segment for one in instance.chunks for segment in one.segments]
        assert len({segment.id for segment in shown}) == len(shown)
        assert {segment.label for segment in shown} == set(labels)
        assert len(instance.chunks) == chunks
        assert all(one.tokens == context.tokenizer.count(one.text) <= max_tokens for one in instance.chunks)
        by_split[instance.split] |= {segment.id for segment in shown}
    assert not by_split["train"] & by_split["test"]
    assert {one.id for one in chunked.labelled_examples} == {one.id for one in examples}


@pytest.mark.parametrize(
    ("labels", "chunks", "message"),
    [
        ({"x": ["one"], "y": ["two"]}, 1, "no label has chunking.min_examples"),
        ({"x": ["one", "two"], "y": ["three", "four"]}, 5, "lower chunks or max_tokens"),
        ({f"l{n}": [f"{n} word" * 30, f"{n} other" * 30] for n in range(9)}, 1, "raise chunks or max_tokens"),
    ],
)
def test_an_impossible_pool_is_an_error_that_says_what_to_change(
    context: ChunkingContext, labels: dict[str, list[str]], chunks: int, message: str
) -> None:
    chunking_params = ExampleChunking(
        strategy="examples", instances=2, chunks=chunks, max_tokens=128, min_examples=2
    )
    with pytest.raises(MemcurateError, match=message):
        chunk_source(ParsedSource(labelled_examples=make_examples(labels)), chunking_params, context)
