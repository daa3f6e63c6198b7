"""A strategy that is not one for the documents of a format is an error that names those which are."""

import json
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.errors import MemcurateError
from pipeline.core.params import BookChunking, Chunking, PassageChunking, WholeDocumentChunking
from pipeline.sources import SourceReader
from tests.pipeline.sources.reading import make_format

WHOLE = WholeDocumentChunking(strategy="whole_documents", max_tokens=128, prompt_style="passages")
BOOKS = BookChunking(strategy="books", max_tokens=128, min_chunks=1, max_chunks=4)
PASSAGES = PassageChunking(
    strategy="passages", max_tokens=128, min_chunk_tokens=128, min_chunks=1, max_chunks=4
)


@pytest.mark.parametrize(
    ("format", "chunking", "expected"),
    [
        ("text", WHOLE, "its format reads texts, for which it may be books; got whole_documents"),
        ("text", PASSAGES, "for which it may be books; got passages"),
        ("messages", BOOKS, "may be conversations, events, whole_documents; got books"),
        ("messages", PASSAGES, "may be conversations, events, whole_documents; got passages"),
    ],
)
def test_a_strategy_that_does_not_fit_is_told(
    format: str, chunking: Chunking, expected: str, tmp_path: Path, context: ChunkingContext
) -> None:
    if format == "text":
        (tmp_path / "a.md").write_text("# One\n\nAnn met Bob in Rome.\n")
    else:
        turns = [{"role": role, "content": "I live in Rome."} for role in ("user", "assistant")]
        (tmp_path / "a.jsonl").write_text(json.dumps({"messages": turns}))
    reader = SourceReader("made", make_format(format))
    with pytest.raises(MemcurateError, match=f"^sources.made.chunking.strategy: .*{expected}$"):
        chunk_shards_in_memory(reader, reader.plan(tmp_path, 1 << 20), chunking, context)
