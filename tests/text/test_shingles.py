"""Runs of words as numbers: the same run has the same number, and what is shared is counted exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import shingles
from pipeline.text.normal import words
from pipeline.text.shingles import alike, distinct, runs, word_hashes, word_pairs, words_and_pairs

TEXTS = st.lists(st.sampled_from(["owl", "fox", "wren", "élan", "3"]), max_size=30).map(" ".join)


def test_hashes_are_the_same_everywhere() -> None:
    """Pinned: what is kept depends on them."""
    assert word_hashes("The owl").tolist() == [6834963867258796590, 3660675019046835767]
    assert runs(word_hashes("The owl"), 2).tolist() == [3066271073421026301]


@given(TEXTS, st.integers(1, 6))
def test_a_run_is_known_by_its_words_wherever_it_stands(text: str, length: int) -> None:
    found = words(text)
    plain = [" ".join(found[start : start + length]) for start in range(len(found) - length + 1)]
    hashes = runs(word_hashes(text), length).tolist()
    assert len(hashes) == len(plain)
    assert len(set(zip(hashes, plain, strict=True))) == len(set(hashes)) == len(set(plain))


def test_case_and_punctuation_do_not_count() -> None:
    assert word_pairs("«The OWL, sleeps!»").tolist() == word_pairs("the owl\nsleeps").tolist()
    assert word_pairs("the owl sleeps").tolist() != word_pairs("the sleeps owl").tolist()


def test_words_are_forgotten_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one two three four five six seven two"
    before = word_hashes(text).tolist()
    monkeypatch.setattr(shingles, "_MOST_WORDS", 3)
    monkeypatch.setattr(shingles, "_HASH_OF", shingles._HashOf())
    word_hashes.cache_clear()
    assert word_hashes(text).tolist() == before
    assert len(shingles._HASH_OF) <= 3


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_distinct(numbers: list[int]) -> None:
    assert distinct(np.array(numbers, np.uint64)).tolist() == sorted(set(numbers))


@given(TEXTS, TEXTS, st.integers(1, 100))
def test_alike_counts_exactly(one: str, other: str, percent: int) -> None:
    pairs = [set(zip(words(text), words(text)[1:], strict=False)) for text in (one, other)]
    shared, either = len(pairs[0] & pairs[1]), len(pairs[0] | pairs[1])
    assert alike(word_pairs(one), word_pairs(other), percent) == (
        bool(pairs[0] and pairs[1]) and 100 * shared >= percent * either
    )


def test_a_text_without_pairs_is_like_nothing() -> None:
    for text in ("", "...", "owl"):
        assert not alike(word_pairs(text), word_pairs(text), 1)


def test_short_texts_have_their_words_too() -> None:
    """One word changed in six: pairs alone do not tell."""
    one, other = "where does the brown owl sleep", "where does the barn owl sleep"
    assert not alike(word_pairs(one), word_pairs(other), 50)
    assert alike(words_and_pairs(one), words_and_pairs(other), 50)
