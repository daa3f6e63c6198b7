"""One person's chats, in order of time, into instances of the chunks that they fill."""

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import runs_of, without_room
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import divided
from pipeline.documents import Document, Parsed
from pipeline.params import ConversationChunking
from pipeline.rendering import ConversationRendering
from pipeline.schema import Instance, Reject, Segment


def chunk(parsed: Parsed, recipe: ConversationChunking, context: Context) -> Chunked:
    """Instances of all documents; whole documents are drawn into test, by their number of instances."""
    # In this process: sending a person's segments to another takes as long as packing them.
    results = (_chunk_document(document, recipe, context) for document in parsed.documents)
    return divided(parsed.documents, results, parsed.rejects, context)


def _chunk_document(
    document: Document, recipe: ConversationChunking, context: Context
) -> tuple[list[Instance], list[Reject]]:
    """(the instances of a person, their split not yet drawn; a reject of a person with too few chunks)."""
    unfit: list[Segment] = []
    rendering = ConversationRendering()
    drafts = list(
        pack(document.units, context.tokenizer, context.splitter, rendering, recipe.max_tokens, unfit)
    )
    rejects = without_room(context.source, recipe.max_tokens, document.name, unfit)
    if rejects and not drafts:
        return [], rejects
    instances, short = runs_of(document.name, drafts, recipe.min_chunks, recipe.max_chunks, context.source)
    return instances, rejects + short
