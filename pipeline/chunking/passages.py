"""A pool of articles, in order, into instances of so many chunks (paper: SQuAD).

Whole articles are drawn to a side, by their tokens. A chunk's target is drawn uniformly; passages stay
whole. The last instance of a side may hold fewer chunks, but `min_chunks`; what falls short is a reject.
"""

from collections.abc import Callable

from pipeline import draws
from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import instance_of, rejected_segments, segments_of
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import SIDES, draw_test
from pipeline.documents import Document, Parsed
from pipeline.params import GatheredChunking, PassageChunking
from pipeline.rendering import PassageRendering
from pipeline.schema import Segment


def chunk(parsed: Parsed, recipe: PassageChunking, context: Context) -> Chunked:
    """Instances of both sides of the pool."""
    weights = {document.name: tokens_of(document, context) for document in parsed.documents}
    test = draw_test(weights, context.split, context.seed, context.source)
    chunked = Chunked(rejects=list(parsed.rejects))
    most = recipe.max_chunks
    for side in SIDES:
        mine = [document for document in parsed.documents if (document.name in test) == (side == "test")]
        drafts = list(
            pack(
                [unit for document in mine for section in document.sections for unit in section.units],
                context.tokenizer,
                context.splitter,
                PassageRendering(titles=False),
                recipe.max_tokens,
                target=targets(recipe, context, side),
                ordinal=lambda number: number % most,
            )
        )
        for ordinal, start in enumerate(range(0, len(drafts), most)):
            run = drafts[start : start + most]
            if len(run) >= recipe.min_chunks:
                chunked.instances.append(instance_of(context.source, side, side, ordinal, run))
            else:
                detail = f"the last {len(run)} chunks of the {side} side; min_chunks is {recipe.min_chunks}"
                chunked.rejects.append(
                    rejected_segments(context.source, "too few chunks left", detail, side, segments_of(run))
                )
    return chunked


def targets(
    recipe: PassageChunking | GatheredChunking, context: Context, *names: object
) -> Callable[[int], int]:
    """The target of chunk `number`, in tokens, drawn uniformly."""

    def target(number: int) -> int:
        return draws.integer(
            recipe.min_target, recipe.max_tokens, context.seed, context.source, *names, "target", number
        )

    return target


def tokens_of(document: Document, context: Context) -> int:
    """Tokens of a document's segments, as they are before rendering."""
    return sum(context.tokenizer.count(segment.text) for segment in segments(document))


def segments(document: Document) -> list[Segment]:
    """All segments of a document, in order."""
    return [segment for section in document.sections for unit in section.units for segment in unit]
