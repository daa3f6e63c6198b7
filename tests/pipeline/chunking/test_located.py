"""Questions that come with a document go to the one instance that it makes, or are rejects."""

import json
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.core.params import BookChunking
from pipeline.sources import SourceReader
from tests.pipeline.sources.reading import make_format

SENTENCE = "The ferry of the village left at seven, and nobody but the miller was on board. "


@pytest.mark.parametrize(("num_sentences", "num_instances"), [(1, 0), (8, 1), (40, 3)])
def test_the_summary_of_a_chapter_that_makes_several_instances_is_a_reject(
    num_sentences: int, num_instances: int, tmp_path: Path, context: ChunkingContext
) -> None:
    record = {
        "bid": 1,
        "book_title": "The Ferry",
        "chapter_id": "Chapter 1",
        "text": SENTENCE * num_sentences,
        "summary": [{"text": "A ferry leaves almost empty."}],
    }
    (tmp_path / "chapters.jsonl").write_text(json.dumps(record) + "\n")
    columns = {"title": "book_title", "chapter": "chapter_id", "text": "text", "summary": "summary"}
    parsed = SourceReader("made", make_format("chapters", **columns)).parse(tmp_path)
    params = BookChunking(strategy="books", max_tokens=128, min_chunks=2, max_chunks=4, join_documents=False)
    chunked = chunk_source(parsed, params, context)
    assert len(chunked.instances) == num_instances, chunked.rejects
    rejects = [one for one in chunked.rejects if one.kind == "question"]
    assert len(chunked.document_questions) + len(rejects) == 1
    if num_instances == 1:
        assert chunked.document_questions[0].instance == chunked.instances[0].id
    elif num_instances == 0:
        (reject,) = rejects
        assert (reject.reason, reject.detail) == (
            "document left out",
            "The Ferry/Chapter 1 makes no instance",
        )
    else:
        (reject,) = rejects
        assert reject.reason == "document divided" and "raise chunking.max_chunks" in reject.detail
        assert reject.question is not None and reject.question.summary == "A ferry leaves almost empty."
