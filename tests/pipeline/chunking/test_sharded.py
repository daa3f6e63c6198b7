"""Chunking in shards gives what chunking in memory gives, in one file or in several, with any workers."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext, chunk_source, sharded
from pipeline.chunking.sharded import chunk_shards
from pipeline.core.errors import MemcurateError
from pipeline.core.params import BookChunking
from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import find_parts, read_rows
from tests.integration.project import tree
from tests.pipeline.sources.reading import make_source_reader, parse

PARAMS = BookChunking(strategy="books", max_tokens=128, min_chunks=2, max_chunks=4)


@pytest.fixture
def books(context: ChunkingContext) -> ChunkingContext:
    return replace(context, source="gutenberg")


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    """Twelve books, a file that is not text, and one that is too short."""
    draw = random.Random(3)
    folder = tmp_path / "raw" / "gutenberg"
    folder.mkdir(parents=True)
    for number in range(12):
        sentences = [
            f"{draw.choice(['Ann', 'Bob', 'Eve'])} saw {draw.randint(2, 99)} {draw.choice(['cats', 'dogs'])}."
            for _ in range(draw.randint(150, 400))
        ]
        (folder / f"book-{number:02}.txt").write_text(" ".join(sentences))
    (folder / "not-text.txt").write_bytes(b"\0\0")
    (folder / "short.txt").write_text("Too short.")
    return folder


def in_shards(raw_dir: Path, context: ChunkingContext, target: Path, shard_bytes: int) -> None:
    target.mkdir(parents=True)
    reader = make_source_reader("gutenberg")
    shards = reader.plan(raw_dir, shard_bytes)
    chunk_shards(reader, shards, PARAMS, context, target, target.parent / "parts")


def test_shards_give_what_the_whole_gives(
    raw_dir: Path, books: ChunkingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = chunk_source(parse("gutenberg", raw_dir), PARAMS, books)
    in_shards(raw_dir, books, tmp_path / "one" / "chunks", 10_000)
    path = tmp_path / "one" / "chunks" / "instances.parquet"
    assert list(read_rows(path, Instance)) == sorted(whole.instances, key=lambda one: one.id)
    assert {one.split for one in whole.instances} == {"train", "test"}
    rejects = list(read_rows(path.with_name("rejects.parquet"), Reject))
    assert {one.reason for one in rejects} == {"unreadable book", "document too short"}
    assert sorted(rejects, key=lambda one: one.id) == sorted(whole.rejects, key=lambda one: one.id)

    monkeypatch.setattr(sharded, "_FILE_BYTES", 20_000)
    in_shards(raw_dir, books, tmp_path / "several" / "chunks", 10_000)
    path = tmp_path / "several" / "chunks" / "instances.parquet"
    assert len(find_parts(path)) > 1 and not path.exists()
    assert sorted(read_rows(path, Instance), key=lambda one: one.id) == list(
        read_rows(tmp_path / "one" / "chunks" / "instances.parquet", Instance)
    )


def test_any_number_of_workers_gives_the_same_bytes(
    raw_dir: Path, books: ChunkingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for workers in ("1", "2"):
        monkeypatch.setenv("MEMCURATE_WORKERS", workers)
        in_shards(raw_dir, books, tmp_path / workers / "chunks", 30_000)
    assert tree(tmp_path / "1" / "chunks") == tree(tmp_path / "2" / "chunks")


def test_raw_files_without_a_document_are_an_error(books: ChunkingContext, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "book.txt").write_bytes(b"\0\0")
    with pytest.raises(MemcurateError, match=r"1 records were rejected; the first, book.txt : unreadable"):
        in_shards(tmp_path / "raw", books, tmp_path / "out" / "chunks", 30_000)
