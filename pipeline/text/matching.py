"""Whether a free reply gives an answer: whole words, numbers, negations, yes and no.

For filters that ask a model: a mention inside another word (`ten` in `often`), a number inside a larger one,
or an answer that the reply denies do not count; another way to write a number, a name without its middle or
first part, or an article more or less do.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.text.function_words import stop_words
from pipeline.text.spelling import SCALES, Word, plain, spelt

_COUNTED = {*SCALES, "hundred", "percent"}  # after a number they make it another one
_NEGATIONS = {"not", "never", "no", "neither", "nor", "without", "unlike", "cannot", "whether"}
_BE = {"is", "was", "are", "were", "did", "does", "do", "has", "had"}
_ABOUT = {"over", "more", "than", "about", "around", "approximately", "nearly", "almost", "roughly", "some"}
# What a name ends or begins with that does not name it alone.
_KINDS = set(
    "academy airport avenue award bank battle bay bridge canyon castle church city club college company "
    "county court district forest group hall hill hospital hotel house institute island islands lake library "
    "league mountain mountains museum office palace park party protocol river school sea society square "
    "state states station street team theatre tower town university valley village war".split()
)
_TITLES = set(
    "president king queen prince princess sir dr doctor professor mr mrs ms general captain".split()
)
_PARTS = set("new north south east west san santa los las saint st fort port lake mount great old".split())
_INSTEAD = (("rather", "than"), ("instead", "of"))
_REACH = 4  # words that a negation before an answer may stand away
_YES, _NO = {"yes", "yeah", "yep", "true", "correct", "indeed"}, {"no", "nope", "false", "incorrect"}
_UNKNOWN = re.compile(r"\b(?:not (?:know|sure|certain|able|possible)|unknown|no idea|cannot)\b")
_LETTERS = 3  # a gold answer of as many capitals is looked for as it is written


def gives(reply: str, answers: Sequence[str]) -> bool:
    """Whether the reply gives any of the gold answers."""
    said = spelt(reply)
    return any(_gives(reply, said, answer) for answer in answers)


def _gives(reply: str, said: list[Word], answer: str) -> bool:
    wanted = _exactly(spelt(answer))
    texts = [word.text for word in wanted]
    if texts in (["yes"], ["no"]):
        return _yes_or_no(reply) == texts[0]
    if not texts:
        return False
    as_written = _case_matters(answer, texts)
    ways = [wanted, *_shorter_names(wanted), *_without_state(wanted)]
    if any(_stands(way, said, as_written) for way in ways):
        return True
    if _has_surname(wanted) and _called_by(wanted[-1], said):
        return True
    return _most_of(wanted, said) or _number_alone(wanted, said)


def _stands(wanted: list[Word], said: list[Word], as_written: bool) -> bool:
    """Whether the words stand in the reply in a row, not denied, and as a whole number if they are one."""
    texts = [word.text for word in wanted]
    denying = not _NEGATIONS.isdisjoint(texts)
    for start in range(len(said) - len(texts) + 1):
        found = said[start : start + len(texts)]
        if [word.text for word in found] != texts:
            continue
        if as_written and [word.written for word in found] != [word.written for word in wanted]:
            continue
        after = said[start + len(texts) :]
        if texts[-1][-1].isdigit() and after and after[0].text in _COUNTED:
            continue
        if not denying and (_denied(said, start) or _denied_after(said, start + len(texts))):
            continue
        return True
    return False


def _denied(said: list[Word], start: int) -> bool:
    clause = said[start].clause
    before = [word.text for word in said[max(0, start - _REACH) : start] if word.clause == clause]
    if "only" in before and before[before.index("only") - 1 : before.index("only")] == ["not"]:
        return False
    return not _NEGATIONS.isdisjoint(before) or any(pair in pairwise(before) for pair in _INSTEAD)


def _denied_after(said: list[Word], end: int) -> bool:
    """Whether it goes on: was not."""
    after = said[end : end + 2]
    return (
        len(after) == 2
        and after[0].text in _BE
        and after[1].text == "not"
        and after[1].clause == said[end - 1].clause
    )


def _exactly(wanted: list[Word]) -> list[Word]:
    """Without `over` and the like before a number."""
    for place, word in enumerate(wanted):
        if word.text not in _ABOUT:
            return wanted[place:] if word.text[0].isdigit() else wanted
    return wanted


def _has_surname(wanted: list[Word]) -> bool:
    """Whether a name is a person's, as far as its words tell: the last of two or three may stand alone."""
    return (
        2 <= len(wanted) <= 3
        and _is_name(wanted)
        and all(word.written.isalpha() for word in wanted)
        and len(wanted[-1].text) > 2
        and wanted[-1].text not in _KINDS | stop_words("en")
        and wanted[0].text not in _PARTS
    )


def _called_by(surname: Word, said: list[Word]) -> bool:
    """Whether a surname stands in the reply with no other first name before it, and not denied."""
    for place, word in enumerate(said):
        if word.text != surname.text or not word.written[0].isupper():
            continue
        before = said[place - 1] if place else None
        if before is not None and before.clause == word.clause and before.written[0].isupper():
            opens = place == 1 and before.text in stop_words("en")  # a sentence's first word
            if not opens:
                continue
        if not _denied(said, place) and not _denied_after(said, place + 1):
            return True
    return False


def _shorter_names(wanted: list[Word]) -> list[list[Word]]:
    """A name without its title; a name of three words and more without those in the middle."""
    if not _is_name(wanted):
        return []
    bare = wanted[1:] if wanted[0].text in _TITLES else wanted
    middle = [[bare[0], bare[-1]]] if len(bare) > 2 else []
    return [bare, *middle] if bare else []


def _without_state(wanted: list[Word]) -> list[list[Word]]:
    """Monson for Monson, Maine."""
    town = [word for word in wanted if word.clause == wanted[0].clause]
    return [town] if _is_name(wanted) and len(town) < len(wanted) else []


def _most_of(wanted: list[Word], said: list[Word]) -> bool:
    """Whether a short reply is most of an answer, or all of it in another order, and nothing else.

    Names are whole, all numbers are there, and no part of a list is missing.
    """
    all_gold, all_said = ({word.text for word in words} for words in (wanted, said))
    gold, reply = all_gold - stop_words("en"), all_said - stop_words("en")
    if not reply or not reply <= gold or _NEGATIONS & (all_said - all_gold):
        return False
    if reply == gold:
        return True
    numbers = any(word[0].isdigit() for word in gold - reply)
    is_list = "and" in all_gold or wanted[0].clause != wanted[-1].clause
    return not (numbers or is_list or _is_name(wanted)) and 3 * len(reply) >= 2 * len(gold)


def _number_alone(wanted: list[Word], said: list[Word]) -> bool:
    """42, at the end of what is said, for 42 members."""
    if len(wanted) != 2 or not wanted[0].text.isdigit() or wanted[1].text in _COUNTED:
        return False
    return any(
        word.text == wanted[0].text
        and (place + 1 == len(said) or said[place + 1].clause != word.clause)
        and not _denied(said, place)
        for place, word in enumerate(said)
    )


def _is_name(wanted: list[Word]) -> bool:
    return all(word.written[0].isupper() for word in wanted)


def _case_matters(answer: str, texts: list[str]) -> bool:
    """For IT, which is no `it`, and `To be`, which stands everywhere."""
    capitals = answer.isupper() and len(answer.strip()) <= _LETTERS and answer.strip().isalpha()
    return capitals or set(texts) <= stop_words("en")


def _yes_or_no(reply: str) -> str | None:
    """What a reply comes to where a yes or a no was asked for; None: it does not say."""
    told = plain(reply).casefold()
    if not told or _UNKNOWN.search(told):
        return None
    words = re.findall(r"\w+", told.partition(".")[0])
    if not words:
        return None
    for word in words[:2]:
        if word in _YES:
            return "yes"
        if word in _NO:
            return "no"
    return "yes" if _NEGATIONS.isdisjoint(words) else "no"
