"""The word diff of two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.diff.word_diff import DiffPart, diff_words, elide_equal_parts, truncate_parts

TEXTS = st.text(alphabet="ab .\n", max_size=40)


@given(TEXTS, TEXTS)
def test_the_parts_joined_are_both_texts(old: str, new: str) -> None:
    parts = diff_words(old, new)
    assert "".join(part.text for part in parts if part.mark != "new") == old
    assert "".join(part.text for part in parts if part.mark != "old") == new


@given(TEXTS)
def test_equal_texts_are_one_part(text: str) -> None:
    assert diff_words(text, text) == ([DiffPart("same", text)] if text else [])


def test_only_the_word_that_differs_is_marked() -> None:
    parts = diff_words("First line.\nAnn lives in Rome, still.", "First line.\nAnn lives in Oslo, still.")
    assert parts == [
        DiffPart("same", "First line.\nAnn lives in "),
        DiffPart("old", "Rome"),
        DiffPart("new", "Oslo"),
        DiffPart("same", ", still."),
    ]


def test_texts_with_little_in_common_are_one_part_each() -> None:
    old, new = "The cat sat on a mat.", "Her ship sailed off to the Indies, and never came back on time."
    assert diff_words(old, new) == [DiffPart("old", old), DiffPart("new", new)]


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([DiffPart("same", "x" * 500), DiffPart("old", "gone")], [" … " + "x" * 60, "gone"]),
        ([DiffPart("new", "come"), DiffPart("same", "x" * 500)], ["come", "x" * 60 + " … "]),
        (
            [DiffPart("old", "a"), DiffPart("same", "x" * 300 + "y" * 300), DiffPart("new", "b")],
            ["a", "x" * 60 + " … " + "y" * 60, "b"],
        ),
        ([DiffPart("old", "o" * 500)], ["o" * 500]),
    ],
)
def test_long_equal_parts_are_elided(parts: list[DiffPart], kept: list[str]) -> None:
    assert [part.text for part in elide_equal_parts(parts)] == kept


@given(TEXTS, TEXTS, st.integers(1, 30), st.integers(1, 60))
def test_truncated_parts_are_short_and_keep_their_marks(
    old: str, new: str, max_part: int, max_total: int
) -> None:
    parts = diff_words(old, new)
    truncated = truncate_parts(parts, max_part, max_total)
    assert sum(len(part.text) for part in truncated) <= max_total + max(max_part, 3) + 9
    assert all(len(part.text) <= max(max_part, 3) + 3 for part in truncated)
    assert truncate_parts(parts, 1000, 1000) == parts
    ends_in_ellipsis = truncated and truncated[-1] == DiffPart("same", " … ") and len(truncated) <= len(parts)
    kept = truncated[:-1] if ends_in_ellipsis else truncated
    assert [part.mark for part in kept] == [part.mark for part in parts[: len(kept)]]
