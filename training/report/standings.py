"""Who stands where: the methods of a table by their average."""

from collections.abc import Mapping
from dataclasses import dataclass

from training.params import AnswerParams
from training.summary import AVERAGE, Cell, Table

LONGEST = "long_context"  # reads more than answer.max_tokens


@dataclass(frozen=True, slots=True)
class Standing:
    """A method, its place and what it came to by source."""

    method: str
    rank: int | None  # None: a ceiling, which is not ranked
    cells: Mapping[str, Cell]

    @property
    def average(self) -> Cell:
        """Over its sources."""
        return self.cells[AVERAGE]


def standings(table: Table, answer: AnswerParams) -> list[Standing]:
    """The methods, best first; of equal ones the rank is the same. A ceiling comes last."""
    rows = sorted(table.cells.items(), key=lambda row: (-row[1][AVERAGE].score, row[0]))
    ranked = [row for row in rows if not is_ceiling(row[0], answer)]
    scores = [cells[AVERAGE].score for _, cells in ranked]
    apart = [Standing(method, None, cells) for method, cells in rows if is_ceiling(method, answer)]
    return [
        Standing(method, 1 + scores.index(cells[AVERAGE].score), cells) for method, cells in ranked
    ] + apart


def is_ceiling(method: str, answer: AnswerParams) -> bool:
    """Whether a method is no rival: where all that it reads counts as its answer, and it reads most."""
    return method == LONGEST and answer.by == "contains"
