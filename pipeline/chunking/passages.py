"""A pool of articles, in order, into instances of so many chunks (paper: SQuAD).

Whole articles are drawn to a side, by their tokens. A chunk's target is drawn uniformly; passages stay
whole. The last instance of a side may hold fewer chunks, but `min_chunks`; what falls short is a reject.
"""

from pipeline.chunking.context import Chunked, Context
from pipeline.chunking.instances import instance_of, rejected_segments, segments_of, without_room
from pipeline.chunking.packing import pack
from pipeline.chunking.splitting import draw_test
from pipeline.documents import Parsed
from pipeline.params import PassageChunking
from pipeline.rendering import PassageRendering
from pipeline.schema import SIDES, Segment


def chunk(parsed: Parsed, recipe: PassageChunking, context: Context) -> Chunked:
    """Instances of both sides of the pool."""
    weights = {document.name: context.tokens_of(document) for document in parsed.documents}
    test = draw_test(weights, context.split, context.seed, context.source)
    chunked = Chunked(rejects=list(parsed.rejects))
    size = recipe.max_chunks
    for side in SIDES:
        mine = [document for document in parsed.documents if (document.name in test) == (side == "test")]
        unfit: list[Segment] = []
        drafts = list(
            pack(
                [unit for document in mine for unit in document.units],
                context.tokenizer,
                context.splitter,
                PassageRendering(),
                recipe.max_tokens,
                unfit,
                target=context.targets(recipe.min_target, recipe.max_tokens, side),
                ordinal=lambda number: number % size,
            )
        )
        chunked.rejects += without_room(context.source, recipe.max_tokens, side, unfit, side)
        for ordinal, start in enumerate(range(0, len(drafts), size)):
            run = drafts[start : start + size]
            if len(run) >= recipe.min_chunks:
                chunked.instances.append(instance_of(context.source, side, side, ordinal, run))
            else:
                detail = f"the last {len(run)} chunks of the {side} side; min_chunks is {recipe.min_chunks}"
                chunked.rejects.append(
                    rejected_segments(
                        context.source, "too few chunks left", detail, side, segments_of(run), side
                    )
                )
    return chunked
