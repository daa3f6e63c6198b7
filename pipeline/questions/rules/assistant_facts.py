"""Facts of an assistant's messages: recommendations, items of lists, numbers, dates, names of products.

They explain, as narratives do, so they score as narratives. But they are full of mark-up and of headings, and
name things by words with capitals, so that a part of a name is easily taken for the whole.
"""

import re

from pipeline.questions.rules import narrative_facts
from pipeline.questions.rules.halves import is_estimate
from pipeline.questions.rules.name_edges import REJECTED, is_acronym, is_torn, starts_clause
from pipeline.text.keywords import Keyword
from pipeline.text.normalize import occurs_in
from pipeline.text.stop_words import stop_words

MIN_SCORE = narrative_facts.MIN_SCORE

_HEADING = re.compile(r"^\W*\*\*[^*]+\*\*:?\W*$|:\W*$")  # or the line above a list
_LIST_OF_EXAMPLES = re.compile(r"\betc\b")
_MAX_CLAUSE_CHARS = 60  # that are looked at before a keyword
_MIN_TELLING_CHARS = 4  # of a word that gives a name away
_HEDGE = re.compile(r"\b(?:possible that|maybe|perhaps|might be|could be|not familiar|not sure|not aware)\b")
_STOP_WORDS = "|".join(sorted(stop_words("en") - {"'s"}))
_QUALIFIES = re.compile(rf" (?!(?:{_STOP_WORDS})\b)[a-z]")
_INSTRUCTION_AFTER = re.compile(r" (?:the|an?|your|all|any|some|in|with|on|to|out|up|into|it|them)\b")
_OF_ITSELF = re.compile(r"(?<!\w)(?:I|I'm|As an AI)\b")
_PARENTHESIZED = re.compile(r"\w \($"), re.compile(r"\)")


def score_context(sentence: str) -> int:
    """Return the part of the score of a sentence's keywords that is the same for all of them."""
    if _HEADING.search(sentence) or _LIST_OF_EXAMPLES.search(sentence):
        return REJECTED
    penalties = bool(_OF_ITSELF.search(sentence)) + bool(_HEDGE.search(sentence))
    return narrative_facts.score_context(sentence) - 4 * penalties


def score_keyword(keyword: Keyword, sentence: str) -> int:
    """Return the score of a keyword in an assistant's sentence, beside `score_context`."""
    if is_torn(keyword, sentence) or _is_guessed(keyword, sentence):
        return REJECTED
    if keyword.kind == "number" and is_estimate(keyword, sentence):
        return REJECTED
    total = narrative_facts.score_keyword(keyword, sentence)
    if _is_single_name(keyword) and _QUALIFIES.match(sentence, keyword.end):
        total -= 3  # such as Brussels in "Brussels sprouts"
    return total


def _is_guessed(keyword: Keyword, sentence: str) -> bool:
    """Return whether the rest of the sentence gives a keyword away, or the keyword says little."""
    if is_acronym(keyword) or _stands_elsewhere(keyword, sentence):
        return True
    before = sentence[max(0, keyword.start - _MAX_CLAUSE_CHARS) : keyword.start]
    if not any(map(str.isalnum, before)) and "(" in before:
        return True  # what it belongs to is in the sentence before
    if not _is_single_name(keyword):
        return False
    if keyword.text.isupper():
        return bool(_PARENTHESIZED[0].search(before) and _PARENTHESIZED[1].match(sentence, keyword.end))
    is_instruction = _INSTRUCTION_AFTER.match(sentence, keyword.end) is not None
    return is_instruction and starts_clause(keyword, sentence)


def _is_single_name(keyword: Keyword) -> bool:
    return keyword.kind in ("name", "place") and " " not in keyword.text


def _stands_elsewhere(keyword: Keyword, sentence: str) -> bool:
    """Return whether the rest of the sentence has a word of the keyword, or its singular."""
    rest = f"{sentence[: keyword.start]} {sentence[keyword.end :]}"
    words = [word for word in keyword.text.split() if len(word) >= _MIN_TELLING_CHARS]
    stems = [word.removesuffix(ending) for word in words for ending in ("", "s", "es")]
    return any(occurs_in(stem, rest) for stem in dict.fromkeys(stems))
