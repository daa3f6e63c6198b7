"""Hashes of words and of word n-grams (shingles), by which texts of millions of words are compared.

The hash of a word, and of an n-gram, is a polynomial of the numbers of its bytes, or of its words' hashes,
that wraps around at 2^64. All words of many texts are hashed at once: the polynomial of a part is the
difference of two sums from the beginning. Whole numbers only: the same on every machine. Two different
n-grams have the same hash once in 2^64 pairs.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.text.normalize import words

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

_MULTIPLIER = 0x9E3779B97F4A7C15  # odd: multiplying by it loses nothing
_INVERSE = pow(_MULTIPLIER, -1, 1 << 64)
_WORD_BYTES = b"abcdefghijklmnopqrstuvwxyz0123456789_"  # and all bytes from 128 on
_MAX_BYTES = 1 << 17  # of texts that are hashed at once

# Characters between words that leave `words` the same when each is a space: texts are then often ASCII.
_PUNCTUATION = re.compile("[\u00a0-\u00a7\u00ab\u00bb\u00bf\u2010-\u2027\u2030-\u203e]")


def mix(hashes: Hashes) -> Hashes:
    """Map hashes to others, one to one, so that similar ones are spread at random (splitmix64)."""
    mixed = hashes ^ (hashes >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _byte_numbers() -> Hashes:
    """Return the number of each byte: random for bytes of words, 0 for others."""
    numbers = mix(np.arange(1, 257, dtype=np.uint64))
    in_words = np.zeros(256, np.bool_)
    in_words[128:] = True
    in_words[list(_WORD_BYTES)] = True
    numbers[~in_words] = 0
    upper = np.arange(ord("A"), ord("Z") + 1)
    numbers[upper] = numbers[upper + 32]
    return numbers


_BYTE_NUMBERS = _byte_numbers()


class _Powers:
    """Powers of the multiplier and of its inverse, as many as were needed."""

    def __init__(self) -> None:
        self.up = self.down = np.ones(1, np.uint64)

    def extend(self, count: int) -> None:
        """Make at least the powers from 0 to `count`."""
        while len(self.up) <= count:
            length = len(self.up)
            self.up, self.down = (
                np.concatenate([powers, powers * np.uint64(pow(base, length, 1 << 64))])
                for powers, base in ((self.up, _MULTIPLIER), (self.down, _INVERSE))
            )


_POWERS = _Powers()


def hash_words(texts: Sequence[str]) -> tuple[Hashes, Indices]:
    """Return (hashes of the words of all texts, in order; index of each text's first word, and the end)."""
    hash_arrays, counts = [np.empty(0, np.uint64)], [0]
    pending: list[bytes] = []
    pending_bytes = 0
    for number, text in enumerate(texts, 1):
        pending.append(_encode_words(text))
        pending_bytes += len(pending[-1])
        if pending_bytes >= _MAX_BYTES or number == len(texts):
            hashes, of_texts = _hash_encoded(pending)
            hash_arrays.append(hashes)
            counts += of_texts.tolist()
            pending, pending_bytes = [], 0
    return np.concatenate(hash_arrays), np.cumsum(counts)


def _encode_words(text: str) -> bytes:
    """Return bytes that hold the words of a text, with other bytes between them."""
    if text.isascii():
        return text.encode()
    plain = _PUNCTUATION.sub(" ", text)
    if plain.isascii():
        return plain.encode()
    return " ".join(words(text)).encode("utf-8", "surrogatepass")


def _hash_encoded(encoded: Sequence[bytes]) -> tuple[Hashes, Indices]:
    """Return (hashes of the words of all texts, number of words of each text)."""
    joined = np.frombuffer(b"\n" + b"\n".join(encoded) + b"\n", np.uint8)
    numbers = _BYTE_NUMBERS[joined]
    in_word = numbers != 0
    edges = np.flatnonzero(in_word[1:] != in_word[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    text_ends = np.cumsum([len(text) + 1 for text in encoded])
    ends_of_texts = np.searchsorted(starts, text_ends)
    return mix(_polynomials(numbers, starts, ends - starts)), np.diff(ends_of_texts, prepend=0)


def _polynomials(numbers: Hashes, starts: Indices, lengths: Indices | int) -> Hashes:
    """Return the polynomial of each part of some numbers, that begins at `starts` and has `lengths`."""
    _POWERS.extend(len(numbers))
    sums = np.zeros(len(numbers) + 1, np.uint64)
    np.cumsum(numbers * _POWERS.down[: len(numbers)], out=sums[1:])
    ends = starts + lengths
    polynomials: Hashes = (sums[ends] - sums[starts]) * _POWERS.up[ends - 1]
    return polynomials


def word_hashes(text: str) -> Hashes:
    """Return the hash of each word of a text, in order."""
    return hash_words([text])[0]


def ngram_hashes(hashes: Hashes, n: int) -> Hashes:
    """Return the hash of each n-gram of words, in order; an empty array where there are fewer words."""
    return _polynomials(hashes, np.arange(max(0, len(hashes) - n + 1)), n)


def ngram_hashes_at(hashes: Hashes, starts: Indices, lengths: Indices) -> Hashes:
    """Return the hash of the n-gram at each of `starts`, of as many words as `lengths` says."""
    return _polynomials(hashes, starts, lengths)


def sorted_unique(hashes: Hashes) -> Hashes:
    """Return each hash once, sorted, as `np.unique` does, in a quarter of its time on short arrays."""
    ordered = np.sort(hashes)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def bigram_hashes(text: str) -> Hashes:
    """Return the distinct pairs of adjacent words, as sorted hashes: the shingles of long texts."""
    return sorted_unique(ngram_hashes(word_hashes(text), 2))


def unigram_bigram_hashes(text: str) -> Hashes:
    """Return the distinct words and pairs of adjacent words, as sorted hashes: the shingles of questions.

    Pairs alone are too strict for short texts: one word changed in six leaves 3 of 7 pairs in common, but 8
    of 14 words and pairs. Of SQuAD's questions with a tenth of their words changed, pairs alone find 93 %,
    words and pairs 99 %.
    """
    hashes = word_hashes(text)
    return sorted_unique(np.concatenate([hashes, ngram_hashes(hashes, 2)]))


def has_min_jaccard(one: Hashes, other: Hashes, min_percent: int) -> bool:
    """Return whether the Jaccard similarity of two sets is at least `min_percent`.

    Each array holds distinct hashes, sorted. Exact, in whole numbers. An empty set is similar to no other.
    """
    small, large = sorted((len(one), len(other)))
    if small == 0 or 100 * small < min_percent * large:
        return False
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return min_percent * (small + large - shared) <= 100 * shared
