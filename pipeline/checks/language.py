"""Drops questions whose evidence is in another language than English, where the source asks for it.

Two things tell a language: letters that are not Latin, and function words, by spaCy's lists of stop words.
A text is held to be in another language only when it is plainly so; names, lists, verse and slang are kept.
"""

from collections import Counter
from functools import cache, lru_cache
from unicodedata import name, normalize

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.function_words import stop_words
from pipeline.text.normal import words

_OTHERS = {
    "da": "Danish",
    "de": "German",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "sv": "Swedish",
    "tr": "Turkish",
}
# Words of the others' lists that stand in English texts too: in names (Charles de Gaulle, Los Angeles), and
# as English words that spaCy's English list leaves out.
_IN_ENGLISH = set(words("al ben da das de del den der des di do dos du el la las le les los san van von"))
_IN_ENGLISH |= set(words("ai car certain come different end fine god haha hi later local man men nice ok"))
_IN_ENGLISH |= set(words("possible sea sent sin state stop till want"))

_FEW_WORDS = 12  # evidence of fewer is judged by its chunk too
_MIN_LETTERS = 8  # that are not Latin: more than a formula has
_MIN_DIFFERENT = 3  # function words of the other language that do not stand in English texts
_MAX_WORDS_EACH = 8  # a text has at least one function word of its language in so many words
_MORE_THAN_ENGLISH = 6  # times as many function words as English ones


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question whose evidence is in English, or may be."""
    if around.params.language is None:
        return question
    text = "\n".join(around.segments[identity] for identity in question.evidence)
    seen = other_language(text)
    if seen is None and len(words(text)) < _FEW_WORDS:
        chunks = (around.instance.chunks[ordinal] for ordinal in question.evidence_chunks)
        beside = (around.segments[segment.id] for chunk in chunks for segment in chunk.segments)
        seen = other_language("\n".join(beside))
    return question if seen is None else Dropped("other language", f"{seen}: {text[:60]!r}")


@lru_cache(maxsize=128)  # questions of an instance share paragraphs and chunks
def other_language(text: str) -> str | None:
    """The language, or else the script, of a text that is plainly not in English; None for any other."""
    return _other_script(text) or _by_function_words(text)


def _other_script(text: str) -> str | None:
    """The script of most letters of a text in which most letters are not Latin, as Unicode names it."""
    if text.isascii():
        return None
    plain = normalize("NFKC", text)  # Latin letters written bold or wide are Latin
    letters = Counter(letter for letter in plain if letter.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[name(letter, "UNKNOWN").split()[0]] += count
    latin = scripts.pop("LATIN", 0)
    total = sum(scripts.values())
    if total < _MIN_LETTERS or total <= latin:
        return None
    return max(sorted(scripts), key=scripts.__getitem__) + " letters"


def _by_function_words(text: str) -> str | None:
    lists = _function_words()
    counts = Counter(words(text))
    known = [(word, count, lists[word]) for word, count in counts.items() if word in lists]
    total = sum(counts.values())
    best, most = None, 0
    for language in _OTHERS.values():
        # Words that are also English say nothing, nor do English words that are also of this language.
        own = [(word, count) for word, count, of in known if language in of and "English" not in of]
        english = sum(count for _, count, of in known if "English" in of and language not in of)
        different = sum(word not in _IN_ENGLISH for word, _ in own)
        found = sum(count for _, count in own)
        plain = found * _MAX_WORDS_EACH >= total and found > english * _MORE_THAN_ENGLISH
        if different >= _MIN_DIFFERENT and plain and found > most:
            best, most = language, found
    return best


@cache
def _function_words() -> dict[str, frozenset[str]]:
    """Each word of spaCy's lists, case folded, and the languages in whose lists it stands."""
    languages: dict[str, set[str]] = {}
    for code, language in {"en": "English", **_OTHERS}.items():
        for entry in stop_words(code):
            parts = words(entry)
            # Single letters are initials in one language and words in the other.
            if len(parts) == 1 and len(parts[0]) > 1:
                languages.setdefault(parts[0], set()).add(language)
    return {word: frozenset(of) for word, of in languages.items()}
