"""Find the fact of a sentence that is most worth asking for: a name, number, date, place or thing.

Each keyword of the sentence gets a score, in whole numbers. It rises where the keyword says who, where, when
or how many, and where the words around it make clear what is meant. Each register adds scores of its own:
narratives, conversations of people, and the messages of users and assistants (`…_facts`). The keyword with
the highest score is the fact, if it reaches a minimum. The scores were settled by reading the questions that
they led to; docs/results.md has the figures.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.questions.rules import (
    assistant_facts,
    conversation_facts,
    narrative_facts,
    personal_keywords,
    user_facts,
)
from pipeline.questions.rules.halves import is_half
from pipeline.questions.rules.name_edges import begins_with_verb
from pipeline.questions.rules.sentences import AnalyzedSentence, Register
from pipeline.text.keywords import DAY, EVENT, MONTH, NAME, NOUN, NUMBER, OTHER, YEAR, Keyword, SentenceTagger
from pipeline.text.normalize import fold_case, occurs_in
from pipeline.text.segment_names import is_markdown_file


class Scorer(Protocol):
    """A module with the scores of a register."""

    MIN_SCORE: int

    def score_context(self, sentence: str) -> int:
        """Return the part of the score of a sentence's keywords that is the same for all of them."""

    def score_keyword(self, keyword: Keyword, sentence: str) -> int:
        """Return the score of a keyword of a sentence, beside `score_context`."""


_SCORERS: dict[Register, Scorer] = {
    "narrative": narrative_facts,
    "conversation": conversation_facts,
    "user": user_facts,
    "assistant": assistant_facts,
}
_BASE_SCORES = {"thing": 4, "place": 3, "name": 2, "time": 2, "number": 2}
_MIN_CONTEXT_WORDS = 3  # content words around the fact
_MAX_CONTEXT_WORDS = 6  # more of them do not raise the score
_CONTENT_TAGS = frozenset([NAME, NOUN, OTHER, EVENT, NUMBER, MONTH, DAY, YEAR])

_NUMBER_WORDS = frozenset(
    """two three four five six seven eight nine ten twelve twenty thirty forty fifty hundred
    thousand""".split()
)
# Inside a sentence. These patterns begin with the character before a word: to search for one that is not of a
# word, and look on from there, is quicker than to search for one of many words.
_NOTABLE = re.compile(rf"\W(?:(?!I\b)[A-Z][a-z]*|\d+|(?:{'|'.join(sorted(_NUMBER_WORDS))})\b)")
VAGUE_OPENING = re.compile(
    r"(?<!\W)\W*+(?:it|this|that|these|those|there|he|she|they|him|her|and|but|or|so|then|nor|for|yes|no|well)\b",
    re.IGNORECASE,
)
_VERBS_OF_SPEECH = "said|says|saith|cried|answered|replied|asked|exclaimed|spake|quoth"
_SPEECH_VERB_BEFORE = re.compile(rf"\b(?:{_VERBS_OF_SPEECH}|returned)\W*$", re.IGNORECASE)
_SPEECH_VERB_AFTER = re.compile(rf"\W{{0,3}}(?:{_VERBS_OF_SPEECH})\b", re.IGNORECASE)
_MAX_SPEECH_VERB_CHARS = 10  # more than any of them
_VOCATIVE_BEFORE = re.compile(r"(?:,|\bO) $")
_PAUSE = re.compile(r"[,.;!?]")
_COUNTED_NOUN = re.compile(r"[ -](?!(?:and|or|of|in|to|the|is|was|but|at|on)\b)[^\W\d_]{3,}")
_APPROXIMATE = re.compile(r"(?:\bor|\d) $"), re.compile(r" or\b")  # a word or two, three or four
ADJECTIVE_ENDING = re.compile(r"(?:ish|ese|ean|ian|ic|[Jj]ew|[Ff]rench|[Dd]utch)$")
_LONG_SENTENCE_CHARS = 220  # longer sentences score lower


_MAX_NOTABLE = 4  # more of them do not raise the score of a sentence
_PERSON = 1 << 16
_MARKS = ".,;:!?\"'()-"  # around a word
_CACHE_SIZE = 1 << 16


class _WordSigns(dict[str, int]):
    """A cache by word, between spaces: what _NOTABLE finds in it, and _PERSON for a pronoun of a person.

    Texts repeat their words, so to search each word once is quicker than to search every sentence.
    """

    def __missing__(self, word: str) -> int:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        letters = word.strip(_MARKS)
        if letters.isalpha() and letters.isascii():  # most are
            notable = int(letters != "I" if letters[0].isupper() else letters in _NUMBER_WORDS)
            has_person = letters.lower() in narrative_facts.PERSONS
        else:
            notable = len(_NOTABLE.findall(f" {word}"))
            has_person = narrative_facts.FIRST_OR_SECOND_PERSON.search(f" {word}") is not None
        self[word] = signs = notable + _PERSON * has_person
        return signs


_WORD_SIGNS = _WordSigns()


@dataclass(frozen=True, slots=True)
class Fact:
    """The part of a sentence that a question asks for, from character `start` to `end`."""

    start: int
    end: int
    text: str
    kind: str
    score: int


def score_words(sentence: str, words: Sequence[str], register: Register) -> int:
    """Return a quick estimate, 0 to 8, of how much a sentence is worth asking about; 0: not at all.

    It selects the few sentences that are analyzed word by word. `words`: between the sentence's spaces.
    """
    if register == "conversation" and not conversation_facts.has_lasting_fact(sentence):
        return 0
    if register == "user" and not user_facts.states_fact(sentence):
        return 0
    num_persons, notable = divmod(sum(map(_WORD_SIGNS.__getitem__, words)), _PERSON)
    notable -= _WORD_SIGNS[words[0]] % _PERSON - len(_NOTABLE.findall(words[0]))  # its capital says nothing
    notable = min(notable, _MAX_NOTABLE)
    if register == "conversation":
        return 1 + notable
    if register == "user":
        return 4 + notable if notable else 0
    return 4 + notable - narrative_facts.score_dialogue(sentence, num_persons > 0) if notable else 0


def find_best_fact(
    analyzed: AnalyzedSentence, tagger: SentenceTagger, word_counts: Mapping[str, int]
) -> Fact | None:
    """Return the fact of a sentence that is most worth asking for, or None where none scores enough.

    `word_counts`: how often each word, case-folded, occurs in the instance.
    """
    sentence = analyzed.sentence.text
    scorer = _SCORERS[analyzed.sentence.register]
    is_note = not analyzed.sentence.is_spoken and is_markdown_file(analyzed.sentence.segment.document)
    candidates = [keyword for keyword in analyzed.keywords if keyword.kind not in ("thing", "event")]
    if analyzed.sentence.register == "conversation":
        candidates = [*conversation_facts.find_things(sentence, tagger), *candidates]
        candidates += personal_keywords.find_keywords(sentence, candidates, tagger.statistics)
    elif is_note:
        candidates += personal_keywords.find_names(sentence, candidates, tagger.statistics)
    elif analyzed.sentence.register == "user":
        candidates += user_facts.find_names(sentence, candidates)
    if analyzed.sentence.register in ("user", "assistant"):
        candidates = [one for one in candidates if not begins_with_verb(one, sentence, tagger.statistics)]
    candidates = [one for one in candidates if not is_half(one, sentence)]
    if not candidates:
        return None
    words = analyzed.words
    content_starts = [
        start for start, tag in zip(words.starts, words.tags, strict=True) if tag in _CONTENT_TAGS
    ]
    context_score = _score_context(sentence) + scorer.score_context(sentence)
    facts = []
    for keyword in candidates:
        inside = bisect_left(content_starts, keyword.end) - bisect_left(content_starts, keyword.start)
        context_words = len(content_starts) - inside
        score = (
            min(context_words, _MAX_CONTEXT_WORDS)
            + context_score
            + _score_keyword(keyword, sentence, word_counts)
            + scorer.score_keyword(keyword, sentence)
            + (2 if is_note and narrative_facts.is_told_name(keyword, sentence) else 0)
        )
        if (
            context_words >= _MIN_CONTEXT_WORDS
            and score >= scorer.MIN_SCORE
            and not is_given_away(keyword, sentence)
        ):
            facts.append(Fact(keyword.start, keyword.end, keyword.text, keyword.kind, score))
    return max(facts, key=lambda fact: (fact.score, -fact.start), default=None)


def is_given_away(keyword: Keyword, sentence: str) -> bool:
    """Return whether the rest of the sentence has the keyword too."""
    return occurs_in(keyword.text, f"{sentence[: keyword.start]} {sentence[keyword.end :]}")


def _score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    return -bool(VAGUE_OPENING.match(sentence)) - (len(sentence) > _LONG_SENTENCE_CHARS)


def _find_last_word_end(text: str) -> int:
    """Return the index after the last character of a word; 0: there is none."""
    end = len(text)
    while end and not (text[end - 1].isalnum() or text[end - 1] == "_"):
        end -= 1
    return end


def _score_keyword(keyword: Keyword, sentence: str, word_counts: Mapping[str, int]) -> int:
    """Return the part of a keyword's own score that conversations and narratives share."""
    before, after = sentence[: keyword.start], sentence[keyword.end :]
    score = _BASE_SCORES[keyword.kind]
    if keyword.kind == "number":
        score -= 0 if _COUNTED_NOUN.match(after) else 2
        if (
            not before
            or _APPROXIMATE[0].search(before, max(0, len(before) - 4))
            or _APPROXIMATE[1].match(after)
        ):
            score -= 4
    if ADJECTIVE_ENDING.search(keyword.text):
        score -= 2
    last_word_start = max(0, _find_last_word_end(before) - _MAX_SPEECH_VERB_CHARS)
    if _SPEECH_VERB_BEFORE.search(before, last_word_start) or _SPEECH_VERB_AFTER.match(after):
        score -= 4
    if _VOCATIVE_BEFORE.search(before, max(0, len(before) - 3)) and _PAUSE.match(after):
        score -= 3
    frequency = min((word_counts.get(word, 0) for word in fold_case(keyword.text).split()), default=0)
    return score - (3 if frequency > 30 else 1 if frequency > 12 else 0)
