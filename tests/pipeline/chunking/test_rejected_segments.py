"""Segments that fit into no chunk are rejects, in every strategy, and the other segments are chunked."""

import pytest

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.core.errors import MemcurateError
from pipeline.core.params import (
    BookChunking,
    Chunking,
    ConversationChunking,
    EventChunking,
    LinkedArticleChunking,
    PassageChunking,
    SessionChunking,
    WholeDocumentChunking,
)
from pipeline.core.schema import Segment, segment_text
from pipeline.sources.parsed import Book, Document, ParsedSource
from tests.integration.test_real_corpora import expected_segments
from tests.pipeline.chunking.factories import make_document

LONG_NAME = "and so on " * 100  # over 128 tokens, above each text
CHUNKING_PARAMS: dict[str, Chunking] = {
    "conversations": ConversationChunking(
        strategy="conversations", max_tokens=128, min_chunks=1, max_chunks=9
    ),
    "events": EventChunking(strategy="events", max_tokens=128, min_chunks=1, max_chunks=9),
    "sessions": SessionChunking(
        strategy="sessions",
        max_tokens=128,
        min_questions=1,
        max_questions=2,
        min_instance_tokens=1,
        max_instance_tokens=600,
    ),
    "passages": PassageChunking(
        strategy="passages", max_tokens=128, min_chunk_tokens=100, min_chunks=1, max_chunks=9
    ),
    "linked_articles": LinkedArticleChunking(
        strategy="linked_articles",
        max_tokens=128,
        min_chunk_tokens=100,
        target_instance_tokens=60,
        min_chunks=1,
        max_chunks=9,
    ),
}


def make_odd_document(name: str, strategy: str) -> Document:
    """Make a document whose name is its title, or its speaker."""
    short = name.replace(LONG_NAME, "odd")
    chunked = make_document(name, [[f"{short} text {n} of several."] for n in range(4)], speakers=True)
    for section in chunked.sections:
        for unit in section.units:
            for segment in unit:
                if strategy in ("passages", "linked_articles"):
                    segment.section = name
                else:
                    segment.speaker = name
    return chunked


def segment_texts(segments: list[Segment]) -> list[str]:
    return [segment.text for segment in segments]


@pytest.mark.parametrize("name", CHUNKING_PARAMS)
def test_a_document_under_an_overlong_title_is_rejected_alone(name: str, context: ChunkingContext) -> None:
    good = [make_odd_document(f"good {n}", name) for n in range(6)]
    odd = make_odd_document(LONG_NAME, name)
    chunked = chunk_source(
        ParsedSource(documents=[*good[:3], odd, *good[3:]]), CHUNKING_PARAMS[name], context
    )
    lost = [reject for reject in chunked.rejects if reject.reason == "no room in a chunk"]
    assert [segment for reject in lost for segment in segment_texts(reject.segments)] == segment_texts(
        odd.segments
    )
    assert all("max_tokens = 128" in reject.detail for reject in lost)
    shown = [
        segment_text(chunk, segment)
        for instance in chunked.instances
        for chunk in instance.chunks
        for segment in chunk.segments
    ]
    others = [
        text for reject in chunked.rejects if reject not in lost for text in segment_texts(reject.segments)
    ]
    assert sorted([*shown, *others]) == sorted(text for one in good for text in segment_texts(one.segments))
    assert shown and all(instance.chunks for instance in chunked.instances)


@pytest.mark.parametrize("name", ["conversations", "events"])
def test_other_documents_are_chunked_as_without_it(name: str, context: ChunkingContext) -> None:
    good = [make_odd_document(f"good {n}", name) for n in range(6)]
    alone = chunk_source(ParsedSource(documents=good), CHUNKING_PARAMS[name], context)
    beside = chunk_source(
        ParsedSource(documents=[make_odd_document(LONG_NAME, name), *good]), CHUNKING_PARAMS[name], context
    )
    assert [one.id for one in beside.instances] == [one.id for one in alone.instances]


@pytest.mark.parametrize("name", CHUNKING_PARAMS)
def test_a_budget_that_nothing_fits_into_is_an_error(name: str, context: ChunkingContext) -> None:
    """The params are wrong then, not the documents."""
    with pytest.raises(MemcurateError, match=r"max_tokens = 128 has no room.*raise it"):
        odd = [make_odd_document(f"{LONG_NAME} {n}", name) for n in range(4)]
        chunk_source(ParsedSource(documents=odd), CHUNKING_PARAMS[name], context)


def test_whole_documents_show_no_titles_and_fit(context: ChunkingContext) -> None:
    params = WholeDocumentChunking(strategy="whole_documents", max_tokens=128, prompt_style="passages")
    chunked = chunk_source(
        ParsedSource(
            documents=[
                make_odd_document(LONG_NAME, "whole_documents"),
                make_odd_document("b", "whole_documents"),
            ]
        ),
        params,
        context,
    )
    assert len(chunked.instances) == 2 and not chunked.rejects


WHITE_SPACE_RUNS = {
    "lines": "\n" * 3000,
    "no-break spaces": "\n\u00a0" * 2000 + "\n",
    "indented lines": "\n   \t" * 2000 + "\n",
    "spaces": " " * 40_000,
    "returns": "\r\n" * 2000,
    "returns alone": "\r" * 2000,
    "ideographic spaces": "\u3000" * 2000,
}
BOOK_PARAMS = BookChunking(strategy="books", max_tokens=128, min_chunks=1, max_chunks=9)


def make_book(name: str, text: str) -> Book:
    return Book(name, f"{name}.txt", text, [(0, len(text), "")])


@pytest.mark.parametrize("run", WHITE_SPACE_RUNS)
def test_a_long_run_of_white_space_in_a_book_is_left_out(run: str, context: ChunkingContext) -> None:
    """White space that fits into no chunk is left out; every sentence is kept, with its source span."""
    odd = make_book(
        "odd", f"One owl sat on a gate.{WHITE_SPACE_RUNS[run]}Two owls flew away. The gate stayed."
    )
    good = make_book("good", " ".join(f"Line {n} says something of little weight." for n in range(200)))
    chunked = chunk_source(ParsedSource(books=[good, odd]), BOOK_PARAMS, context)
    alone = chunk_source(ParsedSource(books=[good]), BOOK_PARAMS, context)
    assert [one.id for one in chunked.instances if one.document == "good"] == [
        one.id for one in alone.instances
    ]
    shown = [
        (segment.source_span.start, segment_text(chunk, segment))
        for instance in chunked.instances
        if instance.document == "odd"
        for chunk in instance.chunks
        for segment in chunk.segments
    ]
    assert [
        (span.start, text) for span, text in expected_segments(ParsedSource(books=[odd]), context)["odd"]
    ] == shown
    assert [text for _, text in shown] == [
        "One owl sat on a gate.",
        "Two owls flew away.",
        "The gate stayed.",
    ]
    assert not chunked.rejects
    for instance in chunked.instances:
        for chunk in instance.chunks:
            assert chunk.tokens == context.tokenizer.count(chunk.text) <= BOOK_PARAMS.max_tokens
            assert "gate.Two" not in chunk.text
