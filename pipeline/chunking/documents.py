"""Strategies by which each document is chunked by itself, and drawn whole into a split."""

from collections.abc import Callable
from typing import Any

from pipeline.chunking import books, conversations, events, whole_documents
from pipeline.chunking.types import ChunkingContext
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
    """Return (the instances of a document, their split not yet drawn; rejects of its other segments)."""
    return DOCUMENT_STRATEGIES[params.strategy](document, params, context)
