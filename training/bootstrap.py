"""Intervals by a bootstrap in two levels: instances are drawn anew, and in each its questions.

The draws of an instance depend on its id alone, so the same questions are drawn for every method, and the
difference of two methods' resamples is a paired one.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

_LEVELS = (2.5, 97.5)  # percentiles: 95 % of the resamples lie between

Scores = Mapping[str, Sequence[float]]  # of the questions, by instance


def resampled(scores: Scores, count: int, seed: int) -> np.ndarray:
    """`count` means over instances of the mean over their questions, each of a resample; float64."""
    names = sorted(scores)
    inner = np.stack([_means(np.asarray(scores[name]), count, seed, name) for name in names])
    draw = _generator(seed, "instances", *names)
    picks = draw.integers(len(names), size=(count, len(names)))
    rounds = draw.integers(count, size=(count, len(names)))
    return np.asarray(inner[picks, rounds].mean(axis=1))


def interval(resamples: np.ndarray) -> tuple[float, float]:
    """Where 95 % of the resamples lie."""
    low, high = np.percentile(resamples, _LEVELS)
    return float(low), float(high)


def _means(scores: np.ndarray, count: int, seed: int, name: str) -> np.ndarray:
    picks = _generator(seed, "questions", name).integers(len(scores), size=(count, len(scores)))
    return np.asarray(scores[picks].mean(axis=1))


def _generator(seed: int, *names: str) -> np.random.Generator:
    key = "\x1f".join([str(seed), *names]).encode()
    return np.random.default_rng(int.from_bytes(blake2b(key, digest_size=8).digest(), "big"))
