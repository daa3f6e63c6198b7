"""The credit of steps and calls: what an episode's reward loses when what they wrote is taken away.

With r1(M) the mean score of the questions that are answered from a memory M, the *difference reward* (Wolpert
and Tumer 2002) of a step or call is

    r1(M) - r1(M without what it wrote)

and the same for r3, the compression. The memory without it is that of `history.py`. A question that is asked
after an earlier chunk is answered from the memory after that chunk. Passages are retrieved anew, so that an
entry that crowds a better one out of the passages has a negative difference.

Two calls that store the same answer both have the difference 0: without either of them the answer is still
there. So the credit of a call shares such an answer. Let a question's passages be fixed, and let a gold
answer count that stands in one of them (metrics `contains`, `keywords`, `token_f1`). Then the score is an
"or" over the passages that hold it. They are all alike in it, so the Shapley value of each of n holders is
1/n of the answer's score. It goes to the call that brought the answer into the passage. The credit of a call
is this share in place of what it covers of the difference:

    share + (difference) - (score of the answers that only this call brought into the fixed passages)

The last two cancel unless another entry would move into the passages with the answer (then the call is not
needed), or the call drives the answer out of them, or overwrites it (then its credit is negative). Questions
of other metrics have no such closed form: there a call has its difference.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.credit.history import CORE, MemoryHistory, Place, TextVersion
from training.credit.passages import PassageFinder, Passages
from training.credit.scoring import QuestionScorer
from training.evaluation.answering.extractive import is_answered_by_passages
from training.evaluation.evaluator import Evaluator, is_scored
from training.memory.memory import LIST_NAMES, ListName
from training.memory.schema import EpisodeInput, EpisodeQuestion, Step


@dataclass(frozen=True, slots=True)
class Credit:
    """The additions of a step or a call to the rewards of its episode."""

    correctness: float  # to r1
    compression: float  # to r3


class _Moment:
    """A memory that questions are asked from: its state, its passages and the scores."""

    def __init__(
        self,
        step: int,
        rows: Sequence[int],
        history: MemoryHistory,
        finder: PassageFinder,
        scorer: QuestionScorer,
    ) -> None:
        self.step = step
        self.rows = np.array(rows, int)
        self.state = history.state_after(step)
        self._finder = finder
        self._ranked = finder.rank_lists(self.state, self.rows)
        self.passages = [
            finder.collect(self.state.get(CORE), self._ranked, index) for index in range(len(rows))
        ]
        self.scores = [scorer.score(row, found) for row, found in zip(rows, self.passages, strict=True)]

    def find_changed(self, changes: dict[Place, TextVersion | None]) -> Iterator[tuple[int, Passages]]:
        """Yield (index among `rows`, passages) of the questions that have others after some changes."""
        state = {place: changes.get(place, version) for place, version in self.state.items()}
        state |= {place: version for place, version in changes.items() if place not in state}
        kept = {place: version for place, version in state.items() if version is not None}
        lists: list[ListName] = [name for name in LIST_NAMES if any(of == name for of, _ in changes)]
        ranked = {**self._ranked, **self._finder.rank_lists(kept, self.rows, lists)}
        core = kept.get(CORE)
        changed = np.full(len(self.rows), core != self.state.get(CORE))
        for name in lists:
            before, after = self._ranked[name], ranked[name]
            changed |= True if before.shape != after.shape else (before != after).any(axis=1)
        for index in np.flatnonzero(changed).tolist():
            passages = self._finder.collect(core, ranked, index)
            if passages != self.passages[index]:
                yield index, passages


class EpisodeCredit:
    """The credit of the steps and calls of an episode."""

    def __init__(self, instance: EpisodeInput, steps: Sequence[Step], evaluator: Evaluator) -> None:
        """Find the passages and scores of all questions that the extractive answerer can answer."""
        answer = evaluator.params.answer
        self._questions = [
            one for one in instance.questions if one.metric != "judge" and is_scored(one, answer)
        ]
        self._tokens = instance.tokens
        self._last = len(steps) - 1
        self._history = MemoryHistory(steps, evaluator.params.memory.core_tokens, evaluator.count_tokens)
        self._scorer = QuestionScorer(
            self._questions, self._history.versions, answer.max_context_tokens, evaluator.count_tokens
        )
        self._final_state = self._history.state_after(self._last)
        finder = PassageFinder(self._history, [one.text for one in self._questions], answer.top_k)
        rows_by_step: dict[int, list[int]] = {}
        for row, question in enumerate(self._questions):
            rows_by_step.setdefault(self._asked_after(question), []).append(row)
        self._moments = [
            _Moment(step, rows, self._history, finder, self._scorer)
            for step, rows in sorted(rows_by_step.items())
        ]

    def _asked_after(self, question: EpisodeQuestion) -> int:
        asked = question.after_chunk
        return self._last if asked is None else min(asked, self._last)

    def step_credits(self) -> list[Credit]:
        """Return the difference rewards of the steps."""
        return [self._difference(frozenset(calls)) for calls in self._history.calls_by_step]

    def call_differences(self) -> list[list[Credit]]:
        """Return the difference rewards of the calls, by step; 0 for a call that was not applied."""
        return [
            [self._difference(frozenset([call])) for call in calls] for calls in self._history.calls_by_step
        ]

    def call_credits(self) -> list[list[Credit]]:
        """Return the credit of each call, by step; 0 for a call that was not applied."""
        shares = self.answer_shares()
        return [
            [
                replace(one, correctness=shares[call] + one.correctness - self._shared_difference(call))
                for call, one in zip(calls, differences, strict=True)
            ]
            for calls, differences in zip(self._history.calls_by_step, self.call_differences(), strict=True)
        ]

    def answer_shares(self) -> list[float]:
        """Return each call's share of r1, by the closed form for fixed passages.

        The shares of all calls sum to what questions of the metrics `contains`, `keywords` and `token_f1` add
        to r1, if they have no wrong answers.
        """
        shares = [0.0] * self._history.num_calls
        for moment in self._moments:
            for index, row in enumerate(moment.rows.tolist()):
                read = self._scorer.truncate(moment.passages[index])
                for golds, score in self._list_parts(row, moment.scores[index]):
                    holders = [one for one in read if self._scorer.holds_any(golds, one)]
                    for version in holders:
                        origin = self._find_origin(golds, version, moment)
                        shares[origin] += score / len(holders) / len(self._questions)
        return shares

    def _list_parts(self, row: int, score: float) -> list[tuple[Sequence[str], float]]:
        """Return (gold answers, their score) for the parts of a question that are shared by themselves."""
        question = self._questions[row]
        if not is_answered_by_passages(question):
            return []
        golds = question.answers
        is_split = question.metric == "keywords"
        return [([gold], 1 / len(golds)) for gold in golds] if is_split else [(golds, score)]

    def _find_origin(self, golds: Sequence[str], version: TextVersion, moment: _Moment) -> int:
        """Return the call since which the text at a place holds one of some gold answers."""
        origin = newest = -1
        for write in self._history.writes[version.memory_type, version.entry_id]:
            if write.step > moment.step:
                break
            newest = write.call
            if write.version is None or not self._scorer.holds_any(golds, write.version):
                origin = -1
            elif origin < 0:
                origin = write.call
        return origin if origin >= 0 else newest  # a text that is cut may hold what the whole does not

    def _shared_difference(self, call: int) -> float:
        """Return what r1 would lose without a call that alone brought an answer into fixed passages."""
        lost = 0.0
        for moment in self._moments:
            changes = self._history.changes_without({call}, moment.step)
            for index, row in enumerate(moment.rows.tolist() if changes else ()):
                passages = moment.passages[index]
                replaced = [changes.get((one.memory_type, one.entry_id), one) for one in passages]
                fixed = tuple(one for one in replaced if one is not None)
                if fixed != passages:
                    lost += self._count_lost(row, moment.scores[index], passages, fixed)
        return lost / max(len(self._questions), 1)

    def _count_lost(self, row: int, score: float, passages: Passages, others: Passages) -> float:
        """Return the score of the gold answers that stand in some passages and not in others."""
        before, after = self._scorer.truncate(passages), self._scorer.truncate(others)
        return sum(
            worth
            for golds, worth in self._list_parts(row, score)
            if any(self._scorer.holds_any(golds, one) for one in before)
            and not any(self._scorer.holds_any(golds, one) for one in after)
        )

    def _difference(self, calls: Collection[int]) -> Credit:
        """Return what the rewards lose without some calls."""
        lost = 0.0
        for moment in self._moments:
            changes = self._history.changes_without(calls, moment.step)
            for index, passages in moment.find_changed(changes) if changes else ():
                lost += moment.scores[index] - self._scorer.score(int(moment.rows[index]), passages)
        return Credit(lost / max(len(self._questions), 1), -self._tokens_added(calls) / self._tokens)

    def _tokens_added(self, calls: Collection[int]) -> int:
        """Return the tokens of the last memory that are due to some calls."""
        changes = self._history.changes_without(calls, self._last)
        return sum(
            _count(self._final_state.get(place)) - _count(version) for place, version in changes.items()
        )


def _count(version: TextVersion | None) -> int:
    return version.tokens if version is not None else 0
