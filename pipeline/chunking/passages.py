"""Chunk a pool of articles, in order, into instances of `max_chunks` chunks (paper: SQuAD).

Whole articles are drawn to a split, weighted by their tokens. A chunk's target is drawn uniformly; passages
stay whole. The last instance of a split may hold fewer chunks, but at least `min_chunks`; chunks that are too
few for an instance are a reject.
"""

from pipeline.chunking.chunk_templates import PassageTemplate
from pipeline.chunking.instances import (
    make_instance_from_packed,
    packed_segments,
    reject_oversized,
    reject_segments,
)
from pipeline.chunking.train_test_split import draw_test_documents
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core.params import PassageChunking
from pipeline.core.schema import DRAWN_SPLITS
from pipeline.sources.parsed import ParsedSource


def chunk(parsed: ParsedSource, params: PassageChunking, context: ChunkingContext) -> ChunkedSource:
    """Make the instances of both splits of the pool."""
    weights = {document.name: context.count_tokens(document) for document in parsed.documents}
    test = draw_test_documents(weights, context.split, context.seed, context.source)
    chunked = ChunkedSource(rejects=list(parsed.rejects))
    size = params.max_chunks
    for split in DRAWN_SPLITS:
        articles = [document for document in parsed.documents if (document.name in test) == (split == "test")]
        packed_chunks, oversized = context.pack(
            [unit for document in articles for unit in document.units],
            PassageTemplate(),
            params.max_tokens,
            target_of=context.draw_targets(params.min_chunk_tokens, params.max_tokens, split),
            index_of=lambda number: number % size,
        )
        chunked.rejects += reject_oversized(context.source, params.max_tokens, split, oversized, split)
        for index, start in enumerate(range(0, len(packed_chunks), size)):
            run = packed_chunks[start : start + size]
            if len(run) >= params.min_chunks:
                chunked.instances.append(make_instance_from_packed(context.source, split, split, index, run))
            else:
                detail = f"the last {len(run)} chunks of the {split} side; min_chunks is {params.min_chunks}"
                segments = packed_segments(run)
                chunked.rejects.append(
                    reject_segments(context.source, "too few chunks left", detail, split, segments, split)
                )
    return chunked
