"""Answerers turn a question and the passages retrieved for it into an answer; a judge may score it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from training.evaluation.retrieval import Passage
from training.memory.schema import EpisodeQuestion


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """A question and the passages that the answerer may read."""

    question: EpisodeQuestion
    passages: Sequence[Passage]
    may_abstain: bool = False  # whether some question of the instance has no answer


class Answerer(Protocol):
    """A component that answers questions."""

    def answer(self, requests: Sequence[AnswerRequest]) -> list[str]:
        """Return an answer to each request; `training/evaluation/answer_metrics.py` scores it."""


class AnswerJudge(Protocol):
    """A judge of answers that no comparison of strings can score, those of the metric `judge`."""

    def score_answers(self, answered: Sequence[tuple[EpisodeQuestion, str]]) -> list[float | None]:
        """Return a score from 0 to 1 for each (question, answer); None without a verdict."""
