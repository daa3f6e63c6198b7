"""Intervals: they hold the truth about as often as they say, and differences are paired."""

import numpy as np

from training.bootstrap import interval, resampled


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    held = 0
    for number in range(200):
        scores = {
            f"{number}-{one}": draw.binomial(1, 0.7, size=20).astype(float).tolist() for one in range(20)
        }
        low, high = interval(resampled(scores, 400, 1))
        held += low <= 0.7 <= high
    assert 180 <= held <= 200


def test_the_same_scores_differ_by_nothing() -> None:
    scores = {"a": [1.0, 0.0, 1.0], "b": [0.0, 0.0]}
    assert not (resampled(scores, 300, 1) - resampled(dict(reversed(scores.items())), 300, 1)).any()


def test_a_constant_difference_has_no_spread() -> None:
    """Which it has not unless the same instances and questions are drawn for both."""
    one = {"a": [0.1, 0.6, 0.3], "b": [0.0, 0.5]}
    other = {name: [score + 0.25 for score in of] for name, of in one.items()}
    assert np.allclose(resampled(other, 300, 1) - resampled(one, 300, 1), 0.25)


def test_seeds_matter() -> None:
    scores = {"a": [1.0, 0.0, 1.0, 0.0], "b": [0.0, 1.0, 1.0]}
    assert (resampled(scores, 50, 1) != resampled(scores, 50, 2)).any()
    assert (resampled(scores, 50, 1) == resampled(scores, 50, 1)).all()
