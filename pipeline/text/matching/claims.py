"""Where in a reply an answer may stand: what it claims, and not what it denies, hedges or mentions beside it.

A reply without a verb is its first part, and what follows a comma or stands in brackets only tells of it
(`Robert Hooke, an assistant to Boyle`). A whole sentence may say it anywhere.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

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


class Said:
    """The words of a reply, with what is asked of their clauses for every answer and place."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self._parts: dict[int, list[int]] = {}  # places of each clause, in order
        self._ranks: list[int] = []  # of each place in its clause
        self._first_capital: dict[int, int] = {}  # rank in each clause
        self._last_small: dict[int, int] = {}
        self._both: dict[int, int] = {}
        self._speaking: set[int] = set()  # clauses with a verb
        for place, word in enumerate(words):
            part = self._parts.setdefault(word.clause, [])
            rank = len(part)
            self._ranks.append(rank)
            part.append(place)
            if word.capital:
                self._first_capital.setdefault(word.clause, rank)
            else:
                self._last_small[word.clause] = rank
            if word.text == "both":
                self._both.setdefault(word.clause, rank)
            if _is_verb(word):
                self._speaking.add(word.clause)
        self._small = [0, *accumulate(not word.capital for word in words)]  # words before each place
        self.places = set(self._claimed())  # at which an answer may begin

    def _claimed(self) -> Iterator[int]:
        if not self.words:
            return
        first = self.words[0]
        if first.clause in self._speaking or first.text in _OPENING | NEGATIONS:
            yield from range(len(self.words))
            return
        for number, part in enumerate(self._parts.values()):
            if number and not _adds(part, self.words):
                return
            yield from part

    def goes_on(self, end: int) -> bool:
        """Whether a name goes on here, so that it is another one: Jackson Pollock; Houston, Texas."""
        if end == len(self.words) or not self.words[end].capital:
            return False
        clause = self.words[end].clause
        rest_is_name = self._last_small.get(clause, -1) < self._ranks[end]
        return clause == self.words[end - 1].clause or rest_is_name

    def denied(self, start: int, end: int) -> bool:
        """Whether the words from start to end are denied, or one of several that it could be as well."""
        before = self._before(start)
        texts = [word.text for word in before]
        after = [word.text for word in self._after(end)]
        if "only" in texts and "not" in texts:
            return False
        return (
            _negated(texts, after)
            or self._compared(start, before[-2:])
            or self._one_of_several(start, end, texts[-1:], after[:1])
        )

    def _before(self, start: int) -> list[Word]:
        """The last words of the clause before a place, as far as a negation reaches."""
        part, rank = self._parts[self.words[start].clause], self._ranks[start]
        return [self.words[place] for place in part[max(0, rank - _REACH) : rank]]

    def _after(self, end: int) -> list[Word]:
        """The next two words of the clause after one that ends at a place."""
        part, rank = self._parts[self.words[end - 1].clause], self._ranks[end - 1]
        return [self.words[place] for place in part[rank + 1 : rank + 3]]

    def _compared(self, start: int, before: Sequence[Word]) -> bool:
        """Less than 60; older than Ann; Bob was born before Ann."""
        word = self.words[start]
        last = [one.text for one in before]
        if word.text[0].isdigit():
            return not LESS.isdisjoint(last)
        rank = self._ranks[start]
        another = self._first_capital.get(word.clause, rank) < rank - 1
        return last[-1:] == ["than"] or (another and last[-1:] in (["before"], ["after"]))

    def _one_of_several(self, start: int, end: int, before: Sequence[str], after: Sequence[str]) -> bool:
        """Rome or Milan; both Rome and Milan; Rome and Milan where that is all."""
        clause = self.words[start].clause
        beside = {*before, *after}
        both = self._both.get(clause, len(self.words)) < self._ranks[start]
        is_name = self._small[start] == self._small[end]
        alone = is_name and clause not in self._speaking
        return "or" in beside or ("and" in beside and (both or alone))


def _negated(before: Sequence[str], after: Sequence[str]) -> bool:
    """Not Rome, rather than Rome, Rome is not."""
    if not NEGATIONS.isdisjoint(before) or any(pair in pairwise(before) for pair in _INSTEAD):
        return True
    return len(after) == 2 and after[0] in BE and after[1] == "not"


def _is_verb(word: Word) -> bool:
    return word.text in _VERBS or (word.written.islower() and len(word.text) > 4 and word.text.endswith("ed"))


def _adds(part: Sequence[int], said: Sequence[Word]) -> bool:
    """Whether a part goes on with the answer: one more of a list, another way to say it, its place."""
    if said[part[0]].text in _ADDING or said[part[0]].text[0].isdigit():
        return True
    return all(said[place].capital for place in part)
