"""How an answer is measured."""

from time import process_time

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
        ("exact", ["3"], "\\boxed{\n3\n}", 1.0),
        ("exact", ["3"], "\\boxed{3} or \\boxed{\\text{3}}", 0.0),
        ("exact", ["3"], "3", 0.0),
        ("exact", ["3"], "", 0.0),
        ("judge", ["anything"], "anything", None),
    ],
)
def test_scores(metric: Metric, gold: list[str], answer: str, expected: float | None) -> None:
    assert score(metric, gold, answer) == expected


@pytest.mark.parametrize("piece", ["\\boxed{", " ", "\n", "}", "\\boxed{ "])
def test_time_grows_with_the_answer(piece: str) -> None:
    start = process_time()
    assert score("exact", ["3"], "\\boxed{" + piece * (200_000 // len(piece))) == 0.0
    assert process_time() - start < 2
