"""Rank the chunks of an instance by the content words that they share with a text or with each other."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from pipeline.core.schema import Chunk, Instance, joined_segments
from pipeline.text.content_words import content_words

_CACHE_SIZE = 256  # chunks; the chunks of an instance are compared with each of its questions


def most_similar_chunks(
    text: str, chunks: Iterable[Chunk], max_chunks: int, min_shared_words: int
) -> list[Chunk]:
    """Return at most `max_chunks` chunks, most similar first.

    Similarity to the text is the number of content words that both have, at least `min_shared_words`.
    """
    text_words = content_words(text)
    counted = [(len(text_words & _cached_content_words(chunk.text)), chunk) for chunk in chunks]
    ranked = sorted(
        (one for one in counted if one[0] >= min_shared_words), key=lambda one: (-one[0], one[1].index)
    )
    return [chunk for _, chunk in ranked[:max_chunks]]


def most_similar_pairs(instance: Instance, max_pairs: int) -> list[tuple[Chunk, Chunk]]:
    """Return at most `max_pairs` pairs of an earlier and a later chunk, most similar first.

    A shared content word counts by the inverse of the number of chunks that have it.
    """
    chunk_words = [content_words(joined_segments(chunk)) for chunk in instance.chunks]
    chunk_counts = Counter(word for words in chunk_words for word in words)
    weighted_pairs = []
    for first, second in combinations(range(len(chunk_words)), 2):
        weight = sum(1 / chunk_counts[word] for word in sorted(chunk_words[first] & chunk_words[second]))
        if weight:
            weighted_pairs.append((-round(weight, 6), first, second))
    return [
        (instance.chunks[first], instance.chunks[second])
        for _, first, second in sorted(weighted_pairs)[:max_pairs]
    ]


@lru_cache(_CACHE_SIZE)
def _cached_content_words(text: str) -> set[str]:
    return content_words(text)
