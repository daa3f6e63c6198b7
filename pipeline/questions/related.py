"""Chunks of an instance that speak of the same: by the content words that they share and few others have."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from pipeline.schema import Chunk, Instance
from pipeline.text.content import content_words

_CHUNKS_KEPT = 256  # whose words are known: an instance is looked through once for each of its questions


def closest(text: str, chunks: Iterable[Chunk], most: int, least: int) -> list[Chunk]:
    """At most so many of the chunks: those that share most content words with a text, at least `least`."""
    wanted = content_words(text)
    shared = [(len(wanted & _held(chunk.text)), chunk) for chunk in chunks]
    ordered = sorted((one for one in shared if one[0] >= least), key=lambda one: (-one[0], one[1].ordinal))
    return [chunk for _, chunk in ordered[:most]]


def pairs(instance: Instance, most: int) -> list[tuple[Chunk, Chunk]]:
    """At most so many pairs, earlier and later: those that share most words that few chunks have."""
    held = [content_words("\n".join(_texts(chunk))) for chunk in instance.chunks]
    spread = Counter(word for words in held for word in words)
    weighed = []
    for one, other in combinations(range(len(held)), 2):
        weight = sum(1 / spread[word] for word in sorted(held[one] & held[other]))
        if weight:
            weighed.append((-round(weight, 6), one, other))
    return [(instance.chunks[one], instance.chunks[other]) for _, one, other in sorted(weighed)[:most]]


@lru_cache(_CHUNKS_KEPT)
def _held(text: str) -> set[str]:
    return content_words(text)


def _texts(chunk: Chunk) -> Iterable[str]:
    return (chunk.text[segment.start : segment.end] for segment in chunk.segments)
