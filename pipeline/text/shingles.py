"""Words, and runs of words, as numbers: so that texts of millions of words are compared.

A word's hash is 64 bits of blake2b; a run's is a polynomial of its words' hashes that wraps around at 2^64.
Whole numbers only: the same on every machine. Two different runs have the same hash once in 2^64 pairs.
"""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from pipeline.text.normal import words

Hashes = npt.NDArray[np.uint64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd: multiplying by it loses nothing


_MOST_WORDS = 1 << 18  # remembered with their hashes: some 40 MB


class _HashOf(dict[str, int]):
    """The hash of a word, remembered: twice as quick as lru_cache, which keeps words in order of use."""

    def __missing__(self, word: str) -> int:
        if len(self) == _MOST_WORDS:
            self.clear()
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self[word] = found = int.from_bytes(digest, "big")
        return found


_HASH_OF = _HashOf()


@lru_cache(maxsize=1 << 8)  # the texts of an instance, which several checks look at one after the other
def word_hashes(text: str) -> Hashes:
    """The hash of each word of a text, in order."""
    found = words(text)
    hashes = np.fromiter(map(_HASH_OF.__getitem__, found), np.uint64, len(found))
    hashes.flags.writeable = False
    return hashes


def runs(hashes: Hashes, length: int) -> Hashes:
    """The hash of each run of `length` words, in order; none where there are fewer words."""
    count = max(0, len(hashes) - length + 1)
    found = np.zeros(count, np.uint64)
    for offset in range(length):
        found = found * _FACTOR + hashes[offset : offset + count]
    return found


def distinct(hashes: Hashes) -> Hashes:
    """Each hash once, sorted: what `np.unique` gives, at a quarter of its time on short arrays."""
    ordered = np.sort(hashes)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def word_pairs(text: str) -> Hashes:
    """What long texts are compared by: the distinct pairs of adjacent words, as sorted hashes."""
    return distinct(runs(word_hashes(text), 2))


def words_and_pairs(text: str) -> Hashes:
    """What questions are compared by: the distinct words and the distinct pairs, as sorted hashes.

    Pairs alone do not do for short texts: one word changed in six leaves 3 of 7 pairs in common, but 8 of 14
    words and pairs. Of SQuAD's questions with a tenth of their words changed, pairs find 93 in 100, both 99.
    """
    hashes = word_hashes(text)
    return distinct(np.concatenate([hashes, runs(hashes, 2)]))


def alike(one: Hashes, other: Hashes, percent: int) -> bool:
    """Whether two sets share so many percent of what is in either. Each is distinct and sorted.

    Exact, in whole numbers. Nothing is like an empty set.
    """
    small, large = sorted((len(one), len(other)))
    if small == 0 or 100 * small < percent * large:
        return False
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return percent * (small + large - shared) <= 100 * shared
