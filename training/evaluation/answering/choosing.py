"""Choose among the values that a question can have by what the passages support, and how new it is.

The candidates are the gold and the wrong answers, in alphabetical order, so that nothing tells which is gold.
The newest statement that holds a candidate decides, of those about the person that the question names (`I`
and `my`: the user). A person's own words count before those of others about them; the words of others about
something else do not count. Of two candidates in one statement the one that was first told later is chosen.

- A question that names a day is answered from statements up to that day.
- A question of the kind `conflict` is answered from the words of the speaker that it names.
- For `several hops`, the people that the named person's statements name are asked about.
- For `order and duration`, the candidate that was told first is chosen.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.text.normalize import contains_normalized, normalize_text, occurs_in
from pipeline.text.stop_words import stop_words
from training.evaluation.retrieval import Passage
from training.memory.schema import EpisodeQuestion
from training.memory.statements import ASSISTANT, FULL_NAME, USER, Statement, split_statements

_NAME = re.compile(FULL_NAME)
_POSSESSIVE = re.compile(r"['’]s\b")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MY = re.compile(r"\b[Mm]y\b")
_ME = re.compile(r"\bme\b")
_NUMBER = re.compile(r"\d+")

_OWN_WORDS, _HEARSAY, _UNCLEAR, _UNRELATED = 3, 2, 1, 0

_Key = tuple[int, str, int, int]  # relevance, time, number of the passage, index of the statement in it


@dataclass(frozen=True)
class _Reading:
    """A question, and the statements of the passages retrieved for it."""

    question: EpisodeQuestion
    candidates: Sequence[str]
    statements: Sequence[tuple[int, int, Statement]]  # number of the passage, index in it, statement

    @cached_property
    def people(self) -> set[str]:
        """All people known by name: speakers, and those that the question names."""
        speakers = {statement.speaker for _, _, statement in self.statements if statement.speaker}
        return (speakers | self.named) - {USER, ASSISTANT}

    @cached_property
    def named(self) -> set[str]:
        """Full names in the question that are not candidates, by their last two words."""
        runs = [run.group().split() for run in _NAME.finditer(_POSSESSIVE.sub("", self.question.text))]
        names = [[word for word in run if word.lower() not in stop_words("en")] for run in runs]
        found = {" ".join(name[-2:]) for name in names if len(name) > 1}
        return {name for name in found if not any(occurs_in(name, value) for value in self.candidates)}

    @cached_property
    def asked(self) -> set[str]:
        """The people that the question is about."""
        about_user = not self.named or _MY.search(self.question.text)
        direct = self.named | ({USER} if about_user else set())
        if self.question.kind != "several hops":
            return direct
        own = [one for _, _, one in self.statements if _is_by(one, direct)]
        reached = {person for person in self.people - direct for one in own if occurs_in(person, one.text)}
        return reached or direct

    @cached_property
    def witness(self) -> set[str]:
        """The people whose words count for a question about a conflict."""
        owners = {name for name in self.named if re.search(rf"{re.escape(name)}['’]s\b", self.question.text)}
        if self.named - owners:
            return self.named - owners
        return {USER} if _ME.search(self.question.text) else self.asked

    def relevance(self, statement: Statement) -> int:
        """Return how much a statement counts: own words, hearsay, unclear, or unrelated."""
        if self.question.kind == "conflict":
            return self._relevance_by_witness(statement)
        names_asked = any(occurs_in(name, statement.text) for name in self.asked)
        if statement.speaker is None:
            return _OWN_WORDS if names_asked or self._names_nobody_else(statement) else _UNCLEAR
        if _is_by(statement, self.asked):
            return _OWN_WORDS if self._names_nobody_else(statement) else _UNCLEAR
        if names_asked:
            return _HEARSAY
        is_person = statement.speaker != ASSISTANT
        return _UNCLEAR if is_person and self.question.kind == "several hops" else _UNRELATED

    def _relevance_by_witness(self, statement: Statement) -> int:
        if statement.speaker is None:
            return _UNCLEAR
        if not _is_by(statement, self.witness):
            return _UNRELATED
        others = self.asked - self.witness
        is_about = any(occurs_in(name, statement.text) for name in others)
        return _OWN_WORDS if is_about or not others else _UNCLEAR

    def _names_nobody_else(self, statement: Statement) -> bool:
        others = {name for name in self.people - self.asked if name not in self.candidates}
        return not any(occurs_in(name, statement.text) for name in others)


def choose_value(question: EpisodeQuestion, passages: Sequence[Passage]) -> str | None:
    """Return the gold or wrong answer that the passages support; None where they support none of them."""
    by_text = {normalize_text(value): value for value in (*question.answers, *question.wrong_answers)}
    candidates = [by_text[text] for text in sorted(by_text)]
    statements = [
        (_passage_number(passage), index, statement)
        for passage in passages
        for index, statement in enumerate(split_statements(passage.text))
    ]
    reading = _Reading(question, candidates, statements)
    day = _DAY.search(question.text)
    keys: dict[str, list[_Key]] = {}
    for number, index, statement in statements:
        found = _find_candidates(candidates, statement)
        if not found or (day and statement.time[:10] > day.group()):
            continue
        relevance = reading.relevance(statement)
        if relevance > _UNRELATED:
            for value in found:
                keys.setdefault(value, []).append((relevance, statement.time, number, index))
    supported = [value for value in candidates if value in keys]
    if not supported:
        return None
    if question.kind == "order and duration":
        return min(supported, key=lambda value: _age(keys[value]))
    return max(supported, key=lambda value: (max(keys[value]), _age(keys[value])))


def _age(keys: Iterable[_Key]) -> tuple[str, int, int]:
    """Return the time and place of the first statement."""
    return min(key[1:] for key in keys)


def _find_candidates(candidates: Sequence[str], statement: Statement) -> list[str]:
    """Return the candidates that a statement holds, without those that are part of another one in it."""
    found = [value for value in candidates if contains_normalized(statement.normalized, value)]
    return [
        value for value in found if not any(other != value and occurs_in(value, other) for other in found)
    ]


def _is_by(statement: Statement, people: set[str]) -> bool:
    return statement.speaker is not None and any(occurs_in(name, statement.speaker) for name in people)


def _passage_number(passage: Passage) -> int:
    """Return the number in a passage's id, such as 12 of s12 and of `chunk 12`; -1 for core."""
    number = _NUMBER.search(passage.id)
    return int(number.group()) if number else -1
