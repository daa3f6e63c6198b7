"""Segments into chunks, chunks into instances: one module per recipe, packing shared by all."""

from collections.abc import Callable
from typing import Any

from pipeline.chunking import books, contexts, conversations, events, examples, gathered, passages, sessions
from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import NO_ROOM
from pipeline.chunking.packing import no_room
from pipeline.documents import Parsed
from pipeline.errors import MemcurateError
from pipeline.params import Chunking

__all__ = ["Chunked", "Context", "chunk"]

_RECIPES: dict[str, Callable[[Parsed, Any, Context], Chunked]] = {
    "books": books.chunk,
    "conversations": conversations.chunk,
    "events": events.chunk,
    "contexts": contexts.chunk,
    "sessions": sessions.chunk,
    "passages": passages.chunk,
    "gathered": gathered.chunk,
    "examples": examples.chunk,
}


def chunk(parsed: Parsed, recipe: Chunking, context: Context) -> Chunked:
    """Chunk a parsed source by its recipe.

    Raises MemcurateError when the adapter gave nothing that the recipe takes, or as the recipe does.
    """
    given = {"books": parsed.books, "examples": parsed.examples}.get(recipe.recipe, parsed.documents)
    if not given:
        raise MemcurateError(
            f"sources.{context.source}: the raw files gave nothing for the recipe {recipe.recipe!r} "
            f"({len(parsed.rejects)} records were rejected{_first(parsed)}). "
            "Check the files and chunking.recipe."
        )
    chunked = _RECIPES[recipe.recipe](parsed, recipe, context)
    if not chunked.instances and any(reject.reason == NO_ROOM for reject in chunked.rejects):
        raise no_room(recipe.max_tokens)
    return chunked


def _first(parsed: Parsed) -> str:
    """Why the first rejected record was."""
    for reject in parsed.rejects[:1]:
        where = f"{reject.raw.file} {reject.raw.record}" if reject.raw else ""
        return f"; the first, {where}: {reject.reason}, {reject.detail}"
    return ""
