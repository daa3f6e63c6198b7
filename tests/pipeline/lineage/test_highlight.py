"""Answers are highlighted in their evidence."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lineage.highlight import find_spans, highlight_spans


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("Ann lives in Rome.", ["Rome"], "Ann lives in [Rome]."),
        ("Romeo in ROME, rome", ["Rome"], "Romeo in [ROME], [rome]"),
        (
            "the New\n York of New York City",
            ["New York", "New York City"],
            "the [New\n York] of [New York City]",
        ),
        ("a.b and axb", ["a.b"], "[a.b] and axb"),
        ("nothing", ["", "x"], "nothing"),
        ("$5.00 (five)", ["$5.00"], "[$5.00] (five)"),
    ],
)
def test_answers_are_marked_as_whole_words(text: str, answers: list[str], expected: str) -> None:
    assert highlight_spans(text, find_spans(text, answers), "[", "]") == expected


@given(st.text(), st.lists(st.text(max_size=5)))
def test_the_text_without_marks_is_unchanged(text: str, answers: list[str]) -> None:
    spans = find_spans(text, answers)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert highlight_spans(text, spans, "", "") == text
