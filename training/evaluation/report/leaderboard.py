"""Rank the methods of a table by their average score."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.core.params import AnswerParams
from training.evaluation.aggregate import AVERAGE, ScoreCell, ScoreTable

LONG_CONTEXT_METHOD = "long_context"  # reads more than answer.max_context_tokens


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A method, its rank and its scores by source."""

    method: str
    rank: int | None  # None: an upper bound, which is not ranked
    cells: Mapping[str, ScoreCell]

    @property
    def average(self) -> ScoreCell:
        """Mean over the sources."""
        return self.cells[AVERAGE]


def build_leaderboard(table: ScoreTable, answer: AnswerParams) -> list[LeaderboardRow]:
    """Return the methods, best first; equal scores share a rank, and an upper bound comes last."""
    rows = sorted(table.cells.items(), key=lambda row: (-row[1][AVERAGE].score, row[0]))
    ranked = [row for row in rows if not is_upper_bound(row[0], answer)]
    scores = [cells[AVERAGE].score for _, cells in ranked]
    unranked = [
        LeaderboardRow(method, None, cells) for method, cells in rows if is_upper_bound(method, answer)
    ]
    return [
        LeaderboardRow(method, 1 + scores.index(cells[AVERAGE].score), cells) for method, cells in ranked
    ] + unranked


def is_upper_bound(method: str, answer: AnswerParams) -> bool:
    """Return whether a method is an upper bound: long context, if all that it reads counts as its answer."""
    return method == LONG_CONTEXT_METHOD and answer.backend == "extractive"
