"""Texts compared word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.comparing.words import Part, compared, cut, shortened

TEXTS = st.text(alphabet="ab .\n", max_size=40)


@given(TEXTS, TEXTS)
def test_the_runs_are_both_texts(old: str, new: str) -> None:
    parts = compared(old, new)
    assert "".join(part.text for part in parts if part.mark != "new") == old
    assert "".join(part.text for part in parts if part.mark != "old") == new


@given(TEXTS)
def test_a_text_equals_itself(text: str) -> None:
    assert compared(text, text) == ([Part("same", text)] if text else [])


def test_only_the_word_that_differs() -> None:
    parts = compared("First line.\nAnn lives in Rome, still.", "First line.\nAnn lives in Oslo, still.")
    assert parts == [
        Part("same", "First line.\nAnn lives in "),
        Part("old", "Rome"),
        Part("new", "Oslo"),
        Part("same", ", still."),
    ]


def test_texts_that_share_a_few_words_are_told_apart_as_a_whole() -> None:
    old, new = "The cat sat on a mat.", "Her ship sailed off to the Indies, and never came back on time."
    assert compared(old, new) == [Part("old", old), Part("new", new)]


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([Part("same", "x" * 500), Part("old", "gone")], [" … " + "x" * 60, "gone"]),
        ([Part("new", "come"), Part("same", "x" * 500)], ["come", "x" * 60 + " … "]),
        (
            [Part("old", "a"), Part("same", "x" * 300 + "y" * 300), Part("new", "b")],
            ["a", "x" * 60 + " … " + "y" * 60, "b"],
        ),
        ([Part("old", "o" * 500)], ["o" * 500]),
    ],
)
def test_long_equal_runs_are_cut(parts: list[Part], kept: list[str]) -> None:
    assert [part.text for part in shortened(parts)] == kept


@given(TEXTS, TEXTS, st.integers(1, 30), st.integers(1, 60))
def test_what_is_cut_is_short_and_keeps_what_came_and_went(old: str, new: str, run: int, whole: int) -> None:
    parts = compared(old, new)
    made = cut(parts, run, whole)
    assert sum(len(part.text) for part in made) <= whole + max(run, 3) + 9
    assert all(len(part.text) <= max(run, 3) + 3 for part in made)
    assert cut(parts, 1000, 1000) == parts
    kept = made[:-1] if made and made[-1] == Part("same", " … ") and len(made) <= len(parts) else made
    assert [part.mark for part in kept] == [part.mark for part in parts[: len(kept)]]
