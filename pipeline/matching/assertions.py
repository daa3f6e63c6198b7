"""Assertions of a reply: an answer counts where it is asserted, not where it is denied, hedged or an aside.

A reply without a verb asserts its first clause; clauses after a comma or in brackets only describe that one
(`Robert Hooke, an assistant to Boyle`). A whole sentence may assert its answer anywhere.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from pipeline.matching.normalize_words import Word

NEGATIONS = {"not", "never", "no", "neither", "nor", "without", "unlike", "cannot", "whether", "except"}
AUXILIARIES = {"is", "was", "are", "were", "did", "does", "do", "has", "had"}
_VERBS = AUXILIARIES | set(
    "be been have can could will would may might must became become came come won wrote made began held led "
    "took gave went known called think believe lie lies live lives stand mean include use".split()
)
_OPENING_WORDS = set(
    "in on at by from during according after before under since until well yes no ok okay sure answer i as "
    "probably maybe perhaps likely based however final here given historically".split()
)
_ADDITION_WORDS = set(
    "or so also aka ie namely actually that specifically and it such about around approximately nearly over "
    "some roughly".split()
)
_CONTRAST_PAIRS = (("rather", "than"), ("instead", "of"))
LESS_THAN_WORDS = {"less", "under", "below", "fewer"}
_NEGATION_WINDOW = 4  # in words: how far before an answer a negation counts


class ReplyClauses:
    """The words of a reply, with an index of its clauses that is built once for all answers."""

    def __init__(self, words: Sequence[Word]) -> None:
        """Index the words by clause, in one pass."""
        self.words = words
        self._clause_positions: dict[int, list[int]] = {}  # positions of each clause's words, in order
        self._index_in_clause: list[int] = []  # of each word
        self._first_capitalized: dict[int, int] = {}  # index in each clause; so are the next two
        self._last_lowercase: dict[int, int] = {}
        self._first_both: dict[int, int] = {}
        self._clauses_with_verb: set[int] = set()
        for position, word in enumerate(words):
            clause = self._clause_positions.setdefault(word.clause, [])
            index = len(clause)
            self._index_in_clause.append(index)
            clause.append(position)
            if word.is_capitalized:
                self._first_capitalized.setdefault(word.clause, index)
            else:
                self._last_lowercase[word.clause] = index
            if word.norm == "both":
                self._first_both.setdefault(word.clause, index)
            if _is_verb(word):
                self._clauses_with_verb.add(word.clause)
        # For each position, the number of words before it without a capital.
        self._lowercase_before = [0, *accumulate(not word.is_capitalized for word in words)]
        self.answer_starts = set(self._asserted_positions())  # positions at which an answer may begin

    def _asserted_positions(self) -> Iterator[int]:
        if not self.words:
            return
        first = self.words[0]
        if first.clause in self._clauses_with_verb or first.norm in _OPENING_WORDS | NEGATIONS:
            yield from range(len(self.words))
            return
        for number, clause in enumerate(self._clause_positions.values()):
            if number and not _is_addition(clause, self.words):
                return
            yield from clause

    def is_name_continued(self, end: int) -> bool:
        """Return whether a name that ends at `end` goes on there: Jackson Pollock; Houston, Texas."""
        if end == len(self.words) or not self.words[end].is_capitalized:
            return False
        clause = self.words[end].clause
        rest_is_name = self._last_lowercase.get(clause, -1) < self._index_in_clause[end]
        return clause == self.words[end - 1].clause or rest_is_name

    def is_denied(self, start: int, end: int) -> bool:
        """Return whether the words [start, end) are denied, or one of several alternatives."""
        before = self._norms_before(start)
        after = self._norms_after(end)
        if "only" in before and "not" in before:
            return False
        return (
            _is_negated(before, after)
            or self._is_compared(start, before[-2:])
            or self._is_one_of_several(start, end, before[-1:], after[:1])
        )

    def _norms_before(self, start: int) -> list[str]:
        """Return the last words of the clause before `start`, as far as a negation reaches."""
        clause, index = self._clause_positions[self.words[start].clause], self._index_in_clause[start]
        return [self.words[position].norm for position in clause[max(0, index - _NEGATION_WINDOW) : index]]

    def _norms_after(self, end: int) -> list[str]:
        """Return the next two words of the clause after the word that ends at `end`."""
        clause, index = self._clause_positions[self.words[end - 1].clause], self._index_in_clause[end - 1]
        return [self.words[position].norm for position in clause[index + 1 : index + 3]]

    def _is_compared(self, start: int, before: Sequence[str]) -> bool:
        """Return whether the reply only compares with it: less than 60; older than Ann; Bob before Ann."""
        word = self.words[start]
        if word.norm[0].isdigit():
            return not LESS_THAN_WORDS.isdisjoint(before)
        index = self._index_in_clause[start]
        follows_name = self._first_capitalized.get(word.clause, index) < index - 1
        return before[-1:] == ["than"] or (follows_name and before[-1:] in (["before"], ["after"]))

    def _is_one_of_several(self, start: int, end: int, before: Sequence[str], after: Sequence[str]) -> bool:
        """Return whether the answer is one of several: Rome or Milan; both Rome and Milan; Rome and Milan.

        The last counts only where the clause says nothing else.
        """
        clause = self.words[start].clause
        neighbors = {*before, *after}
        follows_both = self._first_both.get(clause, len(self.words)) < self._index_in_clause[start]
        is_name = self._lowercase_before[start] == self._lowercase_before[end]
        is_whole_clause = is_name and clause not in self._clauses_with_verb
        return "or" in neighbors or ("and" in neighbors and (follows_both or is_whole_clause))


def _is_negated(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether the words beside it negate an answer: not Rome, rather than Rome, Rome is not."""
    if not NEGATIONS.isdisjoint(before) or any(pair in pairwise(before) for pair in _CONTRAST_PAIRS):
        return True
    return len(after) == 2 and after[0] in AUXILIARIES and after[1] == "not"


def _is_verb(word: Word) -> bool:
    return word.norm in _VERBS or (word.surface.islower() and len(word.norm) > 4 and word.norm.endswith("ed"))


def _is_addition(clause: Sequence[int], words: Sequence[Word]) -> bool:
    """Return whether a clause adds to the answer: another list item, another wording, a location."""
    if words[clause[0]].norm in _ADDITION_WORDS or words[clause[0]].norm[0].isdigit():
        return True
    return all(words[position].is_capitalized for position in clause)
