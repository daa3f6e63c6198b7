"""The geometry of the page's figures, in percent of a drawing: the template only draws it.

Percent and not units of a view box: marks keep their shape however wide a drawing is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.report.standings import Standing
from training.summary import AVERAGE, Cell, Table

# Drawn around the middle of a mark, one after the other; colours go with them, dashes go round by themselves.
MARKS = (
    "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z",  # circle
    "M-3.3-3.3h6.6v6.6h-6.6z",  # square
    "M0-4.4L4.4 3.4H-4.4z",  # triangle
    "M0-4.8L4.8 0L0 4.8L-4.8 0z",  # diamond
    "M0 4.4L4.4-3.4H-4.4z",  # triangle upside down
    "M-1.3-4.4h2.6v3.1h3.1v2.6h-3.1v3.1h-2.6v-3.1h-3.1v-2.6h3.1z",  # cross
)
DASHES = 5  # so that marks and dashes together are different for 30 methods
LEAST = 0.8  # a bar is never narrower, however little it stands for


@dataclass(frozen=True, slots=True)
class Dot:
    """A method on a source: its score, and its interval as a bar."""

    method: str
    apart: bool  # a ceiling
    x: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Dots:
    """The panel of a source."""

    source: str
    instances: int
    questions: int
    dots: list[Dot]


def panels(table: Table, rows: Sequence[Standing]) -> list[Dots]:
    """A panel for the average and one for each source, methods in the order of the rows."""
    return [_dots(source, rows) for source in (AVERAGE, *table.sources) if rows]


def _dots(source: str, rows: Sequence[Standing]) -> Dots:
    cells = [(row, row.cells[source]) for row in rows if source in row.cells]
    dots = [
        Dot(
            *(row.method, row.rank is None),
            *(_percent(cell.score), _percent(cell.low), _percent(cell.high)),
            f"{row.method}: {told(cell)}",
        )
        for row, cell in cells
    ]
    instances = max(cell.instances for _, cell in cells)
    return Dots(source, instances, max(cell.questions for _, cell in cells), dots)


@dataclass(frozen=True, slots=True)
class Series:
    """A method, and how its line looks in every panel."""

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
    """The scores of a method on a source, shortest length first, and the strokes between neighbours."""

    series: Series
    points: list[Point]
    strokes: list[tuple[Point, Point]]


@dataclass(frozen=True, slots=True)
class Lines:
    """The panel of a source: a line per method over all lengths."""

    source: str
    lines: list[Line]
    label: str


def series(lengths: Sequence[Table], rows: Sequence[Standing]) -> list[Series]:
    """The methods that played stretched instances, in the order of the rows."""
    played = {method for table in lengths for method in table.cells}
    methods = [row.method for row in rows if row.method in played]
    return [
        Series(method, number % len(MARKS), number % DASHES, MARKS[number % len(MARKS)])
        for number, method in enumerate(methods)
    ]


def length_panels(tables: Sequence[Table], of: Sequence[Series]) -> list[Lines]:
    """A panel for each source of the first table, the test instances, that has a longer instance too."""
    test, *lengths = tables
    sources = [name for name in test.sources if any(name in table.sources for table in lengths)]
    return [_lines(source, tables, of) for source in sources]


def _lines(source: str, tables: Sequence[Table], of: Sequence[Series]) -> Lines:
    lines = []
    for one in of:
        cells = [table.cells.get(one.method, {}).get(source) for table in tables]
        points = [
            None if cell is None else _point(one.method, cell, table.stretch, number, len(tables))
            for number, (table, cell) in enumerate(zip(tables, cells, strict=True))
        ]
        pairs = pairwise(points)
        strokes = [(first, second) for first, second in pairs if first and second]
        lines.append(Line(one, [point for point in points if point], strokes))
    label = "; ".join(point.label for line in lines for point in line.points)
    return Lines(source, lines, f"{source}: {label}")


def _point(method: str, cell: Cell, stretch: int | None, number: int, count: int) -> Point:
    x = round(100 * (number + 0.5) / count, 1)
    return Point(x, round(100 - _percent(cell.score), 1), f"{method} {short(stretch)} {cell.score:.3f}")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of some of a method's calls, and its bar."""

    text: str
    count: int
    share: float  # of all its calls, percent
    width: float


def fates(calls: Counter[str]) -> list[Fate]:
    """Most frequent first."""
    ordered = sorted(calls.items(), key=lambda one: (-one[1], one[0]))
    shares = [round(100 * count / calls.total(), 2) for _, count in ordered]
    return [
        Fate(text, count, share, max(share, LEAST))
        for (text, count), share in zip(ordered, shares, strict=True)
    ]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def told(cell: Cell) -> str:
    """A score in words."""
    return f"{cell.score:.3f}, 95 % interval {cell.low:.3f} to {cell.high:.3f}"


def short(stretch: int | None) -> str:
    """A length in few letters: test, 30K, 1.5M."""
    if stretch is None:
        return "test"
    return f"{stretch / 1e6:g}M" if stretch >= 1_000_000 else f"{stretch / 1e3:g}K"
