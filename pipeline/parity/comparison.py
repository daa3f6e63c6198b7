"""Compare sources with their rows in the paper: values, differences in percent, and values of ablations."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.parity.measures import MEASURE_LABELS, MEASURES, Measures, paper_measures, percent_difference
from pipeline.parity.paper_tables import PAPER_ROWS

PARITY_FILE = "parity.json"  # in the source's folder below data/parity

_CLOSE_PERCENT = 5
_MIN_MOVED_PERCENT = 0.5  # smaller effects of an ablation are not shown


@dataclass(frozen=True, slots=True)
class MeasureComparison:
    """A measure of a source, and its value in the paper."""

    measure: str
    ours: float
    paper: float
    ablations: Mapping[str, float]  # by the cause that was removed; without those that change nothing

    @property
    def percent_off(self) -> float:
        """The difference of our value from the paper's, in percent of the paper's."""
        return percent_difference(self.ours, self.paper)

    @property
    def label(self) -> str:
        """The measure's name for people."""
        return MEASURE_LABELS[self.measure]

    def format_value(self, value: float) -> str:
        """Format a value: whole instances and tokens, other measures with one decimal."""
        return f"{value:,.1f}" if self.measure.endswith("per_instance") else f"{value:,.0f}"

    @property
    def is_close(self) -> bool:
        """Whether the difference is at most 5 percent."""
        return abs(self.percent_off) <= _CLOSE_PERCENT


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """A source and its row in the paper."""

    source: str
    row: str
    built: Measures
    ablations: Mapping[str, Measures]  # by cause

    def compare_measures(self) -> Iterator[MeasureComparison]:
        """Iterate over the measures that both have."""
        paper = paper_measures(PAPER_ROWS[self.row])
        for measure in MEASURES:
            if measure in paper and measure in self.built:
                ours = self.built[measure]
                moved_ablations = {
                    cause: measures[measure]
                    for cause, measures in self.ablations.items()
                    if measure in measures
                    and abs(percent_difference(measures[measure], ours or 1)) >= _MIN_MOVED_PERCENT
                }
                yield MeasureComparison(measure, ours, paper[measure], moved_ablations)

    @property
    def mean_percent_off(self) -> float:
        """Mean of the measures' absolute differences from the paper, in percent; 0 without measures."""
        differences = [abs(line.percent_off) for line in self.compare_measures()]
        return sum(differences) / max(len(differences), 1)


def read_comparisons(folder: Path, sources: Iterable[str]) -> list[SourceComparison]:
    """Read the comparisons that the stage `parity` wrote below a folder.

    Sources without a row in the paper are left out. Raises MemcurateError when the stage did not run.
    """
    comparisons = []
    for source in sources:
        path = folder / source / PARITY_FILE
        if not path.exists():
            raise MemcurateError(f"{path} is not there: run `dvc repro parity@{source}`, or `dvc pull` it")
        value = json.loads(path.read_text(encoding="utf-8"))
        comparisons += [SourceComparison(**value)] if value is not None else []
    return comparisons


def format_comparisons(comparisons: Sequence[SourceComparison]) -> Iterator[str]:
    """Format comparisons for the terminal: a line for each measure, and the ablations below it."""
    for comparison in comparisons:
        yield f"{comparison.source} beside {comparison.row}"
        for one in comparison.compare_measures():
            mark = " " if one.is_close else "*"
            yield (
                f"  {one.label:<23}{one.format_value(one.ours):>9} {one.format_value(one.paper):>9} "
                f"{one.percent_off:>+8.1f} % {mark}"
            )
            for cause, value in one.ablations.items():
                yield f"    {one.format_value(value):>30}  {cause}"
