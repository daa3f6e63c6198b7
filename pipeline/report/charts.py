"""The geometry of the report's charts, in whole numbers: the template only draws it."""

from collections import Counter
from dataclasses import dataclass

from pipeline.core.statistics import distribution
from pipeline.report.distributions import Bins
from pipeline.report.funnel import Funnel

WIDTH = 1000  # of every chart, in units of its view box
HEIGHT = 100
MIN_BAR_SIZE = 8  # least width of a bar, so that small counts stay visible


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """A row of a funnel chart: a level, or the drops after it for one reason."""

    name: str
    stage: str | None  # the stage that drops; None for a level
    count: int
    percent: float  # of the first level
    x: int
    width: int


def funnel_rows(funnel: Funnel) -> list[FunnelRow]:
    """Lay out a funnel as rows whose bars descend like steps: each drop starts at the right end of the rest.

    A level between the first and the last is omitted unless there are drops both just before it and after it.
    """
    rows: list[FunnelRow] = []
    total = max(funnel.start, 1)

    def make_row(name: str, stage: str | None, low: int, high: int) -> FunnelRow:
        width = max(_scale(high - low, total, WIDTH), MIN_BAR_SIZE) if high > low else 0
        x = min(_scale(low, total, WIDTH), WIDTH - width)
        return FunnelRow(name, stage, high - low, 100 * (high - low) / total, x, width)

    dropped_before = True
    for number, level in enumerate(funnel.levels):
        drops_later = any(later.drops for later in funnel.levels[number:])
        if number == 0 or level is funnel.levels[-1] or (dropped_before and drops_later):
            rows.append(make_row(level.name, None, 0, level.count))
        left = level.count
        for reason, count in level.drops.items():
            rows.append(make_row(reason, level.stage, left - count, left))
            left -= count
        dropped_before = bool(level.drops)
    return rows


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin of a histogram."""

    x: int
    y: int
    width: int
    height: int
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The bars of one source, scaled to its own fullest bin, with the statistics of its values."""

    bars: list[Bar]
    statistics: dict[str, float]  # of pipeline.core.statistics.distribution; empty without values
    count: int


def build_histogram(values: Counter[int], bins: Bins) -> Histogram:
    """Build the histogram of the values of a measure; empty bins have no bar."""
    counts = bins.count_values(values)
    left = [_scale(number, bins.count, WIDTH) for number in range(bins.count + 1)]
    bars = []
    for number, count in enumerate(counts):
        if count:
            height = max(_scale(count, max(counts), HEIGHT), MIN_BAR_SIZE // 4)
            gap = (left[number + 1] - left[number]) // 8
            width = left[number + 1] - left[number] - gap
            label = f"{bins.label(number)}: {count:,}"
            bars.append(Bar(left[number], HEIGHT - height, width, height, label))
    return Histogram(bars, distribution(values.elements()), values.total())


def _scale(part: int, total: int, size: int) -> int:
    """Return `part / total * size`, rounded half up in whole numbers."""
    return (2 * part * size + total) // (2 * total)
