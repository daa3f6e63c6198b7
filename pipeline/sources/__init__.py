"""Source adapters: the `parse` of each turns raw files into documents or examples, and questions.

An adapter's module has the source's name in params.yaml. Formats that several sources share are in `formats`.
An adapter whose documents need no other record has `plan` and `iter_documents` too: its files are read shard
by shard.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.shards import RawShard


def parse(source: str, raw_dir: Path) -> ParsedSource:
    """Parse the raw files of a source with its adapter.

    Raises MemcurateError when the source has no adapter, and as the adapter does.
    """
    parsed = _load_adapter(source).parse(raw_dir, source)
    assert isinstance(parsed, ParsedSource)
    return parsed


def plan_shards(source: str, raw_dir: Path, shard_bytes: int) -> list[RawShard]:
    """Plan the shards of a source; empty where its adapter parses all files together.

    Raises MemcurateError as `parse` does.
    """
    adapter = _load_adapter(source)
    shards: list[RawShard] = adapter.plan(raw_dir, shard_bytes) if hasattr(adapter, "plan") else []
    return shards


def iter_documents(shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Book | Document]:
    """Yield the documents of a shard one by one; rejected records are appended to `rejects`."""
    yield from _load_adapter(source).iter_documents(shard, source, rejects)


def _load_adapter(source: str) -> Any:
    """Return the adapter's module. Raises MemcurateError when it is missing."""
    try:
        adapter = import_module(f"pipeline.sources.{source}")
    except ModuleNotFoundError as error:
        if error.name != f"pipeline.sources.{source}":
            raise
        raise MemcurateError(
            f"source {source!r} has no adapter: write pipeline/sources/{source}.py (see CONTRIBUTING.md)"
        ) from None
    if not hasattr(adapter, "parse"):
        raise MemcurateError(
            f"pipeline/sources/{source}.py is not an adapter: it has no function `parse(raw_dir, source)`"
        )
    return adapter
