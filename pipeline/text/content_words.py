"""Content words: the words of a text that are not stop words."""

from functools import cache

from pipeline.text.normalize import words
from pipeline.text.stop_words import stop_words

_CONTRACTION_PARTS = {"m", "ve", "ll", "re", "d", "t", "s"}  # of I'm, I've and the like, after the apostrophe


def content_words(text: str) -> set[str]:
    """Return the words of an English text that are not stop words, case folded, without a final s."""
    return {
        word[:-1] if word.endswith("s") and len(word) > 3 else word
        for word in set(words(text)) - _excluded_words()
    }


@cache
def _excluded_words() -> frozenset[str]:
    return frozenset(stop_words("en") | _CONTRACTION_PARTS)
