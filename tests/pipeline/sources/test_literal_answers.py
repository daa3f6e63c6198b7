"""A gold answer is compared as a string only where a right reply must hold it."""

import pytest

from pipeline.core.schema import Segment, Span
from pipeline.sources.literal_answers import choose_metric

TEXT = "The frost ends on April 20, yes, and 3 of the nine beds are dug."


@pytest.mark.parametrize(
    ("answer", "metric", "gold"),
    [
        (" April 20. ", "contains", "April 20"),
        ("april  20", "contains", "april  20"),
        ("3", "judge", "3"),
        ("Yes.", "judge", "Yes."),
        ("April 2", "judge", "April 2"),  # not a whole word there
        ("The frost is over on April 20.", "judge", "The frost is over on April 20."),
        ("ends on April 20, yes, and 3 of the nine", "judge", "ends on April 20, yes, and 3 of the nine"),
        (" . ", "judge", "."),
    ],
)
def test_the_metric_of_an_answer(answer: str, metric: str, gold: str) -> None:
    evidence = [Segment("s", Span("f", "", 0, 1), "d", None, None, None, None, TEXT)]
    assert choose_metric(answer, evidence) == (metric, gold)
    assert choose_metric(answer, []) == ("judge", answer.strip())
