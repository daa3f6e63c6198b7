"""Answer variants: other ways to write an answer that still give that answer.

A person without middle names, title or `Jr.`, a town without its state, a number without `about`, the text in
brackets instead of the text before them: these may stand anywhere in a reply. A name without its generic
noun (Rutgers for Rutgers University), and initials: these count only where a reply says nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.matching.normalize_words import Word, normalize_words
from pipeline.text.stop_words import stop_words

APPROXIMATIONS = set("over more than about around approximately nearly almost roughly some close to".split())
# Words that begin or end a name and do not name the thing alone.
GENERIC_NOUNS = set(
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
_PERSON_SUFFIX = re.compile(r",? (?:Jr\.?|Sr\.?|II|III|IV)$")
_BRACKETS = re.compile(r"(?:(?<!\s)\s++)?\(([^()]*)\)\s*")
_NICKNAME = re.compile(r"(?<=\w )[\"“]([^\"“”]+)[\"”](?= \w)")
_ACRONYM_LENGTHS = range(2, 7)  # in letters
_MAX_TEXT_VARIANTS = 16  # of one answer; later brackets of a long text name nothing


def answer_variants(answer: str) -> Iterator[list[Word]]:
    """Yield the variants of an answer that may stand anywhere in a reply."""
    for text in islice(_text_variants(answer), _MAX_TEXT_VARIANTS):
        words = _drop_approximation(_drop_generic_noun(normalize_words(text)))
        if words:
            yield words
            yield from _shorten_name(words) if is_name(words) else ()


def short_form(words: Sequence[Word]) -> list[Word]:
    """Return the short form that counts where a reply says nothing else, such as Rutgers; else no words."""
    proper_words = [word for word in words if word.surface.casefold() not in GENERIC_NOUNS]
    if len(proper_words) == len(words) or not is_name(proper_words):
        return []
    return [word for word in proper_words if word.norm != "of"]


def is_acronym(short: Sequence[Word], whole: Sequence[Word]) -> bool:
    """Return whether `short` are the initials of `whole`: ECJ, European Court of Justice."""
    if len(short) != 1 or not short[0].surface.isupper() or len(short[0].surface) not in _ACRONYM_LENGTHS:
        return False
    names = [word for word in whole if word.norm not in stop_words("en")]
    return "".join(word.norm[0] for word in names) == short[0].surface.casefold()


def is_name(words: Sequence[Word]) -> bool:
    """Return whether all words begin with a capital, `of` apart."""
    return all(word.is_capitalized or word.norm == "of" for word in words)


def town_without_state(words: Sequence[Word]) -> list[Word]:
    """Return the town of a town with its state (Monson, Maine: Monson); else no words."""
    first = [word for word in words if word.clause == words[0].clause]
    return first if is_name(words) and len(first) < len(words) else []


def _text_variants(answer: str) -> Iterator[str]:
    yield answer
    if nicknames := _NICKNAME.findall(answer):
        person = _PERSON_SUFFIX.sub("", _NICKNAME.sub("", answer))
        yield person
        yield from (f"{nickname} {person.split()[-1]}" for nickname in nicknames)
    insides = _BRACKETS.findall(answer)
    outside = _BRACKETS.sub(" ", answer).strip()
    if insides:
        yield outside
    for inside in insides:
        # A year in brackets does not name the thing before them.
        if any(map(str.isdigit, inside)) == any(map(str.isdigit, outside)):
            yield inside


def _drop_approximation(words: list[Word]) -> list[Word]:
    """Remove `over` and the like before a number."""
    for index, word in enumerate(words):
        if word.norm not in APPROXIMATIONS:
            return words[index:] if word.norm[0].isdigit() else words
    return words


def _drop_generic_noun(words: list[Word]) -> list[Word]:
    """Remove `city of` and the like: Springfield for city of Springfield."""
    if len(words) > 2 and words[0].surface in GENERIC_NOUNS and words[1].norm == "of":
        return words[2:]
    return words


def _drop_suffix(words: list[Word]) -> list[Word]:
    return words[:-1] if len(words) > 2 and words[-1].norm in _SUFFIXES else words


def _shorten_name(words: list[Word]) -> Iterator[list[Word]]:
    """Yield a name without its title and suffix, and a name of three words or more without its middle."""
    bare = _drop_suffix(words[1:] if words[0].norm in _TITLES else words)
    if bare and bare != words:
        yield bare
    if len(bare) > 2 and bare[0].clause == bare[-1].clause:
        yield [bare[0], bare[-1]]
