"""MinHash signatures of sets of hashes, and the bands by which similar sets meet.

Each value of two signatures is equal with the probability that is the sets' Jaccard similarity. Most values
cost nothing: the hashes are sorted, and value n is the smallest hash in the n-th part of the number range.
Where a set has no hash in that part, the value is that of a hash function of its own. So is the signature of
a union the smaller value in each place.
"""

from functools import cache

import numpy as np

from pipeline.text.shingles import Hashes, mix

NUM_VALUES = 512  # of a signature, 8 bytes each

_PART_BITS = np.uint64(64 - NUM_VALUES.bit_length() + 1)
_PART_STARTS = np.arange(NUM_VALUES, dtype=np.uint64) << _PART_BITS
_ONE = np.uint64(1)
_OWN_FUNCTION = _ONE << np.uint64(63)  # marks values of empty parts, which are then larger than all others


_MULTIPLIERS = mix(np.arange(1, NUM_VALUES + 1, dtype=np.uint64)) | _ONE


def sign(hashes: Hashes) -> Hashes:
    """Return the signature of a set of at least one hash, sorted and spread at random: NUM_VALUES values."""
    first = hashes.take(np.searchsorted(hashes, _PART_STARTS), mode="clip")
    values = first >> _ONE
    empty = np.flatnonzero((first ^ _PART_STARTS) >> _PART_BITS)
    if len(empty):
        own = np.multiply.outer(_MULTIPLIERS[empty], hashes).min(axis=1)
        values[empty] = (own >> _ONE) | _OWN_FUNCTION
    return values


def band_keys(signatures: Hashes, percent: int) -> Hashes:
    """Return the keys of signatures' bands; shape (signatures, NUM_VALUES) becomes (signatures, bands).

    Keys of different bands differ. Sets that share a key are candidates for near-duplicates.
    """
    bands, rows = lsh_bands(percent)
    values = signatures[:, : bands * rows].reshape(-1, bands, rows)
    keys = np.broadcast_to(_MULTIPLIERS[:bands], values.shape[:2])
    for row in range(rows):
        keys = mix(keys + values[:, :, row])
    return keys


@cache
def lsh_bands(percent: int) -> tuple[int, int]:
    """Return (bands, values in each) of a signature: texts with an equal band are candidates.

    These are the longest bands, hence the fewest candidates, that overlook at most one in twenty of the
    pairs whose similarity is just `percent`; in whole numbers, so the same on every machine.
    """
    for rows in range(NUM_VALUES // 2, 1, -1):
        bands = NUM_VALUES // rows
        if 20 * (100**rows - percent**rows) ** bands <= 100 ** (rows * bands):
            return bands, rows
    return NUM_VALUES, 1
