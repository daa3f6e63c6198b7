"""Compute the geometry of the page's charts, in percent of a drawing; the template only draws it.

Percent are used in place of view-box units, so that marks keep their shape at every width of a drawing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from training.evaluation.aggregate import AVERAGE, CapacityTables, ScoreCell, ScoreTable
from training.evaluation.report.leaderboard import LeaderboardRow

# SVG paths around a mark's centre. Each has its colour; dashes rotate separately.
MARKS = (
    "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z",  # circle
    "M-3.3-3.3h6.6v6.6h-6.6z",  # square
    "M0-4.4L4.4 3.4H-4.4z",  # triangle
    "M0-4.8L4.8 0L0 4.8L-4.8 0z",  # diamond
    "M0 4.4L4.4-3.4H-4.4z",  # triangle upside down
    "M-1.3-4.4h2.6v3.1h3.1v2.6h-3.1v3.1h-2.6v-3.1h-3.1v-2.6h3.1z",  # cross
)
DASHES = 5  # with 6 marks this gives 30 different styles
MIN_BAR_WIDTH = 0.8  # percent; keeps the smallest bars visible


@dataclass(frozen=True, slots=True)
class Dot:
    """The score of a method on a source, with its interval as a bar."""

    method: str
    is_upper_bound: bool
    x: float
    ci_low: float
    ci_high: float
    label: str


@dataclass(frozen=True, slots=True)
class DotPanel:
    """The panel of a source."""

    source: str
    instances: int
    questions: int
    dots: list[Dot]


def build_dot_panels(table: ScoreTable, rows: Sequence[LeaderboardRow]) -> list[DotPanel]:
    """Return a panel for the average and one for each source, with the methods in the order of the rows."""
    return [_build_dot_panel(source, rows) for source in (AVERAGE, *table.sources) if rows]


def _build_dot_panel(source: str, rows: Sequence[LeaderboardRow]) -> DotPanel:
    cells = [(row, row.cells[source]) for row in rows if source in row.cells]
    dots = [
        Dot(
            *(row.method, row.rank is None),
            *(_to_percent(cell.score), _to_percent(cell.ci_low), _to_percent(cell.ci_high)),
            f"{row.method}: {format_score(cell)}",
        )
        for row, cell in cells
    ]
    instances = max(cell.instances for _, cell in cells)
    return DotPanel(source, instances, max(cell.questions for _, cell in cells), dots)


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """The look of a method's line, the same in every panel."""

    method: str
    colour: int
    dash: int
    mark: str


@dataclass(frozen=True, slots=True)
class Point:
    """A score at a length."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """The scores of a method on a source, shortest length first."""

    series: SeriesStyle
    points: list[Point]
    strokes: list[tuple[Point, Point]]  # between neighbouring lengths that both have a score


@dataclass(frozen=True, slots=True)
class LinePanel:
    """The panel of a source: a line per method over all lengths."""

    source: str
    lines: list[Line]
    label: str


def assign_series_styles(lengths: Sequence[ScoreTable], rows: Sequence[LeaderboardRow]) -> list[SeriesStyle]:
    """Return a style for each method with concatenated instances, in the order of the rows."""
    present = {method for table in lengths for method in table.cells}
    return _style_methods([row.method for row in rows if row.method in present])


def assign_capacity_styles(capacities: CapacityTables) -> list[SeriesStyle]:
    """Return a style for each method that ran under limits of the memory."""
    return _style_methods(list(dict.fromkeys(method for one in capacities.values() for method in one.cells)))


def _style_methods(methods: Sequence[str]) -> list[SeriesStyle]:
    return [
        SeriesStyle(method, number % len(MARKS), number % DASHES, MARKS[number % len(MARKS)])
        for number, method in enumerate(methods)
    ]


def build_line_panels(tables: Sequence[ScoreTable], styles: Sequence[SeriesStyle]) -> list[LinePanel]:
    """Return a panel for each source of the first table (test instances) that has a longer instance too."""
    test, *lengths = tables
    sources = [name for name in test.sources if any(name in table.sources for table in lengths)]
    names = [format_length(table.context_length) for table in tables]
    return [_build_line_panel(source, tables, names, styles) for source in sources]


def build_capacity_panels(capacities: CapacityTables) -> list[LinePanel]:
    """Return a panel for the average and one for each source: scores by the limit, smallest first."""
    tables, styles = list(capacities.values()), assign_capacity_styles(capacities)
    names = [format_capacity(capacity) for capacity in capacities]
    sources = sorted({source for table in tables for source in table.sources})
    return [_build_line_panel(source, tables, names, styles) for source in (AVERAGE, *sources) if tables]


def _build_line_panel(
    source: str, tables: Sequence[ScoreTable], names: Sequence[str], styles: Sequence[SeriesStyle]
) -> LinePanel:
    """Build a panel; `names` are those of the tables, as ticks show them."""
    lines = []
    for style in styles:
        cells = [table.cells.get(style.method, {}).get(source) for table in tables]
        points = [
            None if cell is None else _build_point(style.method, cell, names[number], number, len(tables))
            for number, cell in enumerate(cells)
        ]
        pairs = pairwise(points)
        strokes = [(first, second) for first, second in pairs if first and second]
        lines.append(Line(style, [point for point in points if point], strokes))
    label = "; ".join(point.label for line in lines for point in line.points)
    return LinePanel(source, lines, f"{source}: {label}")


def _build_point(method: str, cell: ScoreCell, name: str, number: int, count: int) -> Point:
    x = round(100 * (number + 0.5) / count, 1)
    return Point(
        x,
        round(100 - _to_percent(cell.score), 1),
        f"{method} {name} {cell.score:.3f}",
    )


@dataclass(frozen=True, slots=True)
class OutcomeBar:
    """An outcome of a method's calls, and its bar."""

    text: str
    count: int
    percent: float  # of all calls of the method
    width: float


def build_outcome_bars(calls: Counter[str]) -> list[OutcomeBar]:
    """Return a bar for each outcome, most frequent first."""
    ordered = sorted(calls.items(), key=lambda item: (-item[1], item[0]))
    percents = [round(100 * count / calls.total(), 2) for _, count in ordered]
    return [
        OutcomeBar(text, count, percent, max(percent, MIN_BAR_WIDTH))
        for (text, count), percent in zip(ordered, percents, strict=True)
    ]


def _to_percent(fraction: float) -> float:
    return round(100 * fraction, 1)


def format_score(cell: ScoreCell) -> str:
    """Return a score with its interval in words."""
    return f"{cell.score:.3f}, 95 % interval {cell.ci_low:.3f} to {cell.ci_high:.3f}"


def format_capacity(capacity: float) -> str:
    """Return a fraction of the tokens in few characters: 1/16, 1/4, 1."""
    return str(Fraction(capacity).limit_denominator(1000))


def format_length(context_length: int | None) -> str:
    """Return a length in few letters: test, 30K, 1.5M."""
    if context_length is None:
        return "test"
    return f"{context_length / 1e6:g}M" if context_length >= 1_000_000 else f"{context_length / 1e3:g}K"
