"""Bootstrap intervals cover the true mean as often as stated, and differences are paired."""

import numpy as np

from training.evaluation.bootstrap import bootstrap_means, confidence_interval


def test_an_interval_covers_the_true_mean_in_about_95_percent_of_draws() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for number in range(200):
        scores = {
            f"{number}-{one}": rng.binomial(1, 0.7, size=20).astype(float).tolist() for one in range(20)
        }
        low, high = confidence_interval(bootstrap_means(scores, 400, 1))
        covered += low <= 0.7 <= high
    assert 180 <= covered <= 200


def test_equal_scores_have_equal_samples() -> None:
    scores = {"a": [1.0, 0.0, 1.0], "b": [0.0, 0.0]}
    assert not (
        bootstrap_means(scores, 300, 1) - bootstrap_means(dict(reversed(scores.items())), 300, 1)
    ).any()


def test_a_constant_difference_has_no_variance() -> None:
    """It would have some if other instances or questions were drawn for each method."""
    one = {"a": [0.1, 0.6, 0.3], "b": [0.0, 0.5]}
    other = {name: [score + 0.25 for score in scores] for name, scores in one.items()}
    assert np.allclose(bootstrap_means(other, 300, 1) - bootstrap_means(one, 300, 1), 0.25)


def test_samples_depend_on_the_seed() -> None:
    scores = {"a": [1.0, 0.0, 1.0, 0.0], "b": [0.0, 1.0, 1.0]}
    assert (bootstrap_means(scores, 50, 1) != bootstrap_means(scores, 50, 2)).any()
    assert (bootstrap_means(scores, 50, 1) == bootstrap_means(scores, 50, 1)).all()
