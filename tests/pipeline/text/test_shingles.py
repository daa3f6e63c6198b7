"""Word and n-gram hashes: equal n-grams have equal hashes, and similarity is counted exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import shingles
from pipeline.text.normalize import words
from pipeline.text.shingles import (
    bigram_hashes,
    has_min_jaccard,
    hash_words,
    ngram_hashes,
    sorted_unique,
    unigram_bigram_hashes,
    word_hashes,
)

TEXTS = st.lists(st.sampled_from(["owl", "fox", "wren", "élan", "3"]), max_size=30).map(" ".join)


def test_hashes_are_the_same_everywhere() -> None:
    """The hashes are pinned, since the choice of instances depends on them."""
    assert word_hashes("The owl").tolist() == [7153945321557453345, 12295377564922021342]
    assert ngram_hashes(word_hashes("The owl"), 2).tolist() == [3781845993879516819]


@given(TEXTS, st.integers(1, 6))
def test_equal_ngrams_have_equal_hashes_wherever_they_stand(text: str, length: int) -> None:
    found = words(text)
    plain = [" ".join(found[start : start + length]) for start in range(len(found) - length + 1)]
    hashes = ngram_hashes(word_hashes(text), length).tolist()
    assert len(hashes) == len(plain)
    assert len(set(zip(hashes, plain, strict=True))) == len(set(hashes)) == len(set(plain))


def test_case_and_punctuation_do_not_count() -> None:
    assert bigram_hashes("«The OWL, sleeps!»").tolist() == bigram_hashes("the owl\nsleeps").tolist()
    assert bigram_hashes("the owl sleeps").tolist() != bigram_hashes("the sleeps owl").tolist()


ANY_TEXT = st.text(st.sampled_from("aZé_9 .\n’\u200d\u0301ﬁ²中\ud800"), max_size=40)


@given(st.lists(st.one_of(ANY_TEXT, st.text(max_size=20)), max_size=6), st.integers(1, 50))
def test_hashes_agree_with_words(texts: list[str], max_bytes: int) -> None:
    """Texts are hashed together, or divided; two words have one hash only if they are the same word."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingles, "_MAX_BYTES", max_bytes)
        hashes, ends = hash_words(texts)
    assert np.diff(ends).tolist() == [len(words(text)) for text in texts]
    found = [word for text in texts for word in words(text)]
    assert len(set(zip(hashes.tolist(), found, strict=True))) == len(set(found)) == len(set(hashes.tolist()))
    assert all(
        word_hashes(word).tolist() == [word_hash] for word, word_hash in zip(found, hashes, strict=True)
    )


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_hashes_are_sorted_and_unique(numbers: list[int]) -> None:
    assert sorted_unique(np.array(numbers, np.uint64)).tolist() == sorted(set(numbers))


@given(TEXTS, TEXTS, st.integers(1, 100))
def test_similarity_is_exact(one: str, other: str, percent: int) -> None:
    pairs = [set(zip(words(text), words(text)[1:], strict=False)) for text in (one, other)]
    shared, either = len(pairs[0] & pairs[1]), len(pairs[0] | pairs[1])
    assert has_min_jaccard(bigram_hashes(one), bigram_hashes(other), percent) == (
        bool(pairs[0] and pairs[1]) and 100 * shared >= percent * either
    )


def test_a_text_without_bigrams_is_similar_to_nothing() -> None:
    for text in ("", "...", "owl"):
        assert not has_min_jaccard(bigram_hashes(text), bigram_hashes(text), 1)


def test_unigrams_make_short_texts_comparable() -> None:
    """With one word of six changed, bigrams alone are too strict."""
    one, other = "where does the brown owl sleep", "where does the barn owl sleep"
    assert not has_min_jaccard(bigram_hashes(one), bigram_hashes(other), 50)
    assert has_min_jaccard(unigram_bigram_hashes(one), unigram_bigram_hashes(other), 50)
