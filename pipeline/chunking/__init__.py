"""Chunking: segments into chunks, chunks into instances. One module per strategy; all share `packing`."""

from collections.abc import Callable
from typing import Any

from pipeline.chunking import (
    books,
    conversations,
    events,
    examples,
    linked_articles,
    passages,
    sessions,
    whole_documents,
)
from pipeline.chunking.instances import NO_ROOM_REASON
from pipeline.chunking.packing import budget_error
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Chunking
from pipeline.sources.parsed import ParsedSource

__all__ = ["ChunkedSource", "ChunkingContext", "chunk_source"]

_STRATEGIES: dict[str, Callable[[ParsedSource, Any, ChunkingContext], ChunkedSource]] = {
    "books": books.chunk,
    "conversations": conversations.chunk,
    "events": events.chunk,
    "whole_documents": whole_documents.chunk,
    "sessions": sessions.chunk,
    "passages": passages.chunk,
    "linked_articles": linked_articles.chunk,
    "examples": examples.chunk,
}


def chunk_source(parsed: ParsedSource, params: Chunking, context: ChunkingContext) -> ChunkedSource:
    """Chunk a parsed source by its strategy.

    Raises MemcurateError when the adapter parsed no input for the strategy, when `chunking.max_tokens` is too
    small for every segment, and as the strategy itself does.
    """
    inputs = {"books": parsed.books, "examples": parsed.labelled_examples}.get(
        params.strategy, parsed.documents
    )
    if not inputs:
        raise MemcurateError(
            f"sources.{context.source}: the raw files gave nothing for chunking.strategy {params.strategy!r} "
            f"({len(parsed.rejects)} records were rejected{_describe_first_reject(parsed)}). "
            "Check the files and the strategy."
        )
    chunked = _STRATEGIES[params.strategy](parsed, params, context)
    if not chunked.instances and any(reject.reason == NO_ROOM_REASON for reject in chunked.rejects):
        raise budget_error(params.max_tokens)
    return chunked


def _describe_first_reject(parsed: ParsedSource) -> str:
    """Return the location and reason of the first rejected record, for an error message."""
    for reject in parsed.rejects[:1]:
        location = f"{reject.source_span.file} {reject.source_span.record}" if reject.source_span else ""
        return f"; the first, {location}: {reject.reason}, {reject.detail}"
    return ""
