"""Content words: the words of a text that are not stop words."""

from functools import cache

from pipeline.text.languages import find_language
from pipeline.text.languages.language import UnspacedLanguage
from pipeline.text.normalize import search_terms, words
from pipeline.text.stop_words import stop_words

_CONTRACTION_PARTS = {"m", "ve", "ll", "re", "d", "t", "s"}  # of I'm, I've and the like, after the apostrophe


def content_words(text: str, language: str = "en") -> set[str]:
    """Return the words of a text that are not stop words, case folded, without a final s.

    Of a language without spaces they are the pairs of neighboring letters in which no function word stands.
    A language that rules do not know is read as English.
    """
    known = find_language(language)
    if isinstance(known, UnspacedLanguage):
        return {
            term
            for term in search_terms(text)
            if known.function_letters.isdisjoint(term) and (len(term) > 1 or term.isascii())
        }
    return {
        word[:-1] if word.endswith("s") and len(word) > 3 else word
        for word in set(words(text)) - _excluded_words("en" if known is None else language)
    }


@cache
def _excluded_words(language: str) -> frozenset[str]:
    known = find_language(language)
    if known is None:
        return frozenset(stop_words("en") | _CONTRACTION_PARTS)
    return frozenset(word for entry in known.stop_words for word in words(entry))
