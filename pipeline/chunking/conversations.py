"""Chunk the chats of one person, in order of time, into instances."""

from pipeline.chunking.chunk_templates import ConversationTemplate
from pipeline.chunking.instances import reject_oversized, split_into_instances
from pipeline.chunking.train_test_split import assign_splits
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core.params import ConversationChunking
from pipeline.core.schema import Instance, Reject
from pipeline.sources.parsed import Document, ParsedSource


def chunk(parsed: ParsedSource, params: ConversationChunking, context: ChunkingContext) -> ChunkedSource:
    """Chunk all documents; whole documents are drawn into test, weighted by their number of instances."""
    # In this process: sending a person's segments to another takes as long as packing them.
    results = (_chunk_document(document, params, context) for document in parsed.documents)
    return assign_splits(parsed.documents, results, parsed.rejects, context)


def _chunk_document(
    document: Document, params: ConversationChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of a person, their split not yet drawn; the rejected segments)."""
    packed_chunks, oversized = context.pack(document.units, ConversationTemplate(), params.max_tokens)
    rejects = reject_oversized(context.source, params.max_tokens, document.name, oversized)
    return split_into_instances(
        context.source, document.name, packed_chunks, params.min_chunks, params.max_chunks, rejects
    )
