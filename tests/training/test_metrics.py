"""How an answer is measured."""

import pytest

from pipeline.schema import Metric
from training.metrics import score


@pytest.mark.parametrize(
    ("metric", "gold", "answer", "expected"),
    [
        ("contains", ["Rome"], "She lives in rome.", 1.0),
        ("contains", ["Rome"], "She lives in Romeo.", 0.0),
        ("contains", ["New  York"], "in new york city", 1.0),
        ("contains", ["Oslo", "Rome"], "Rome", 1.0),
        ("contains", ["Rome"], "", 0.0),
        ("keywords", ["Emma", "ball", "Highbury"], "Emma went to a ball", 2 / 3),
        ("keywords", ["Emma"], "nobody", 0.0),
        ("exact", ["3"], "\\boxed{3}", 1.0),
        ("exact", ["3"], "\\boxed{ 3 }", 1.0),
        ("exact", ["3"], "\\boxed{13}", 0.0),
        ("exact", ["3"], "first \\boxed{2}, no, \\boxed{3}", 1.0),
        ("exact", ["3"], "3", 0.0),
        ("exact", ["3"], "", 0.0),
        ("judge", ["anything"], "anything", None),
    ],
)
def test_scores(metric: Metric, gold: list[str], answer: str, expected: float | None) -> None:
    assert score(metric, gold, answer) == expected
