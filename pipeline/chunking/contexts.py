"""Whole documents into an instance each: the contexts of an evaluation set, however long.

Every piece of a context is shown as it stands there, so that the chunks give the context back up to white
space.
"""

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import runs_of, without_room
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import divided
from pipeline.documents import Document, Parsed
from pipeline.params import ContextChunking
from pipeline.rendering import ContextRendering
from pipeline.schema import Instance, Reject, Segment


def chunk(parsed: Parsed, recipe: ContextChunking, context: Context) -> Chunked:
    """An instance a document; which side it is drawn to does not matter to an evaluation set."""
    results = (_chunk_document(document, recipe, context) for document in parsed.documents)
    return divided(parsed.documents, results, parsed.rejects, context)


def _chunk_document(
    document: Document, recipe: ContextChunking, context: Context
) -> tuple[list[Instance], list[Reject]]:
    rendering = ContextRendering(recipe.shown_as)
    unfit: list[Segment] = []
    drafts = list(
        pack(document.units, context.tokenizer, context.splitter, rendering, recipe.max_tokens, unfit)
    )
    rejects = without_room(context.source, recipe.max_tokens, document.name, unfit)
    if rejects and not drafts:
        return [], rejects
    instances, short = runs_of(document.name, drafts, 1, len(drafts), context.source)
    return instances, rejects + short
