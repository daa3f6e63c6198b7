"""Confidence intervals by a two-level bootstrap: instances are resampled, and the questions of each.

The draws of an instance depend on the seed and its id alone. So the same questions are drawn for every
method, and the difference of two methods' samples is paired.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

_CI_PERCENTILES = (2.5, 97.5)

ScoresByInstance = Mapping[str, Sequence[float]]  # of the questions, by instance


def bootstrap_means(scores: ScoresByInstance, num_samples: int, seed: int) -> np.ndarray:
    """Return bootstrap samples of the mean over instances of the mean over their questions.

    The result is float64 of shape (num_samples,).
    """
    names = sorted(scores)
    inner = np.stack([_resample_means(np.asarray(scores[name]), num_samples, seed, name) for name in names])
    rng = _seeded_rng(seed, "instances", *names)
    picks = rng.integers(len(names), size=(num_samples, len(names)))
    rounds = rng.integers(num_samples, size=(num_samples, len(names)))
    return np.asarray(inner[picks, rounds].mean(axis=1))


def confidence_interval(resamples: np.ndarray) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of bootstrap samples."""
    low, high = np.percentile(resamples, _CI_PERCENTILES)
    return float(low), float(high)


def _resample_means(scores: np.ndarray, num_samples: int, seed: int, name: str) -> np.ndarray:
    picks = _seeded_rng(seed, "questions", name).integers(len(scores), size=(num_samples, len(scores)))
    return np.asarray(scores[picks].mean(axis=1))


def _seeded_rng(seed: int, *names: str) -> np.random.Generator:
    key = "\x1f".join([str(seed), *names]).encode()
    return np.random.default_rng(int.from_bytes(blake2b(key, digest_size=8).digest(), "big"))
