"""The ways in which an answer may be written and still be that answer.

A person without middle names, title or `Jr.`, a town without its state, a number without `about`, what stands
in brackets in place of what stands before them: those may stand anywhere in a reply. A name without what kind
of thing it names (Rutgers for Rutgers University), and initials: those only where a reply says nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.text.function_words import stop_words
from pipeline.text.matching.spelling import Word, spelt

ABOUT = set("over more than about around approximately nearly almost roughly some close to".split())
# What a name ends or begins with that does not name it alone.
KINDS = set(
    "academy airport avenue award bank battle bay bridge canyon castle church city club college company "
    "county court district forest group hall hill hospital hotel house institute island islands lake library "
    "league mountain mountains museum office palace park party protocol river school sea society square "
    "state states station street team theatre theater tower town university valley village war "
    "corporation period era prize dynasty empire desert ocean disease syndrome theorem language".split()
)
_TITLES = set(
    "president king queen prince princess sir dr doctor professor mr mrs ms general captain".split()
)
_SUFFIXES = {"jr", "sr"}
_OF_A_PERSON = re.compile(r",? (?:Jr\.?|Sr\.?|II|III|IV)$")
_BRACKETS = re.compile(r"(?:(?<!\s)\s++)?\(([^()]*)\)\s*")
_NICKNAME = re.compile(r"(?<=\w )[\"“]([^\"“”]+)[\"”](?= \w)")
_LETTERS = range(2, 7)  # of initials
_MOST_TEXTS = 16  # of one answer: those after are in brackets of a long text, and name nothing


def ways(answer: str) -> Iterator[list[Word]]:
    """The ways that may stand anywhere."""
    for text in islice(_texts(answer), _MOST_TEXTS):
        words = _exactly(_without_kind_of(spelt(text)))
        if words:
            yield words
            yield from _shorter(words) if is_name(words) else ()


def short_way(words: Sequence[Word]) -> list[Word]:
    """The way that does where it is all that is said; empty: there is none."""
    named = [word for word in words if word.written.casefold() not in KINDS]
    if len(named) == len(words) or not is_name(named):
        return []
    return [word for word in named if word.text != "of"]


def are_initials(short: Sequence[Word], whole: Sequence[Word]) -> bool:
    """Whether the one are the initials of the other: ECJ, European Court of Justice."""
    if len(short) != 1 or not short[0].written.isupper() or len(short[0].written) not in _LETTERS:
        return False
    names = [word for word in whole if word.text not in stop_words("en")]
    return "".join(word.text[0] for word in names) == short[0].written.casefold()


def is_name(words: Sequence[Word]) -> bool:
    """Whether all words begin with a capital, `of` apart."""
    return all(word.capital or word.text == "of" for word in words)


def town(words: Sequence[Word]) -> list[Word]:
    """Monson of Monson, Maine; of others nothing."""
    first = [word for word in words if word.clause == words[0].clause]
    return first if is_name(words) and len(first) < len(words) else []


def _texts(answer: str) -> Iterator[str]:
    yield answer
    if nicknames := _NICKNAME.findall(answer):
        person = _OF_A_PERSON.sub("", _NICKNAME.sub("", answer))
        yield person
        yield from (f"{nickname} {person.split()[-1]}" for nickname in nicknames)
    insides = _BRACKETS.findall(answer)
    outside = _BRACKETS.sub(" ", answer).strip()
    if insides:
        yield outside
    for inside in insides:
        # A year in brackets is no name of what stands before them.
        if any(map(str.isdigit, inside)) == any(map(str.isdigit, outside)):
            yield inside


def _exactly(words: list[Word]) -> list[Word]:
    """Without `over` and the like before a number."""
    for place, word in enumerate(words):
        if word.text not in ABOUT:
            return words[place:] if word.text[0].isdigit() else words
    return words


def _without_kind_of(words: list[Word]) -> list[Word]:
    """Springfield for city of Springfield."""
    if len(words) > 2 and words[0].written in KINDS and words[1].text == "of":
        return words[2:]
    return words


def _without_suffix(words: list[Word]) -> list[Word]:
    return words[:-1] if len(words) > 2 and words[-1].text in _SUFFIXES else words


def _shorter(words: list[Word]) -> Iterator[list[Word]]:
    """A name without its title and suffix; one of three words and more without those in the middle."""
    bare = _without_suffix(words[1:] if words[0].text in _TITLES else words)
    if bare and bare != words:
        yield bare
    if len(bare) > 2 and bare[0].clause == bare[-1].clause:
        yield [bare[0], bare[-1]]
