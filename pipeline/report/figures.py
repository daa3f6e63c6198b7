"""The geometry of the page's figures, in whole numbers: the template only draws it."""

from collections import Counter
from dataclasses import dataclass

from pipeline.report.distributions import Bins
from pipeline.report.funnel import Funnel
from pipeline.statistics import distribution

WIDTH = 1000  # of every drawing; its height is 100
HEIGHT = 100
LEAST = 8  # a bar is never narrower or lower, however little it stands for


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a funnel: a level, or what was dropped after it for one reason."""

    name: str
    stage: str | None  # the stage that dropped; None: a level
    count: int
    share: float  # of the first level, percent
    x: int
    width: int


def rows(funnel: Funnel) -> list[Row]:
    """The funnel as lines whose bars fall like steps: each drop takes its width from what was left.

    A level between the first and the last is left out where nothing was dropped just before it or ever after.
    """
    lines: list[Row] = []
    whole = max(funnel.start, 1)

    def line(name: str, stage: str | None, low: int, high: int) -> Row:
        width = max(_scaled(high - low, whole, WIDTH), LEAST) if high > low else 0
        x = min(_scaled(low, whole, WIDTH), WIDTH - width)
        return Row(name, stage, high - low, 100 * (high - low) / whole, x, width)

    fell = True
    for number, level in enumerate(funnel.levels):
        falls = any(later.drops for later in funnel.levels[number:])
        if number == 0 or level is funnel.levels[-1] or (fell and falls):
            lines.append(line(level.name, None, 0, level.count))
        left = level.count
        for reason, count in level.drops.items():
            lines.append(line(reason, level.stage, left - count, left))
            left -= count
        fell = bool(level.drops)
    return lines


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
    """The bars of one source, scaled to its own fullest bin, and the figures that go with them."""

    bars: list[Bar]
    figures: dict[str, float]  # of pipeline.statistics.distribution; empty without values
    count: int


def histogram(values: Counter[int], bins: Bins) -> Histogram:
    """The histogram of the values of a measure."""
    counts = bins.counted(values)
    left = [_scaled(number, bins.count, WIDTH) for number in range(bins.count + 1)]
    bars = []
    for number, count in enumerate(counts):
        if count:
            height = max(_scaled(count, max(counts), HEIGHT), LEAST // 4)
            gap = (left[number + 1] - left[number]) // 8
            width = left[number + 1] - left[number] - gap
            label = f"{bins.label(number)}: {count:,}"
            bars.append(Bar(left[number], HEIGHT - height, width, height, label))
    return Histogram(bars, distribution(values.elements()), values.total())


def _scaled(part: int, whole: int, size: int) -> int:
    return (2 * part * size + whole) // (2 * whole)  # rounded, in whole numbers
