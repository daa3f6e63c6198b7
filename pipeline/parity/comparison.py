"""A source beside its row of the paper: figures, differences in percent, and the figures of reruns."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import MemcurateError
from pipeline.parity.measuring import MEASURES, NAMES, Measured, of_paper, off
from pipeline.parity.table import ROWS

NAME = "parity.json"  # of a source, below data/parity

_CLOSE = 5  # percent
_MOVED = 0.5  # percent by which a rerun must move a figure to say anything of it


@dataclass(frozen=True, slots=True)
class Line:
    """A measure of a source, and what it is in the paper."""

    measure: str
    ours: float
    paper: float
    reruns: Mapping[str, float]  # by the cause that was removed; of those that moved it

    @property
    def off(self) -> float:
        """By how many percent ours is off the paper's."""
        return off(self.ours, self.paper)

    @property
    def name(self) -> str:
        """What it is called."""
        return NAMES[self.measure]

    def shown(self, value: float) -> str:
        """A figure of it for people: whole instances and tokens, and of the others a tenth."""
        return f"{value:,.1f}" if self.measure.endswith("per_instance") else f"{value:,.0f}"

    @property
    def close(self) -> bool:
        """Whether it is within 5 percent."""
        return abs(self.off) <= _CLOSE


@dataclass(frozen=True, slots=True)
class Compared:
    """A source beside its row of the paper."""

    source: str
    row: str
    built: Measured
    reruns: Mapping[str, Measured]  # by cause

    def lines(self) -> Iterator[Line]:
        """A line for each measure that both have."""
        paper = of_paper(ROWS[self.row])
        for measure in MEASURES:
            if measure in paper and measure in self.built:
                ours = self.built[measure]
                moved = {
                    cause: of[measure]
                    for cause, of in self.reruns.items()
                    if measure in of and abs(off(of[measure], ours or 1)) >= _MOVED
                }
                yield Line(measure, ours, paper[measure], moved)


def read_all(folder: Path, sources: Iterable[str]) -> list[Compared]:
    """What the stage wrote of sources below a folder, without those that have no row in the paper.

    Raises MemcurateError where it did not run.
    """
    found = []
    for source in sources:
        path = folder / source / NAME
        if not path.exists():
            raise MemcurateError(f"{path} is not there: run `dvc repro parity@{source}`, or `dvc pull` it")
        value = json.loads(path.read_text(encoding="utf-8"))
        found += [Compared(**value)] if value is not None else []
    return found


def told(compared: Sequence[Compared]) -> Iterator[str]:
    """The comparison for the terminal, a line a measure, and the reruns below it."""
    for one in compared:
        yield f"{one.source} beside {one.row}"
        for line in one.lines():
            mark = " " if line.close else "*"
            yield (
                f"  {line.name:<23}{line.shown(line.ours):>9} {line.shown(line.paper):>9} "
                f"{line.off:>+8.1f} % {mark}"
            )
            for cause, value in line.reruns.items():
                yield f"    {line.shown(value):>30}  {cause}"
