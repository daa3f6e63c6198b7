"""Find the fact of a sentence that is most worth asking for, by points, as `rules/facts.py` does for English.

A sentence of a person's message must match one of the language's patterns of lasting facts; any other
sentence is a narrative.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.questions.rules.facts import Fact
from pipeline.questions.rules.languages.spaced_keywords import extract_spaced_keywords
from pipeline.questions.rules.languages.tokens import InstanceWords
from pipeline.questions.rules.languages.unspaced_keywords import extract_unspaced_keywords
from pipeline.questions.rules.sentences import Sentence
from pipeline.text.casing import count_words
from pipeline.text.keywords import Keyword
from pipeline.text.languages import find_language
from pipeline.text.languages.language import Language, SpacedLanguage, UnspacedLanguage
from pipeline.text.normalize import begins_a_word, fold_case, occurs_in, words

_BASE_SCORES = {"title": 4, "thing": 4, "name": 3, "place": 3, "time": 3, "code": 3, "number": 2}
_MIN_SCORE_NARRATIVE, _MIN_SCORE_PERSONAL = 9, 10
_MIN_CONTEXT_WORDS, _MAX_CONTEXT_WORDS = 3, 6
_MAX_DISTANCE = 60  # characters between the end of a lasting fact's pattern and the keyword
_LONG_SENTENCE = 4 / 5  # of the characters that a sentence may have
_MAX_SMALL_NUMBER = 12
_MAX_ACRONYM_CHARS = 4
_SEVERAL_WORDS = re.compile(r"[ ·•・‧-]|[\u3400-\u9fff]{5}")  # a name of one word is more often a common one
_FREQUENCY_LIMITS = (6, 12, 30)  # a name that an instance has more often is its topic
_MAX_TIMES = 3  # of a sentence; more are a list
# Another unit in brackets, or a number in brackets: one tells the other.
_CONVERSION_AFTER = re.compile(r"[^\d()（）,.;，。；]{0,25}[(（]\s*[\d.,]+")
_OPENING_BRACKETS = ("(", "（")
_WORDS_BEFORE = 2  # in which an approximation may stand


@dataclass(frozen=True, slots=True)
class _Analysis:
    """The keywords of a sentence, and functions of a keyword."""

    keywords: list[Keyword]
    count_context_words: Callable[[Keyword], int]
    has_unit: Callable[[Keyword], bool]
    before: Callable[[Keyword], Sequence[str]]  # words before it, folded, the last one last


class FactFinder:
    """Finds the facts of an instance's sentences in one language."""

    def __init__(self, language: Language, texts: Sequence[str]) -> None:
        """Read how the instance writes its words; `texts` are those of its chunks."""
        self._language = language
        self._text = "\n".join(texts)
        is_spaced = isinstance(language, SpacedLanguage)
        self._word_counts: Mapping[str, int] = count_words(self._text) if is_spaced else {}
        self._words = (
            InstanceWords.from_texts(texts, language)
            if isinstance(language, SpacedLanguage)
            else InstanceWords()
        )

    def find_best_fact(self, sentence: Sentence, lead: str) -> Fact | None:
        """Return the fact of a sentence with the most points, or None where none has enough.

        `lead`: the first line of the question, in which the answer must not stand.
        """
        text, is_personal = sentence.text, sentence.register in ("user", "conversation")
        lasting = _lasting_fact_ends(text, self._language) if is_personal else []
        if is_personal and not lasting:
            return None
        analysis = self._analyze(text, is_personal)
        context_score = _score_context(text, self._language, is_personal)
        min_score = _MIN_SCORE_PERSONAL if is_personal else _MIN_SCORE_NARRATIVE
        facts = []
        for keyword in analysis.keywords:
            context_words = analysis.count_context_words(keyword)
            score = min(context_words, _MAX_CONTEXT_WORDS) + context_score
            score += self._score_keyword(keyword, analysis, text, is_personal)
            if any(0 <= keyword.start - end <= _MAX_DISTANCE for end in lasting):
                score += 4
            if score < min_score or context_words < _MIN_CONTEXT_WORDS:
                continue
            rest = f"{lead} {text[: keyword.start]} {text[keyword.end :]}"
            if not (occurs_in(keyword.text, rest) or begins_a_word(keyword.text, rest)):
                facts.append(Fact(keyword.start, keyword.end, keyword.text, keyword.kind, score))
        return max(facts, key=lambda fact: (fact.score, -fact.start), default=None)

    def _analyze(self, text: str, is_personal: bool) -> _Analysis:
        things = _find_things(text, self._language) if is_personal else []
        if isinstance(self._language, SpacedLanguage):
            return _analyze_spaced(text, self._language, self._words, things)
        assert isinstance(self._language, UnspacedLanguage)
        return _analyze_unspaced(text, self._language, things)

    def _score_keyword(self, keyword: Keyword, analysis: _Analysis, text: str, is_personal: bool) -> int:
        score = _BASE_SCORES[keyword.kind]
        before = analysis.before(keyword)
        if keyword.kind == "number":
            score -= 0 if analysis.has_unit(keyword) else 2
            score -= 4 if keyword.start == 0 else 0  # of which thing, the sentence before says
            score -= 3 * (not is_personal and self._is_small(keyword.text))
            is_in_brackets = text[: keyword.start].rstrip().endswith(_OPENING_BRACKETS)
            score -= 5 * (is_in_brackets or _CONVERSION_AFTER.match(text, keyword.end) is not None)
        if keyword.kind in ("number", "time") and not self._language.approximations.isdisjoint(before):
            score -= 3
        if keyword.kind in ("name", "place", "title"):
            frequency = self._frequency(keyword.text)
            score -= sum(frequency > limit for limit in _FREQUENCY_LIMITS)
            score += 1 if _SEVERAL_WORDS.search(keyword.text) else -1
        if keyword.kind in ("name", "place") and len(keyword.text) <= _MAX_ACRONYM_CHARS:
            score -= 2 * keyword.text.isupper()
        if keyword.kind == "time" and not keyword.text.isdecimal():
            score += 1  # more than a year
        num_times = sum(other.kind == "time" for other in analysis.keywords)
        if keyword.kind == "time" and num_times > _MAX_TIMES:
            score -= 2
        return score + (len(analysis.keywords) > 1)

    def _is_small(self, number: str) -> bool:
        known = self._language.number_words if isinstance(self._language, SpacedLanguage) else {}
        value = int(number) if number.isdecimal() else known.get(fold_case(number))
        return value is not None and value <= _MAX_SMALL_NUMBER

    def _frequency(self, text: str) -> int:
        """Return how often a keyword occurs in the instance; with spaces, its rarest word."""
        if isinstance(self._language, SpacedLanguage):
            return min((self._word_counts.get(word, 0) for word in fold_case(text).split()), default=0)
        return self._text.count(text)


def _analyze_spaced(
    text: str, language: SpacedLanguage, instance_words: InstanceWords, things: list[Keyword]
) -> _Analysis:
    tokens, keywords = extract_spaced_keywords(text, language, instance_words)
    content = [token for token in tokens if token.kind != "mark" and token.folded not in language.stop_words]

    def count_context_words(keyword: Keyword) -> int:
        return sum(token.end <= keyword.start or token.start >= keyword.end for token in content)

    def has_unit(keyword: Keyword) -> bool:
        after = next((token for token in tokens if token.start >= keyword.end), None)
        if after is None:
            return False
        is_noun = after.kind == "word" and len(after.text) > 1 and after.folded not in language.stop_words
        return is_noun or after.text in ("%", "€", "$", "°") or after.text in language.ordinal_marks

    def before(keyword: Keyword) -> list[str]:
        return [token.folded for token in tokens if token.end <= keyword.start][-_WORDS_BEFORE:]

    return _Analysis(_merge(things, keywords), count_context_words, has_unit, before)


def _analyze_unspaced(text: str, language: UnspacedLanguage, things: list[Keyword]) -> _Analysis:
    def count_context_words(keyword: Keyword) -> int:
        rest = text[: keyword.start] + text[keyword.end :]
        return sum(letter.isalnum() and letter not in language.function_letters for letter in rest) // 2

    def before(keyword: Keyword) -> list[str]:
        start = text[: keyword.start].rstrip()
        after = text[keyword.end : keyword.end + 4]
        return [one for one in language.approximations if start.endswith(one) or one in after]

    return _Analysis(
        _merge(things, extract_unspaced_keywords(text, language)), count_context_words, lambda _: True, before
    )


def _merge(first: list[Keyword], others: list[Keyword]) -> list[Keyword]:
    return [
        *first,
        *(one for one in others if all(one.end <= other.start or other.end <= one.start for other in first)),
    ]


def _score_context(text: str, language: Language, is_personal: bool) -> int:
    """Return the part of the score that is the same for all keywords of a sentence."""
    is_spaced = isinstance(language, SpacedLanguage)
    found = words(text)
    score = -1 if len(text) > _LONG_SENTENCE * language.allowed_chars.stop else 0
    if is_spaced:
        score -= 2 * (not language.vague_openings.isdisjoint(found[:1]))
        score -= 2 * len(language.hedges.intersection(found))
        is_addressed = not language.persons.isdisjoint(found)
    else:
        start = text.lstrip("“「『《（( ")
        score -= 2 * any(map(start.startswith, language.vague_openings))
        score -= 2 * sum(map(text.__contains__, language.hedges))
        is_addressed = any(map(text.__contains__, language.persons))
    return score - 3 * (is_addressed and not is_personal)


@cache
def _compile(code: str) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
    """Return the patterns of lasting facts and of things of a language."""
    language = find_language(code)
    assert language is not None
    return (
        [re.compile(pattern, re.IGNORECASE) for pattern in language.lasting_facts],
        [re.compile(pattern, re.IGNORECASE) for pattern in language.thing_patterns],
    )


def _lasting_fact_ends(text: str, language: Language) -> list[int]:
    """Return where the phrases end with which a person tells of their life."""
    return [match.end() for pattern in _compile(language.code)[0] for match in pattern.finditer(text)]


def _find_things(text: str, language: Language) -> list[Keyword]:
    """Return what the sentence says somebody has, does or is."""
    things: list[Keyword] = []
    for pattern in _compile(language.code)[1]:
        for match in pattern.finditer(text):
            thing = match["thing"]
            is_word = fold_case(thing) not in language.stop_words and not thing.isdigit()
            is_noun = not getattr(language, "has_capitalized_nouns", False) or thing[0].isupper()
            overlaps = any(
                one.start < match.end("thing") and match.start("thing") < one.end for one in things
            )
            if is_word and is_noun and not overlaps:
                things.append(Keyword(match.start("thing"), match.end("thing"), thing, "thing"))
    return things
