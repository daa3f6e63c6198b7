"""The words that carry what a text says."""

from pipeline.text.function_words import stop_words
from pipeline.text.normal import words

_CONTRACTED = {"m", "ve", "ll", "re", "d", "t", "s"}  # what is left of I'm, I've and the like


def content_words(text: str) -> set[str]:
    """The words of a text that are no function words, without a final s, case folded."""
    return {_singular(word) for word in set(words(text)) - stop_words("en") - _CONTRACTED}


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
