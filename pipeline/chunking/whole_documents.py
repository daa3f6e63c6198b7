"""Chunk each whole document into one instance: the contexts of an evaluation set, however long.

Every piece of a context is shown unchanged, so the chunks together hold the context, up to white space.
"""

from pipeline.chunking.chunk_templates import DocumentTemplate
from pipeline.chunking.instances import reject_oversized, split_into_instances
from pipeline.chunking.types import ChunkingContext
from pipeline.core.params import WholeDocumentChunking
from pipeline.core.schema import Instance, Reject
from pipeline.sources.parsed import Document


def chunk_document(
    document: Document, params: WholeDocumentChunking, context: ChunkingContext
) -> tuple[list[Instance], list[Reject]]:
    """Return (the instance of a document, its split not yet drawn; rejects of the other segments)."""
    template = DocumentTemplate(params.prompt_style)
    packed_chunks, oversized = context.pack(document.units, template, params.max_tokens)
    rejects = reject_oversized(context.source, params.max_tokens, document.name, oversized)
    return split_into_instances(context.source, document.name, packed_chunks, 1, len(packed_chunks), rejects)
