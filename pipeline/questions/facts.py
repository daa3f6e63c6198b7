"""Which part of a sentence is a fact worth keeping: a name, a number, a date, a place, a thing owned or done.

Every keyword of the sentence gets points, in whole numbers, for what makes it worth asking for: that it says
who, where, when or how many, that the words around it say enough to know what is meant. What people say
and what a book tells have points of their own (`said`, `narrated`). The best keyword with points enough is
the fact. The points were settled by reading what came of them; docs/results.md has the figures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.questions import narrated, said
from pipeline.questions.sentences import Read, Sentence
from pipeline.text.keywords import Keyword
from pipeline.text.normal import folded, stands_in
from pipeline.text.usage import Usage

_BASE = {"thing": 4, "place": 3, "name": 2, "time": 2, "number": 2}
_LEAST_WORDS = 3  # around the fact, that carry what the sentence says
_MOST_WORDS = 6  # around it that count
_CARRYING = frozenset(["NAME", "NOUN", "OTHER", "EVENT", "NUMBER", "MONTH", "DAY", "YEAR"])

_NOTABLE = re.compile(
    r"\b(?!I\b)[A-Z][a-z]*|\b\d+|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|"
    r"fifty|hundred|thousand)\b"
)
_VAGUE = re.compile(
    r"(?<!\W)\W*+(?:it|this|that|these|those|there|he|she|they|him|her|and|but|or|so|then|nor|for|yes|no|well)\b",
    re.IGNORECASE,
)
_VERBS_OF_SPEECH = "said|says|saith|cried|answered|replied|asked|exclaimed|spake|quoth"
_SPOKE = re.compile(rf"\b(?:{_VERBS_OF_SPEECH}|returned)\W*$", re.IGNORECASE)
_SPEAKS = re.compile(rf"\W{{0,3}}(?:{_VERBS_OF_SPEECH})\b", re.IGNORECASE)
_CALLED = re.compile(r"(?:,|\bO) $")
_PAUSE = re.compile(r"[,.;!?]")
_COUNTED = re.compile(r"[ -](?!(?:and|or|of|in|to|the|is|was|but|at|on)\b)[^\W\d_]{3,}")
_ROUGH = re.compile(r"(?:\bor|\d) $"), re.compile(r" or\b")  # a word or two, three or four
_ADJECTIVE = re.compile(r"(?:ish|ese|ean|ian|ic|[Jj]ew|[Ff]rench|[Dd]utch)$")
_LONG = 220  # characters of a sentence that says too much at once


@dataclass(frozen=True, slots=True)
class Fact:
    """Characters start to end of a sentence: what is asked for, of which kind, and how many points it has."""

    start: int
    end: int
    text: str
    kind: str
    points: int


def promise(sentence: Sentence) -> int:
    """How much a sentence promises at a glance; 0: nothing. Few are looked at word by word."""
    notable = min(len(_NOTABLE.findall(sentence.text, 1)), 4)
    if sentence.said:
        return 1 + notable if said.lasting(sentence.text) else 0
    return 4 + notable - narrated.talk(sentence.text) if notable else 0


def best_fact(read: Read, usage: Usage, counts: Mapping[str, int]) -> Fact | None:
    """The fact of a sentence that is most worth asking for, or None.

    `counts`: how often each word, case folded, stands in the instance.
    """
    sentence = read.sentence.text
    style = said if read.sentence.said else narrated
    found = [keyword for keyword in read.keywords if keyword.kind not in ("thing", "event")]
    if read.sentence.said:
        found = [*said.things(sentence, usage), *found]
    words = read.words
    carrying = [start for start, tag in zip(words.starts, words.tags, strict=True) if tag in _CARRYING]
    facts = []
    for keyword in found:
        around = sum(1 for place in carrying if not keyword.start <= place < keyword.end)
        points = (
            min(around, _MOST_WORDS) + _points(keyword, sentence, counts) + style.points(keyword, sentence)
        )
        if around >= _LEAST_WORDS and points >= style.LEAST_POINTS and not _elsewhere(keyword, sentence):
            facts.append(Fact(keyword.start, keyword.end, keyword.text, keyword.kind, points))
    return max(facts, key=lambda fact: (fact.points, -fact.start), default=None)


def _elsewhere(keyword: Keyword, sentence: str) -> bool:
    """Whether the rest of the sentence gives the keyword away."""
    return stands_in(keyword.text, f"{sentence[: keyword.start]} {sentence[keyword.end :]}")


def _points(keyword: Keyword, sentence: str, counts: Mapping[str, int]) -> int:
    """What speaks for a keyword and against it in any text."""
    before, after = sentence[: keyword.start], sentence[keyword.end :]
    points = _BASE[keyword.kind]
    if keyword.kind == "number":
        points -= 0 if _COUNTED.match(after) else 2
        if not before or _ROUGH[0].search(before) or _ROUGH[1].match(after):
            points -= 4
    if _ADJECTIVE.search(keyword.text):
        points -= 2
    if _SPOKE.search(before) or _SPEAKS.match(after):
        points -= 4
    if _CALLED.search(before) and _PAUSE.match(after):
        points -= 3
    if _VAGUE.match(sentence):
        points -= 1
    if len(sentence) > _LONG:
        points -= 1
    often = min((counts.get(word, 0) for word in folded(keyword.text).split()), default=0)
    return points - (3 if often > 30 else 1 if often > 12 else 0)
