"""MemoryAgentBench's contexts are chunked without loss, in any form and with any chunk size."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.books import split_sentences
from pipeline.core.params import WholeDocumentChunking
from pipeline.core.schema import segment_text
from pipeline.sources.io import ParquetRows, parse_serialized
from tests.pipeline.sources.factories import CHUNKING, SPLIT, golden_raw_dir, make_hub_schema
from tests.pipeline.sources.reading import parse

SETS = sorted(source for source in CHUNKING if source.startswith("mab_"))
WORDS = st.text(st.sampled_from("ab é.!?\"'1:\n"), min_size=1, max_size=80)


def remove_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("source", SETS)
def test_golden_contexts_are_whole_in_the_chunks(source: str, context: ChunkingContext) -> None:
    """The chunks hold the whole context, up to white space; of sessions, every turn."""
    raw = golden_raw_dir(source)
    parsed = parse(source, raw)
    own = ChunkingContext(source, context.seed, SPLIT, context.tokenizer_name, context.assets)
    chunked = chunk_source(parsed, CHUNKING[source], own)
    assert chunked.instances
    for instance in chunked.instances:
        segments = [
            (segment, segment_text(chunk, segment)) for chunk in instance.chunks for segment in chunk.segments
        ]
        span = segments[0][0].source_span
        value = ParquetRows(raw / span.file)[int(span.record.split("/")[1])]["context"]
        if source == "mab_longmemeval":
            turns = [turn["content"] for session in parse_serialized(value)[1::2] for turn in session]
            whole = "".join(turns)
        else:
            whole = value if isinstance(value, str) else "".join(value)
        assert remove_space("".join(text for _, text in segments)) == remove_space(whole)


def test_any_context_is_whole_in_chunks_of_any_size(tmp_path: Path, context: ChunkingContext) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(WORDS, min_size=1, max_size=30), st.integers(128, 400), st.booleans())
    def check_context(texts: list[str], budget: int, listed: bool) -> None:
        joined = "\n\n".join(f"{text}\nlabel: {number}" for number, text in enumerate(texts))
        row = {
            "context": [joined] if listed else joined,
            "questions": ["Which?"],
            "answers": [["1"]],
            "metadata": {"source": "icl_nlu_8296shot_balance"},
        }
        path = tmp_path / "Test_Time_Learning.parquet"
        pq.write_table(pa.Table.from_pylist([row], schema=make_hub_schema(path, [row])), path)
        own = ChunkingContext("mab_nlu", context.seed, SPLIT, context.tokenizer_name, context.assets)
        chunking = WholeDocumentChunking(
            strategy="whole_documents", max_tokens=budget, prompt_style="examples"
        )
        chunked = chunk_source(parse("mab_nlu", tmp_path), chunking, own)
        (instance,) = chunked.instances
        assert [row.instance for row in chunked.document_questions] == [instance.id]
        assert all(chunk.tokens <= budget for chunk in instance.chunks)
        texts_in_chunks = (
            segment_text(chunk, segment) for chunk in instance.chunks for segment in chunk.segments
        )
        assert remove_space("".join(texts_in_chunks)) == remove_space(joined)

    check_context()


def test_all_sentences_of_a_novel_are_found(context: ChunkingContext) -> None:
    (book,) = parse("mab_infbench_sum", golden_raw_dir("mab_infbench_sum")).books
    sentences = [
        book.text[start:end]
        for chapter in split_sentences(book, context.splitter)
        for _, start, end, _ in chapter
    ]
    assert remove_space("".join(sentences)) == remove_space(book.text)
