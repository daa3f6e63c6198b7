"""Score a question from its passages as the evaluator does with the extractive answerer, only faster.

Questions differ in what a score rests on:

- A gold answer counts that stands in a passage: which versions hold it is found once.
- A label is voted for by the samples of the passages, which are ranked without an index for each question.
- Any other question is answered anew by the answerer; equal passages are answered once.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from pipeline.core.question_templates import extract_label_sample
from pipeline.text.normalize import contains_normalized, normalize_text
from pipeline.text.tokens import TokenCounter
from training.credit.history import TextVersion
from training.credit.passages import Passages
from training.credit.subset_ranking import SubsetRanking
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering import AnswerRequest
from training.evaluation.answering.extractive import (
    MAX_VOTERS,
    ExtractiveAnswerer,
    box_label,
    elect_label,
    extract_samples,
    is_answered_by_passages,
)
from training.evaluation.retrieval import Passage, truncate_passages
from training.memory.schema import EpisodeQuestion


class QuestionScorer:
    """Scores the questions of an episode from passages, which are versions of its history."""

    def __init__(
        self,
        questions: Sequence[EpisodeQuestion],
        versions: Sequence[TextVersion],
        max_context_tokens: int,
        count_tokens: TokenCounter,
    ) -> None:
        """Take all versions that may be passages; the first `max_context_tokens` tokens of these are read."""
        self._questions = questions
        self._versions = versions
        self._max_tokens = max_context_tokens
        self._count_tokens = count_tokens
        self._answerer = ExtractiveAnswerer()
        self._normalized_golds: dict[str, str] = {}
        self._holds: dict[tuple[str, int], bool] = {}
        self._scores: dict[tuple[int, tuple[int, ...]], float] = {}
        self._cut_versions: dict[tuple[int, int], TextVersion] = {}  # by number and length

    def score(self, index: int, passages: Passages) -> float:
        """Return the score of a question from its passages, 0 to 1."""
        question, read = self._questions[index], self.truncate(passages)
        if is_answered_by_passages(question):
            return self._score_by_holders(question, read)
        if question.metric == "exact" and all(version.number < len(self._versions) for version in read):
            return self._score_vote(index, read)
        key = index, tuple(version.number for version in read)
        if key not in self._scores:
            self._scores[key] = self._score_answer(question, read)
        return self._scores[key]

    def truncate(self, passages: Passages) -> Passages:
        """Return the passages that the answerer reads; the last one may be cut, and is a new version then."""
        if sum(version.tokens for version in passages) <= self._max_tokens:
            return passages
        listed = [Passage(version.entry_id, version.text) for version in passages]
        kept = truncate_passages(listed, self._max_tokens, self._count_tokens)
        if not kept or kept[-1].text == passages[len(kept) - 1].text:
            return passages[: len(kept)]
        return (*passages[: len(kept) - 1], self._cut(passages[len(kept) - 1], kept[-1].text))

    def _cut(self, version: TextVersion, text: str) -> TextVersion:
        """Return a version with the beginning of another one's text, always the same for equal texts."""
        key = version.number, len(text)
        if key not in self._cut_versions:
            number = len(self._versions) + len(self._cut_versions)
            tokens = self._count_tokens(text)
            self._cut_versions[key] = replace(
                version, number=number, text=text, normalized=normalize_text(text), tokens=tokens
            )
        return self._cut_versions[key]

    def holds(self, gold: str, version: TextVersion) -> bool:
        """Return whether a gold answer stands in a version."""
        key = gold, version.number
        if key not in self._holds:
            normalized = self._normalized_golds.setdefault(gold, normalize_text(gold))
            self._holds[key] = normalized in version.normalized and contains_normalized(
                version.normalized, gold
            )
        return self._holds[key]

    def holds_any(self, golds: Sequence[str], version: TextVersion) -> bool:
        """Return whether one of some gold answers stands in a version."""
        return any(self.holds(gold, version) for gold in golds)

    def _score_by_holders(self, question: EpisodeQuestion, passages: Passages) -> float:
        found = [gold for gold in question.answers if any(self.holds(gold, version) for version in passages)]
        match question.metric:
            case "contains":
                return float(bool(found))
            case "keywords":
                return len(found) / len(question.answers)
            case _:
                return self._score_text(question, found[0] if found else "")

    def _score_vote(self, index: int, passages: Passages) -> float:
        samples = [number for version in passages for number in self._sample_numbers[version.number]]
        if not samples:
            return self._score_text(self._questions[index], "")
        order, scores = self._sample_ranking.rank_with_scores(np.array(samples), index, MAX_VOTERS)
        labels = [self._samples[samples[position]][1] for position in order.tolist()]
        return self._score_text(self._questions[index], box_label(elect_label(labels, scores.tolist())))

    def _score_answer(self, question: EpisodeQuestion, passages: Passages) -> float:
        listed = [Passage(version.entry_id, version.text) for version in passages]
        (answer,) = self._answerer.answer([AnswerRequest(question, listed, True)])
        return self._score_text(question, answer)

    def _score_text(self, question: EpisodeQuestion, answer: str) -> float:
        score = score_answer(question.metric, question.answers, answer, question.wrong_answers)
        assert score is not None, "questions that only a judge can score have no credit"
        return score

    @cached_property
    def _samples_by_version(self) -> list[list[tuple[str, str]]]:
        return [extract_samples(Passage(one.entry_id, one.text)) for one in self._versions]

    @cached_property
    def _samples(self) -> list[tuple[str, str]]:
        """(text, label) of all labelled samples in all versions."""
        return [sample for samples in self._samples_by_version for sample in samples]

    @cached_property
    def _sample_numbers(self) -> list[range]:
        """The numbers of each version's samples."""
        ends = np.cumsum([0, *map(len, self._samples_by_version)]).tolist()
        return [range(start, end) for start, end in pairwise(ends)]

    @cached_property
    def _sample_ranking(self) -> SubsetRanking:
        queries = [
            extract_label_sample(question.text) if question.metric == "exact" else ""
            for question in self._questions
        ]
        return SubsetRanking([text for text, _ in self._samples], queries)
