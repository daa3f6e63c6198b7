"""Chunking: segments into chunks, chunks into instances. One module per strategy; all share `packing`."""

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.chunking import examples, linked_articles, passages, sessions
from pipeline.chunking.documents import DOCUMENT_STRATEGIES, chunk_document
from pipeline.chunking.errors import describe_reject, no_input_error
from pipeline.chunking.instances import NO_ROOM_REASON
from pipeline.chunking.joining import join_source, joins_documents
from pipeline.chunking.packing import budget_error
from pipeline.chunking.train_test_split import assign_splits
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core.params import Chunking
from pipeline.sources.parsed import Book, Document, ParsedSource

__all__ = ["ChunkedSource", "ChunkingContext", "chunk_source"]

# Strategies that make instances of a pool of all documents or examples.
_POOL_STRATEGIES: dict[str, Callable[[ParsedSource, Any, ChunkingContext], ChunkedSource]] = {
    "sessions": sessions.chunk,
    "passages": passages.chunk,
    "linked_articles": linked_articles.chunk,
    "examples": examples.chunk,
}


def chunk_source(parsed: ParsedSource, params: Chunking, context: ChunkingContext) -> ChunkedSource:
    """Chunk a parsed source by its strategy.

    Raises MemcurateError when the format parsed no input for the strategy, when `chunking.max_tokens` is too
    small for every segment, and as the strategy itself does.
    """
    documents: Sequence[Book | Document] = parsed.books if params.strategy == "books" else parsed.documents
    if not (parsed.labelled_examples if params.strategy == "examples" else documents):
        first = describe_reject(parsed.rejects[0]) if parsed.rejects else ""
        raise no_input_error(context.source, params.strategy, len(parsed.rejects), first)
    if joins_documents(params):
        chunked = join_source(documents, parsed.rejects, params, context)
    elif params.strategy in DOCUMENT_STRATEGIES:
        results = (chunk_document(document, params, context) for document in documents)
        chunked = assign_splits(documents, results, parsed.rejects, context)
    else:
        chunked = _POOL_STRATEGIES[params.strategy](parsed, params, context)
    if not chunked.instances and any(reject.reason == NO_ROOM_REASON for reject in chunked.rejects):
        raise budget_error(params.max_tokens)
    return chunked
