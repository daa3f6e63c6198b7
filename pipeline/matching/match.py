"""Match a free reply against gold answers: whole words, numbers, negations, yes and no.

For checks that ask a model. These do not count: a mention inside another word (`ten` in `often`), a number
inside a larger one, an answer that the reply denies or mentions in passing (`assertions`). These do count:
another way to write a number, a name without its middle or first part, an article more or less
(`normalize_words`, `answer_variants`).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from pipeline.matching.answer_variants import (
    APPROXIMATIONS,
    GENERIC_NOUNS,
    answer_variants,
    is_acronym,
    is_name,
    short_form,
    town_without_state,
)
from pipeline.matching.assertions import AUXILIARIES, LESS_THAN_WORDS, NEGATIONS, ReplyClauses
from pipeline.matching.languages import matches_in_language
from pipeline.matching.normalize_words import SCALES, Word, normalize_words, strip_accents
from pipeline.matching.subsequence_search import find_occurrences
from pipeline.text.languages import find_language
from pipeline.text.lexicon import MONTHS
from pipeline.text.stop_words import stop_words

_NUMBER_SUFFIXES = {*SCALES, "hundred", "percent"}  # after a number they make it another number
# First words of names that are not a person's.
_NON_PERSON_STARTS = set(
    "new north south east west san santa los las saint st fort port lake mount great old real native central "
    "royal inter".split()
)
# Last words of names that also end many other names.
_NON_SURNAMES = {"united", "american", "real", "rover", "albion"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_YES, _NO = {"yes", "yeah", "yep", "true", "correct", "indeed"}, {"no", "nope", "false", "incorrect"}
_ALIKE, _DIFFERENT = {"both", "same"}, {*NEGATIONS, "different", "only"}
_UNKNOWN = re.compile(
    r"\b(?:not (?:know|sure|certain|able|possible)|no (?:idea|clue|information|knowledge)|unknown|cannot)\b"
)
_WORD_PATTERN = re.compile(r"\w+")
_MAX_AFFIRMATION_WORDS = 3  # of a reply such as `They are`
_MAX_FIRST_NAMES = 4  # looked at before a surname
_MAX_ACRONYM_LENGTH = 3  # up to it an answer in capitals is matched case-sensitively
_LEADING_WORDS = {*APPROXIMATIONS, "answer", "it", "they", "he", "she", "is", "was", "are", "were"}


class _ParsedReply(ReplyClauses):
    """A reply by its words, with the sets that every answer is compared to."""

    def __init__(self, words: Sequence[Word]) -> None:
        """Index the words of a reply."""
        super().__init__(words)
        self._norms = [word.norm for word in words]
        self._norm_surface_pairs = [(word.norm, word.surface) for word in words]
        self.vocabulary = set(self._norms)
        self.content_words = _content_words(words)
        self.numbers = _numbers(words)

    def find_spans(self, pattern: Sequence[Word], match_case: bool = False) -> Iterator[tuple[int, int]]:
        """Yield the spans [start, end) where `pattern` stands in the reply's assertions.

        A number counts only as a whole: 5 is not found in 5 million. `match_case`: also compare the surface.
        """
        if not pattern:
            return
        starts = (
            find_occurrences(self._norm_surface_pairs, [(word.norm, word.surface) for word in pattern])
            if match_case
            else find_occurrences(self._norms, [word.norm for word in pattern])
        )
        is_number = pattern[-1].norm[-1].isdigit()
        for start in starts:
            end = start + len(pattern)
            in_larger_number = is_number and end < len(self.words) and self._norms[end] in _NUMBER_SUFFIXES
            if start in self.answer_starts and not in_larger_number:
                yield start, end


def matches_answer(reply: str, answers: Sequence[str], language: str = "en") -> bool:
    """Return whether a free reply gives any of the gold answers.

    `language`: by ISO 639. One that rules do not know is read as English.
    """
    known = find_language(language)
    if known is not None:
        return matches_in_language(reply, answers, known)
    parsed = _ParsedReply(normalize_words(reply))
    return any(_matches_one_answer(reply, parsed, answer) for answer in answers)


def _matches_one_answer(reply: str, parsed: _ParsedReply, answer: str) -> bool:
    answer_words = normalize_words(answer)
    norms = [word.norm for word in answer_words]
    if norms in (["yes"], ["no"]):
        return _classify_yes_no(reply) == norms[0]
    if not norms or not parsed.words:
        return False
    match_case = _is_case_sensitive(answer, norms)
    for variant in answer_variants(answer):
        if _contains_words(variant, parsed, match_case) or _contains_surname(variant, parsed):
            return True
        if (
            _contains_town(variant, parsed)
            or _is_most_of_answer(variant, parsed)
            or _contains_bare_number(variant, parsed)
        ):
            return True
    return _is_short_form(answer_words, parsed)


def _contains_words(answer_words: list[Word], parsed: _ParsedReply, match_case: bool) -> bool:
    """Return whether the words stand in the reply, not denied."""
    is_negative = not NEGATIONS.isdisjoint(word.norm for word in answer_words)
    spans = parsed.find_spans(answer_words, match_case)
    return any(is_negative or not parsed.is_denied(start, end) for start, end in spans)


def _contains_town(answer_words: list[Word], parsed: _ParsedReply) -> bool:
    """Return whether the reply gives a town alone, without another state: Monson for Monson, Maine."""
    town = town_without_state(answer_words)
    state = [word.norm for word in answer_words[len(town) :]]
    for start, end in parsed.find_spans(town):
        is_state = [word.norm for word in parsed.words[end : end + len(state)]] == state
        if (is_state or not parsed.is_name_continued(end)) and not parsed.is_denied(start, end):
            return True
    return False


def _is_short_form(answer_words: list[Word], parsed: _ParsedReply) -> bool:
    """Return whether the first clause of the reply is a short form of the answer, and nothing else."""
    words = [word for word in parsed.words if word.norm not in _LEADING_WORDS] or parsed.words
    clause = list(takewhile(lambda word: word.clause == words[0].clause, words))
    if is_acronym(clause, answer_words) or is_acronym(answer_words, clause):
        return True
    short = short_form(answer_words)
    return bool(short) and [word.norm for word in short] == [word.norm for word in clause]


def _contains_surname(answer_words: list[Word], parsed: _ParsedReply) -> bool:
    """Return whether the reply gives a person's surname, alone or after first names of the same initials."""
    if not _has_surname(answer_words):
        return False
    *first_names, surname = answer_words
    for start, end in parsed.find_spans([surname]):
        if (
            parsed.words[start].is_capitalized
            and not parsed.is_name_continued(end)
            and not parsed.is_denied(start, end)
        ):
            names = _first_names_before(parsed.words, start)
            if not names or _are_same_first_names(names, first_names):
                return True
    return False


def _first_names_before(words: Sequence[Word], surname: int) -> Sequence[Word]:
    """Return the first names before the surname at this index, at most `_MAX_FIRST_NAMES`.

    A stop word that opens the reply has a capital and is not a first name.
    """
    start = surname
    min_start = max(0, surname - _MAX_FIRST_NAMES)
    clause = words[surname].clause
    while start > min_start and words[start - 1].clause == clause and words[start - 1].is_capitalized:
        start -= 1
    is_opening_word = start == 0 and surname == 1 and words[0].norm in stop_words("en")
    return [] if is_opening_word else words[start:surname]


def _are_same_first_names(names: Sequence[Word], gold_names: Sequence[Word]) -> bool:
    """Return whether first names agree where some are initials: A. E. and Alfred Edward."""
    if len(names) > len(gold_names) or not any(len(word.norm) == 1 for word in (*names, *gold_names)):
        return False
    return all(
        name.norm == gold.norm or (name.norm[0] == gold.norm[0] and 1 in (len(name.norm), len(gold.norm)))
        for name, gold in zip(names, gold_names, strict=False)
    )


def _has_surname(answer_words: list[Word]) -> bool:
    """Return whether two or three words look like a person's name, whose last word may stand alone."""
    return (
        2 <= len(answer_words) <= 3
        and answer_words[0].clause == answer_words[-1].clause
        and is_name(answer_words)
        and all(word.surface.isalpha() for word in answer_words)
        and len(answer_words[-1].norm) > 2
        and answer_words[-1].norm not in GENERIC_NOUNS | _NON_SURNAMES | stop_words("en")
        and answer_words[0].norm not in _NON_PERSON_STARTS
    )


def _is_most_of_answer(answer_words: list[Word], parsed: _ParsedReply) -> bool:
    """Return whether a short reply is most of an answer, or all of it in another order, and nothing else.

    Names must be whole, all numbers must be there, and no part of a list may be missing.
    """
    all_gold = {word.norm for word in answer_words}
    gold, reply = _content_words(answer_words), parsed.content_words
    if not reply or not reply <= gold or (NEGATIONS | LESS_THAN_WORDS) & (parsed.vocabulary - all_gold):
        return False
    if parsed.numbers != _numbers(answer_words):
        return False
    if reply == gold:
        return True
    is_list = "and" in all_gold or answer_words[0].clause != answer_words[-1].clause
    return not (is_list or is_name(answer_words)) and 3 * len(reply) >= 2 * len(gold)


def _content_words(words: Sequence[Word]) -> set[str]:
    """Return the normalized words that are not stop words; May, the month, is not one."""
    ignored = stop_words("en") - MONTHS
    return {word.norm for word in words if word.norm not in ignored}


def _numbers(words: Sequence[Word]) -> list[str]:
    return [word.norm for word in words if word.norm[0].isdigit()]


def _contains_bare_number(answer_words: list[Word], parsed: _ParsedReply) -> bool:
    """Return whether the reply gives the answer's number without its unit, at the end of a clause.

    42 for 42 members; 874.3 for 874.3 square miles.
    """
    number, *unit = (word.norm for word in answer_words)
    if len(unit) not in (1, 2) or not _NUMBER.fullmatch(number) or _is_part_of_number(unit):
        return False
    return any(
        (end == len(parsed.words) or parsed.words[end].clause != parsed.words[start].clause)
        and not parsed.is_denied(start, end)
        for start, end in parsed.find_spans(answer_words[:1])
    )


def _is_part_of_number(unit: Sequence[str]) -> bool:
    """Return whether a unit is a part of the number."""
    return unit[0] in _NUMBER_SUFFIXES | MONTHS or any(word[0].isdigit() for word in unit)


def _is_case_sensitive(answer: str, norms: list[str]) -> bool:
    """Return whether case must match: for IT, which is not `it`, and `To be`, which stands everywhere."""
    is_acronym_like = (
        answer.isupper() and len(answer.strip()) <= _MAX_ACRONYM_LENGTH and answer.strip().isalpha()
    )
    return is_acronym_like or set(norms) <= stop_words("en")


def _classify_yes_no(reply: str) -> str | None:
    """Return yes or no, whichever the reply gives to a yes/no question; None where it gives neither."""
    plain_reply = strip_accents(reply).casefold()
    if not plain_reply or _UNKNOWN.search(plain_reply):
        return None
    words = _WORD_PATTERN.findall(plain_reply.partition(".")[0])
    for word in words[:2]:
        if word in _YES:
            return "yes"
        if word in _NO:
            return "no"
    if not _DIFFERENT.isdisjoint(words):
        return "no"
    is_affirmed = len(words) <= _MAX_AFFIRMATION_WORDS and words[-1:] and words[-1] in AUXILIARIES
    return "yes" if is_affirmed or (_ALIKE | _YES).intersection(words) else None
