"""Chunk the chats of one person, in order of time, into instances."""

from pipeline.chunking.chunk_templates import ConversationTemplate
from pipeline.chunking.instances import reject_oversized, split_into_instances
from pipeline.chunking.types import ChunkingContext
from pipeline.core.params import ConversationChunking
from pipeline.core.schema import Instance, Reject
from pipeline.sources.parsed import Document


def chunk_document(
    document: Document, params: ConversationChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instances of a person, their split not yet drawn; the rejected segments)."""
    packed_chunks, oversized = context.pack(document.units, ConversationTemplate(), params.max_tokens)
    rejects = reject_oversized(context.source, params.max_tokens, document.name, oversized)
    return split_into_instances(
        context.source, document.name, packed_chunks, params.min_chunks, params.max_chunks, rejects
    )
