"""Write the scores as CSV files for DVC plots and spreadsheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.core.csv_files import write_csv
from training.evaluation.aggregate import CapacityTables, Delta, ScoreCell, ScoreTable
from training.evaluation.report.charts import format_length

_SCORE_COLUMNS = ("score", "ci_low", "ci_high")
_RESULT_COLUMNS = (
    *("method", "source", "context_length", "instances", "questions", *_SCORE_COLUMNS),
    *("delta", "delta_ci_low", "delta_ci_high"),
    *("tool_format", "compression", "content", "total", "total_delta", "total_delta_ci_low"),
    *("total_delta_ci_high", "memory_tokens"),
)
_KIND_COLUMNS = (
    *("method", "source", "context_length", "kind", "with_wrong_answers", "instances", "questions"),
    *_SCORE_COLUMNS,
)
_MEMORY_COLUMNS = (
    *("method", "source", "context_length", "instances", "recall", "stale", "forgotten", "noise"),
    "memory_tokens",
)
_CAPACITY_COLUMNS = (
    *("method", "source", "capacity", "instances", "questions"),
    *_SCORE_COLUMNS,
    "memory_tokens",
)


def write_tables(
    folder: Path, tables: Sequence[ScoreTable], capacities: CapacityTables | None = None
) -> None:
    """Write the CSV files of an evaluation.

    - results.csv: every figure of every method and source at every length; `average` stands for a source.
      `context_length` is blank for the test instances as they are, and deltas are where there are none.
    - scores/<source>.csv: method, score, ci_low, ci_high; on the test split.
    - kinds.csv, where questions have kinds: method, source, context_length, kind, whether the questions have
      wrong answers (such as outdated values), instances, questions, score, ci_low, ci_high.
    - memory.csv, where instances have facts: method, source, context_length, instances, recall of facts that
      hold, fractions of stale and of forgotten facts kept, of entries without a fact, and memory_tokens.
    - capacities.csv, where methods ran under limits of the memory: method, source, capacity (the limit as a
      fraction of an instance's tokens), instances, questions, score, ci_low, ci_high, memory_tokens.
    - lengths/<source>.csv: step, method, tokens, score, ci_low, ci_high; a step is a method at a length, in
      words that sort as a bar chart reads them, and tokens are blank for the test instances as they are.
    """
    test, *lengths = tables
    write_csv(folder / "results.csv", _RESULT_COLUMNS, _result_rows(tables))
    for source in test.sources:
        rows = ((method, *_score_columns(row[source])) for method, row in test.cells.items() if source in row)
        write_csv(folder / "scores" / f"{source}.csv", ("method", *_SCORE_COLUMNS), rows)
    if any(table.kinds for table in tables):
        write_csv(folder / "kinds.csv", _KIND_COLUMNS, _kind_rows(tables))
    if any(table.memory for table in tables):
        write_csv(folder / "memory.csv", _MEMORY_COLUMNS, _memory_rows(tables))
    if capacities:
        write_csv(folder / "capacities.csv", _CAPACITY_COLUMNS, _capacity_rows(capacities))
    for source in sorted({source for table in lengths for source in table.sources}):
        header = ("step", "method", "tokens", *_SCORE_COLUMNS)
        write_csv(folder / "lengths" / f"{source}.csv", header, _length_rows(source, tables))


def _result_rows(tables: Sequence[ScoreTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for method, row in table.cells.items():
            for source, cell in row.items():
                yield (
                    *(method, source, table.context_length, cell.instances, cell.questions),
                    *_score_columns(cell),
                    *_delta_columns(cell.delta),
                    *_round_columns((cell.tool_format, cell.compression, cell.content, cell.total)),
                    *_delta_columns(cell.total_delta),
                    round(cell.memory_tokens),
                )


def _kind_rows(tables: Sequence[ScoreTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for method, by_source in table.kinds.items():
            for source, cells in by_source.items():
                for (kind, has_wrong), cell in cells.items():
                    yield (
                        *(method, source, table.context_length, kind, "yes" if has_wrong else "no"),
                        *(cell.instances, cell.questions),
                        *_round_columns((cell.score, cell.ci_low, cell.ci_high)),
                    )


def _memory_rows(tables: Sequence[ScoreTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for method, by_source in table.memory.items():
            for source, cell in by_source.items():
                fractions = (cell.recall, cell.stale, cell.forgotten, cell.noise)
                yield (
                    *(method, source, table.context_length, cell.instances),
                    *("" if fraction is None else f"{fraction:.4f}" for fraction in fractions),
                    round(cell.memory_tokens),
                )


def _capacity_rows(capacities: CapacityTables) -> Iterator[Sequence[object]]:
    for method in next(iter(capacities.values())).cells:
        for capacity, table in capacities.items():
            for source, cell in table.cells[method].items():
                yield (
                    *(method, source, f"{capacity:g}", cell.instances, cell.questions),
                    *_score_columns(cell),
                    round(cell.memory_tokens),
                )


def _length_rows(source: str, tables: Sequence[ScoreTable]) -> Iterator[Sequence[object]]:
    for method in tables[0].cells:
        for number, table in enumerate(tables, start=1):
            cell = table.cells.get(method, {}).get(source)
            if cell is not None:
                step = f"{method} {number:02} {format_length(table.context_length)}"
                yield step, method, table.context_length, *_score_columns(cell)


def _score_columns(cell: ScoreCell) -> Sequence[str]:
    return _round_columns((cell.score, cell.ci_low, cell.ci_high))


def _delta_columns(delta: Delta | None) -> Sequence[str]:
    return ("", "", "") if delta is None else _round_columns(delta)


def _round_columns(values: Sequence[float]) -> Sequence[str]:
    return [f"{value:.4f}" for value in values]
