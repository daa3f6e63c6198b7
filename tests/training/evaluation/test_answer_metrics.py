"""Scores of answers by the metric of their question."""

from time import process_time

import pytest

from pipeline.core.schema import Metric
from training.evaluation.answer_metrics import score_answer


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
        ("token_f1", ["Rome"], "the Rome", 1.0),
        ("token_f1", ["7 May 2023"], "It was on 7 May.", 4 / 8),
        ("token_f1", ["Oslo", "in Rome"], "in Rome", 1.0),
        ("token_f1", ["Rome"], "Oslo", 0.0),
        ("token_f1", ["the"], "the", 1.0),
        ("token_f1", ["a b"], "b b b", 2 / 4),
        ("token_f1", ["北京大学"], "在北京", 4 / 7),
        ("token_f1", ["Rome"], "", 0.0),
        ("abstain", [], "I don't know.", 1.0),
        ("abstain", [], "Rome", 0.0),
        ("abstain", [], "", 0.0),
        ("number", ["3"], "There were 3.", 1.0),
        ("number", ["3"], "Of 7 people, Three.", 1.0),
        ("number", ["3"], "3, or 4", 0.0),
        ("number", ["20"], "twenty people", 1.0),
        ("number", ["1"], "twenty-one", 0.0),
        ("number", ["3"], "", 0.0),
    ],
)
def test_metrics_score_answers(metric: Metric, gold: list[str], answer: str, expected: float | None) -> None:
    assert score_answer(metric, gold, answer) == expected


@pytest.mark.parametrize(
    ("gold", "wrong", "answer", "expected"),
    [
        (["Leeds"], ["York"], "She lives in Leeds.", 1.0),
        (["Leeds"], ["York"], "First York, then Leeds.", 0.0),
        (["Leeds"], ["York"], "Leeds, not New Yorkshire.", 1.0),  # whole words
        (["Leeds"], ["York"], "In York.", 0.0),
        (["oat milk"], ["milk"], "oat milk", 1.0),  # part of a gold answer
        (["milk"], ["oat milk"], "oat milk", 0.0),
        (["Leeds"], [], "First York, then Leeds.", 1.0),
    ],
)
def test_an_answer_with_a_wrong_answer_in_it_is_wrong(
    gold: list[str], wrong: list[str], answer: str, expected: float
) -> None:
    assert score_answer("contains", gold, answer, wrong) == expected


@pytest.mark.parametrize("piece", ["\\boxed{", " ", "\n", "}", "\\boxed{ "])
def test_time_grows_linearly_with_the_answer(piece: str) -> None:
    start = process_time()
    assert score_answer("exact", ["3"], "\\boxed{" + piece * (200_000 // len(piece))) == 0.0
    assert process_time() - start < 2
