"""Answering: a question and what was recalled for it into an answer, by one of several answerers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from training.recall import Piece
from training.schema import QuestionToAsk


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what the answerer may read."""

    question: QuestionToAsk
    pieces: Sequence[Piece]


class Answerer(Protocol):
    """Answers questions."""

    def answer(self, asked: Sequence[Asked]) -> list[str]:
        """An answer for each, to be measured by training/metrics.py."""
