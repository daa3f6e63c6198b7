"""Chunk a pool of articles that questions link (paper: HotpotQA).

Articles that share a question form a connected component; a component goes to one split and into one
instance, so a question's articles are always together. In order of their first question, components are
grouped up to `target_instance_tokens`. The articles of an instance are shuffled, so that a question's
articles seldom share a chunk (the paper keeps them next to each other), and packed like `passages`.
"""

from collections import defaultdict

from pipeline.chunking.chunk_templates import PassageTemplate
from pipeline.chunking.instances import (
    make_instance_from_packed,
    packed_segments,
    reject_oversized,
    reject_segments,
)
from pipeline.chunking.train_test_split import connected_components, draw_test_documents
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.params import LinkedArticleChunking
from pipeline.core.schema import DRAWN_SPLITS, Split
from pipeline.sources.parsed import Document, ParsedSource


def chunk(parsed: ParsedSource, params: LinkedArticleChunking, context: ChunkingContext) -> ChunkedSource:
    """Make the instances of both splits; components are drawn into test, weighted by their tokens."""
    components = _find_components(parsed)
    tokens = {
        name: sum(context.count_tokens(document) for document in component)
        for name, component in components.items()
    }
    test = draw_test_documents(tokens, context.split, context.seed, context.source)
    chunked = ChunkedSource(rejects=list(parsed.rejects))
    for split in DRAWN_SPLITS:
        names = [name for name in components if (name in test) == (split == "test")]
        for index, group in enumerate(_group_components(names, tokens, params.target_instance_tokens)):
            articles = [document for name in group for document in components[name]]
            _add_instance(chunked, split, index, articles, params, context)
    return chunked


def _find_components(parsed: ParsedSource) -> dict[str, list[Document]]:
    """Return the articles of each component, by its first article's name; in order of the questions."""
    document_of = {
        segment.id: document.name for document in parsed.documents for segment in document.segments
    }
    evidence_documents = [
        [document_of[segment] for segment in question.evidence] for question in parsed.questions
    ]
    single_documents = [[document.name] for document in parsed.documents]
    numbers = connected_components([*evidence_documents, *single_documents])
    by_number: dict[int, list[Document]] = defaultdict(list)
    for document in parsed.documents:
        by_number[numbers[document.name]].append(document)
    return {by_number[number][0].name: by_number[number] for number in sorted(by_number)}


def _group_components(names: list[str], tokens: dict[str, int], target_tokens: int) -> list[list[str]]:
    """Group components in order; each group stops where it comes closest to `target_tokens`."""
    groups: list[list[str]] = [[]]
    group_tokens = 0
    for name in names:
        longer = group_tokens + tokens[name]
        if groups[-1] and abs(longer - target_tokens) > abs(group_tokens - target_tokens):
            groups.append([])
            group_tokens = 0
        groups[-1].append(name)
        group_tokens += tokens[name]
    return groups if groups[-1] else []


def _add_instance(
    chunked: ChunkedSource,
    split: Split,
    index: int,
    articles: list[Document],
    params: LinkedArticleChunking,
    context: ChunkingContext,
) -> None:
    """Add the articles as an instance, or as a reject: a split's last may be too few, others too many."""
    names = (context.seed, context.source, split, index, "articles")
    shuffled = seeded_random.shuffled(articles, lambda article: article.name, *names)
    units = [unit for document in shuffled for unit in document.units]
    drawn_targets = context.draw_targets(params.min_chunk_tokens, params.max_tokens, split, index)
    for target_of in (drawn_targets, None):
        packed_chunks, oversized = context.pack(units, PassageTemplate(), params.max_tokens, target_of)
        if len(packed_chunks) <= params.max_chunks:
            break  # else the drawn targets were too small: fill the chunks
    chunked.rejects += reject_oversized(context.source, params.max_tokens, split, oversized, split)
    if not packed_chunks:
        return
    if params.min_chunks <= len(packed_chunks) <= params.max_chunks:
        chunked.instances.append(
            make_instance_from_packed(context.source, split, split, index, packed_chunks)
        )
        return
    detail = f"{len(packed_chunks)} chunks; an instance has {params.min_chunks} to {params.max_chunks}"
    reason = "too few chunks left" if len(packed_chunks) < params.min_chunks else "too many chunks"
    chunked.rejects.append(
        reject_segments(context.source, reason, detail, split, packed_segments(packed_chunks), split)
    )
