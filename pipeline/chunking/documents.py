"""Strategies by which each document is chunked by itself, and drawn whole into a split."""

from collections.abc import Callable
from typing import Any

from pipeline.chunking import books, conversations, events, whole_documents
from pipeline.chunking.types import ChunkingContext
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Chunking
from pipeline.core.schema import Instance, Reject
from pipeline.sources.parsed import Book, Document

DOCUMENT_STRATEGIES: dict[str, Callable[[Any, Any, ChunkingContext], tuple[list[Instance], list[Reject]]]] = {
    "books": books.chunk_book,
    "conversations": conversations.chunk_document,
    "events": events.chunk_document,
    "whole_documents": whole_documents.chunk_document,
}


def chunk_document(
    document: Book | Document, params: Chunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of a document, their split not yet drawn; rejects of its other segments).

    Raises MemcurateError where the strategy is not one for such a document.
    """
    is_book = isinstance(document, Book)
    fitting = [name for name in DOCUMENT_STRATEGIES if (name == "books") == is_book]
    if params.strategy not in fitting:
        raise MemcurateError(
            f"sources.{context.source}.chunking.strategy: its format reads "
            f"{'texts' if is_book else 'messages or events'}, for which it may be {', '.join(fitting)}; got "
            f"{params.strategy}"
        )
    return DOCUMENT_STRATEGIES[params.strategy](document, params, context)
