"""The scores as CSV files, which DVC plots and any table program reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.report.tables import write_csv
from training.report.figures import short
from training.summary import Cell, Table

_FIGURES = ("score", "low", "high")


def write_tables(folder: Path, tables: Sequence[Table]) -> None:
    """Write the CSV files of an evaluation.

    - scores/<source>.csv: method, score, low, high; on the test split.
    - lengths/<source>.csv: step, method, tokens, score, low, high; a step is a method at a length, in
      words that sort as a bar chart reads them, and tokens are blank for the test instances as they are.
    """
    test, *lengths = tables
    for source in test.sources:
        lines = ((method, *_figures(row[source])) for method, row in test.cells.items() if source in row)
        write_csv(folder / "scores" / f"{source}.csv", ("method", *_FIGURES), lines)
    for source in sorted({source for table in lengths for source in table.sources}):
        header = ("step", "method", "tokens", *_FIGURES)
        write_csv(folder / "lengths" / f"{source}.csv", header, _lengths(source, tables))


def _lengths(source: str, tables: Sequence[Table]) -> Iterator[Sequence[object]]:
    for method in tables[0].cells:
        for number, table in enumerate(tables, start=1):
            cell = table.cells.get(method, {}).get(source)
            if cell is not None:
                step = f"{method} {number:02} {short(table.stretch)}"
                yield step, method, table.stretch, *_figures(cell)


def _figures(cell: Cell) -> tuple[str, str, str]:
    return f"{cell.score:.4f}", f"{cell.low:.4f}", f"{cell.high:.4f}"
