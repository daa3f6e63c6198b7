"""Where in a reply an answer may stand: what it claims, and not what it denies, hedges or mentions beside it.

A reply without a verb is its first part, and what follows a comma or stands in brackets only tells of it
(`Robert Hooke, an assistant to Boyle`). A whole sentence may say it anywhere.
"""

from collections.abc import Sequence
from itertools import pairwise

from pipeline.text.matching.spelling import Word

NEGATIONS = {"not", "never", "no", "neither", "nor", "without", "unlike", "cannot", "whether", "except"}
BE = {"is", "was", "are", "were", "did", "does", "do", "has", "had"}
_VERBS = BE | set(
    "be been have can could will would may might must became become came come won wrote made began held led "
    "took gave went known called think believe lie lies live lives stand mean include use".split()
)
_OPENING = set(
    "in on at by from during according after before under since until well yes no ok okay sure answer i as "
    "probably maybe perhaps likely based however final here given historically".split()
)
_ADDING = set(
    "or so also aka ie namely actually that specifically and it such about around approximately nearly over "
    "some roughly".split()
)
_INSTEAD = (("rather", "than"), ("instead", "of"))
LESS = {"less", "under", "below", "fewer"}
_REACH = 4  # words that a negation before an answer may stand away


def claimed(said: Sequence[Word]) -> set[int]:
    """The places of a reply at which an answer may begin."""
    if not said:
        return set()
    clauses: dict[int, list[int]] = {}
    for place, word in enumerate(said):
        clauses.setdefault(word.clause, []).append(place)
    parts = list(clauses.values())
    if _speaks(said, said[0].clause) or said[0].text in _OPENING | NEGATIONS:
        return set(range(len(said)))
    counted = set(parts[0])
    for part in parts[1:]:
        if not _adds(part, said):
            break
        counted |= set(part)
    return counted


def denied(said: Sequence[Word], start: int, end: int) -> bool:
    """Whether the words from start to end are denied, or one of several that it could be as well."""
    clause = said[start].clause
    before = [word for word in said[:start] if word.clause == clause]
    texts = [word.text for word in before]
    after = [word.text for word in said[end:] if word.clause == said[end - 1].clause]
    if "only" in texts[-_REACH:] and "not" in texts[-_REACH:]:
        return False
    return (
        _negated(texts[-_REACH:], after[:2])
        or _compared(said[start], before)
        or _one_of_several(said, start, end, texts, after[:1])
    )


def _negated(before: Sequence[str], after: Sequence[str]) -> bool:
    """Not Rome, rather than Rome, Rome is not."""
    if not NEGATIONS.isdisjoint(before) or any(pair in pairwise(before) for pair in _INSTEAD):
        return True
    return len(after) == 2 and after[0] in BE and after[1] == "not"


def _compared(word: Word, before: Sequence[Word]) -> bool:
    """Less than 60; older than Ann; Bob was born before Ann."""
    last = [one.text for one in before[-2:]]
    if word.text[0].isdigit():
        return not LESS.isdisjoint(last)
    another = any(one.capital for one in before[:-1])
    return last[-1:] == ["than"] or (another and last[-1:] in (["before"], ["after"]))


def _one_of_several(
    said: Sequence[Word], start: int, end: int, before: Sequence[str], after: Sequence[str]
) -> bool:
    """Rome or Milan; both Rome and Milan; Rome and Milan where that is all."""
    beside = {*before[-1:], *after}
    is_name = all(word.capital for word in said[start:end])
    alone = is_name and not _speaks(said, said[start].clause)
    return "or" in beside or ("and" in beside and ("both" in before or alone))


def _speaks(said: Sequence[Word], clause: int) -> bool:
    return any(_is_verb(word) for word in said if word.clause == clause)


def _is_verb(word: Word) -> bool:
    return word.text in _VERBS or (word.written.islower() and len(word.text) > 4 and word.text.endswith("ed"))


def _adds(part: Sequence[int], said: Sequence[Word]) -> bool:
    """Whether a part goes on with the answer: one more of a list, another way to say it, its place."""
    if said[part[0]].text in _ADDING or said[part[0]].text[0].isdigit():
        return True
    return all(said[place].capital for place in part)
