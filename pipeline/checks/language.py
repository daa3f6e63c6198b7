"""Drop questions whose evidence is in another language than English, where `checks.language` is set.

A language is identified by letters that are not Latin, and by stop words, from spaCy's lists. A text counts
as another language only when it plainly is; names, lists, verse and slang are kept.
"""

from collections import Counter
from functools import cache, lru_cache
from unicodedata import name, normalize

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.normalize import words
from pipeline.text.stop_words import stop_words

OTHER_LANGUAGES = {
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
# Other languages' stop words that also stand in English texts: in names (Charles de Gaulle, Los Angeles), or
# as English words that spaCy's English list leaves out.
_ALSO_ENGLISH = set(words("al ben da das de del den der des di do dos du el la las le les los san van von"))
_ALSO_ENGLISH |= set(words("ai car certain come different end fine god haha hi later local man men nice ok"))
_ALSO_ENGLISH |= set(words("possible sea sent sin state stop till want"))

_SHORT_EVIDENCE_WORDS = 12  # shorter evidence is judged by its chunk too
_MIN_NON_LATIN_LETTERS = 8  # more than a formula has
_MIN_DISTINCT_STOP_WORDS = 3  # of the other language, and not in _ALSO_ENGLISH
_MAX_WORDS_PER_STOP_WORD = 8  # a text has at least one stop word of its language per 8 words
_MIN_RATIO_TO_ENGLISH = 6  # stop words of the other language per English stop word


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question whose evidence is in English, or may be."""
    if context.params.language is None:
        return question
    text = "\n".join(context.segment_texts[identity] for identity in question.evidence)
    detected = detect_other_language(text)
    if detected is None and len(words(text)) < _SHORT_EVIDENCE_WORDS:
        chunks = (context.instance.chunks[index] for index in question.evidence_chunks)
        texts = (context.segment_texts[segment.id] for chunk in chunks for segment in chunk.segments)
        detected = detect_other_language("\n".join(texts))
    return question if detected is None else Rejection("other language", f"{detected}: {text[:60]!r}")


@lru_cache(maxsize=128)  # questions of an instance share paragraphs and chunks
def detect_other_language(text: str) -> str | None:
    """Return the script or the language of a text that is plainly not in English; None for any other."""
    return _detect_script(text) or _detect_by_stop_words(text)


def _detect_script(text: str) -> str | None:
    """Return the script of most letters, as Unicode names it, where most letters are not Latin; else None."""
    if text.isascii():
        return None
    plain = normalize("NFKC", text)  # Latin letters written bold or wide are Latin
    letters = Counter(letter for letter in plain if letter.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[name(letter, "UNKNOWN").split()[0]] += count
    latin = scripts.pop("LATIN", 0)
    total = sum(scripts.values())
    if total < _MIN_NON_LATIN_LETTERS or total <= latin:
        return None
    return max(sorted(scripts), key=scripts.__getitem__) + " letters"


def _detect_by_stop_words(text: str) -> str | None:
    languages_by_word = _languages_by_stop_word()
    counts = Counter(words(text))
    # At least as many as of any one language.
    if len(_foreign_stop_words().intersection(counts)) < _MIN_DISTINCT_STOP_WORDS:
        return None
    known = [
        (word, count, languages_by_word[word]) for word, count in counts.items() if word in languages_by_word
    ]
    total = sum(counts.values())
    best, best_count = None, 0
    for language in OTHER_LANGUAGES.values():
        # Stop words of both English and this language do not tell the two apart.
        own = [(word, count) for word, count, langs in known if language in langs and "English" not in langs]
        english_count = sum(
            count for _, count, langs in known if "English" in langs and language not in langs
        )
        distinct = sum(word not in _ALSO_ENGLISH for word, _ in own)
        own_count = sum(count for _, count in own)
        is_plain = (
            own_count * _MAX_WORDS_PER_STOP_WORD >= total
            and own_count > english_count * _MIN_RATIO_TO_ENGLISH
        )
        if distinct >= _MIN_DISTINCT_STOP_WORDS and is_plain and own_count > best_count:
            best, best_count = language, own_count
    return best


@cache
def _languages_by_stop_word() -> dict[str, frozenset[str]]:
    """Return each stop word of spaCy's lists, case folded, with the languages in whose lists it stands."""
    languages: dict[str, set[str]] = {}
    for code, language in {"en": "English", **OTHER_LANGUAGES}.items():
        for entry in stop_words(code):
            parts = words(entry)
            # Single letters are initials in one language and words in the other.
            if len(parts) == 1 and len(parts[0]) > 1:
                languages.setdefault(parts[0], set()).add(language)
    return {word: frozenset(names) for word, names in languages.items()}


@cache
def _foreign_stop_words() -> frozenset[str]:
    """Return the stop words of other languages that do not stand in English texts."""
    languages = _languages_by_stop_word()
    return frozenset(word for word, names in languages.items() if "English" not in names) - _ALSO_ENGLISH
