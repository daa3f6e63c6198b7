"""Whether a free reply gives an answer: whole words, numbers, negations, yes and no.

For filters that ask a model: a mention inside another word (`ten` in `often`), a number inside a larger one,
or an answer that the reply denies or mentions in passing do not count (`claims`); another way to write a
number, a name without its middle or first part, or an article more or less do (`spelling`, `ways`).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from pipeline.text.function_words import stop_words
from pipeline.text.matching.claims import BE, LESS, NEGATIONS, Said
from pipeline.text.matching.rows import occurrences
from pipeline.text.matching.spelling import MONTHS, SCALES, Word, plain, spelt
from pipeline.text.matching.ways import ABOUT, KINDS, are_initials, is_name, short_way, town, ways

_COUNTED = {*SCALES, "hundred", "percent"}  # after a number they make it another one
# What a name begins with that is no person's, and ends with that stands for much else.
_PARTS = set(
    "new north south east west san santa los las saint st fort port lake mount great old real native central "
    "royal inter".split()
)
_NO_SURNAMES = {"united", "american", "real", "rover", "albion"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_YES, _NO = {"yes", "yeah", "yep", "true", "correct", "indeed"}, {"no", "nope", "false", "incorrect"}
_ALIKE, _DIFFERENT = {"both", "same"}, {*NEGATIONS, "different", "only"}
_UNKNOWN = re.compile(
    r"\b(?:not (?:know|sure|certain|able|possible)|no (?:idea|clue|information|knowledge)|unknown|cannot)\b"
)
_WORD = re.compile(r"\w+")
_FEW = 3  # words of `They are`
_MOST_NAMES = 4  # looked at before a surname: two are a person's first names
_LETTERS = 3  # a gold answer of as many capitals is looked for as it is written
_LEADING = {*ABOUT, "answer", "it", "they", "he", "she", "is", "was", "are", "were"}


class _Reply(Said):
    """What was replied."""

    def __init__(self, words: Sequence[Word]) -> None:
        super().__init__(words)
        self._texts = [word.text for word in words]
        self._written = [(word.text, word.written) for word in words]
        self.texts = set(self._texts)
        self.content = _content(words)
        self.numbers = _numbers(words)

    def standing(self, wanted: Sequence[Word], as_written: bool = False) -> Iterator[tuple[int, int]]:
        """From where to where the words stand in a row, as a whole number if they are one."""
        if not wanted:
            return
        found = (
            occurrences(self._written, [(word.text, word.written) for word in wanted])
            if as_written
            else occurrences(self._texts, [word.text for word in wanted])
        )
        is_number = wanted[-1].text[-1].isdigit()
        for start in found:
            end = start + len(wanted)
            counted = is_number and end < len(self.words) and self._texts[end] in _COUNTED
            if start in self.places and not counted:
                yield start, end


def gives(reply: str, answers: Sequence[str]) -> bool:
    """Whether the reply gives any of the gold answers."""
    said = _Reply(spelt(reply))
    return any(_gives(reply, said, answer) for answer in answers)


def _gives(reply: str, said: _Reply, answer: str) -> bool:
    wanted = spelt(answer)
    texts = [word.text for word in wanted]
    if texts in (["yes"], ["no"]):
        return _yes_or_no(reply) == texts[0]
    if not texts or not said.words:
        return False
    as_written = _case_matters(answer, texts)
    for way in ways(answer):
        if _stands(way, said, as_written) or _stands_with_another_first_name(way, said):
            return True
        if _stands_without_state(way, said) or _most_of(way, said) or _number_alone(way, said):
            return True
    return _is_all(wanted, said)


def _stands(wanted: list[Word], said: _Reply, as_written: bool) -> bool:
    """Whether the words stand in the reply, not denied."""
    denying = not NEGATIONS.isdisjoint(word.text for word in wanted)
    found = said.standing(wanted, as_written)
    return any(denying or not said.denied(start, end) for start, end in found)


def _stands_without_state(wanted: list[Word], said: _Reply) -> bool:
    """Monson for Monson, Maine, where no other state follows."""
    named = town(wanted)
    state = [word.text for word in wanted[len(named) :]]
    for start, end in said.standing(named):
        is_state = [word.text for word in said.words[end : end + len(state)]] == state
        if (is_state or not said.goes_on(end)) and not said.denied(start, end):
            return True
    return False


def _is_all(wanted: list[Word], said: _Reply) -> bool:
    """Whether the first part of the reply is nothing but a short way to write it."""
    first = [word for word in said.words if word.text not in _LEADING] or said.words
    part = list(takewhile(lambda word: word.clause == first[0].clause, first))
    if are_initials(part, wanted) or are_initials(wanted, part):
        return True
    way = short_way(wanted)
    return bool(way) and [word.text for word in way] == [word.text for word in part]


def _stands_with_another_first_name(wanted: list[Word], said: _Reply) -> bool:
    """Whether a person's surname stands there alone, or after first names of the same initials."""
    if not _has_surname(wanted):
        return False
    *firsts, surname = wanted
    for start, end in said.standing([surname]):
        if said.words[start].capital and not said.goes_on(end) and not said.denied(start, end):
            before = _names_before(said.words, start)
            if not before or _agree(before, firsts):
                return True
    return False


def _names_before(words: Sequence[Word], place: int) -> Sequence[Word]:
    """The first names that stand before a surname; a sentence's first word may be none.

    Of more than a person has, only the last.
    """
    start = place
    least = max(0, place - _MOST_NAMES)
    while start > least and words[start - 1].clause == words[place].clause and words[start - 1].capital:
        start -= 1
    opens = start == 0 and place == 1 and words[0].text in stop_words("en")
    return [] if opens else words[start:place]


def _agree(names: Sequence[Word], firsts: Sequence[Word]) -> bool:
    """Whether first names are the same, where one side has initials only: A. E. and Alfred Edward."""
    if len(names) > len(firsts) or not any(len(word.text) == 1 for word in (*names, *firsts)):
        return False
    return all(
        name.text == first.text or (name.text[0] == first.text[0] and 1 in (len(name.text), len(first.text)))
        for name, first in zip(names, firsts, strict=False)
    )


def _has_surname(wanted: list[Word]) -> bool:
    """Whether a name is a person's, as far as its words tell: the last of two or three may stand alone."""
    return (
        2 <= len(wanted) <= 3
        and wanted[0].clause == wanted[-1].clause
        and is_name(wanted)
        and all(word.written.isalpha() for word in wanted)
        and len(wanted[-1].text) > 2
        and wanted[-1].text not in KINDS | _NO_SURNAMES | stop_words("en")
        and wanted[0].text not in _PARTS
    )


def _most_of(wanted: list[Word], said: _Reply) -> bool:
    """Whether a short reply is most of an answer, or all of it in another order, and nothing else.

    Names are whole, all numbers are there, and no part of a list is missing.
    """
    all_gold = {word.text for word in wanted}
    gold, reply = _content(wanted), said.content
    if not reply or not reply <= gold or (NEGATIONS | LESS) & (said.texts - all_gold):
        return False
    if said.numbers != _numbers(wanted):
        return False
    if reply == gold:
        return True
    is_list = "and" in all_gold or wanted[0].clause != wanted[-1].clause
    return not (is_list or is_name(wanted)) and 3 * len(reply) >= 2 * len(gold)


def _content(words: Sequence[Word]) -> set[str]:
    """Words that say something; May, the month, is one."""
    saying_little = stop_words("en") - MONTHS
    return {word.text for word in words if word.text not in saying_little}


def _numbers(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words if word.text[0].isdigit()]


def _number_alone(wanted: list[Word], said: _Reply) -> bool:
    """42, at the end of what is said, for 42 members; 874.3 for 874.3 square miles."""
    number, *unit = (word.text for word in wanted)
    if len(unit) not in (1, 2) or not _NUMBER.fullmatch(number) or _is_counted(unit):
        return False
    return any(
        (end == len(said.words) or said.words[end].clause != said.words[start].clause)
        and not said.denied(start, end)
        for start, end in said.standing(wanted[:1])
    )


def _is_counted(unit: Sequence[str]) -> bool:
    """Whether a unit is a part of the number."""
    return unit[0] in _COUNTED | MONTHS or any(word[0].isdigit() for word in unit)


def _case_matters(answer: str, texts: list[str]) -> bool:
    """For IT, which is no `it`, and `To be`, which stands everywhere."""
    capitals = answer.isupper() and len(answer.strip()) <= _LETTERS and answer.strip().isalpha()
    return capitals or set(texts) <= stop_words("en")


def _yes_or_no(reply: str) -> str | None:
    """What a reply comes to where a yes or a no was asked for; None: it does not say."""
    told = plain(reply).casefold()
    if not told or _UNKNOWN.search(told):
        return None
    words = _WORD.findall(told.partition(".")[0])
    for word in words[:2]:
        if word in _YES:
            return "yes"
        if word in _NO:
            return "no"
    if not _DIFFERENT.isdisjoint(words):
        return "no"
    affirmed = len(words) <= _FEW and words[-1:] and words[-1] in BE
    return "yes" if affirmed or (_ALIKE | _YES).intersection(words) else None
