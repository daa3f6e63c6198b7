"""Write the report of an evaluation: an HTML page that loads nothing, and CSV tables. All text is escaped."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.html import create_environment
from pipeline.core.params import AnswerParams
from training.evaluation.aggregate import AVERAGE, CapacityTables, ScoreTable
from training.evaluation.breakdowns import KindName
from training.evaluation.report.charts import (
    assign_capacity_styles,
    assign_series_styles,
    build_capacity_panels,
    build_dot_panels,
    build_line_panels,
    build_outcome_bars,
    format_capacity,
    format_length,
)
from training.evaluation.report.csv_tables import write_tables
from training.evaluation.report.leaderboard import LONG_CONTEXT_METHOD, build_leaderboard, is_upper_bound
from training.evaluation.retrieval import LONG_CONTEXT_TOKENS


def write_report(
    folder: Path,
    tables: Sequence[ScoreTable],
    answer: AnswerParams,
    capacities: CapacityTables | None = None,
) -> None:
    """Write index.html and the CSV files of `write_tables` below a folder."""
    page = render_page(tables, answer, capacities)
    (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
    write_tables(folder, tables, capacities)


def render_page(
    tables: Sequence[ScoreTable], answer: AnswerParams, capacities: CapacityTables | None = None
) -> str:
    """Return the page as HTML; `tables` begins with that of the test instances.

    The same arguments give the same text.
    """
    test, *lengths = tables
    rows = build_leaderboard(test, answer)
    series = assign_series_styles(lengths, rows)
    environment = create_environment("training.evaluation.report")
    environment.filters |= {"signed": _format_signed, "short_length": format_length}
    return environment.get_template("evaluation.html.j2").render(
        answer=answer,
        test=test,
        tables=tables,
        lengths=lengths,
        rows=rows,
        partial_methods=_find_partial_methods(test),
        dot_panels=build_dot_panels(test, rows),
        kinds_by_source=_list_kinds(test),
        series=series,
        line_panels=build_line_panels(tables, series),
        length_ticks=[format_length(table.context_length) for table in tables],
        capacities=capacities or {},
        capacity_series=assign_capacity_styles(capacities or {}),
        capacity_panels=build_capacity_panels(capacities or {}),
        capacity_ticks=[format_capacity(capacity) for capacity in capacities or {}],
        missing_lengths=_find_missing_lengths(test, lengths),
        outcome_bars={method: build_outcome_bars(calls) for method, calls in test.call_outcomes.items()},
        has_upper_bound=any(is_upper_bound(row.method, answer) for row in rows),
        average=AVERAGE,
        reference=test.reference,
        long_context=LONG_CONTEXT_METHOD,
        long_context_tokens=LONG_CONTEXT_TOKENS,
    )


def _list_kinds(test: ScoreTable) -> dict[str, list[KindName]]:
    """Return the kinds of the questions of each source, both in alphabetical order."""
    kinds: dict[str, set[KindName]] = {}
    for by_source in test.kinds.values():
        for source, cells in by_source.items():
            kinds.setdefault(source, set()).update(cells)
    return {source: sorted(kinds[source]) for source in sorted(kinds)}


def _find_partial_methods(test: ScoreTable) -> dict[str, int]:
    """Return the methods that were evaluated on fewer instances than others, with their numbers."""
    num_instances = {method: row[AVERAGE].instances for method, row in test.cells.items()}
    return {
        method: number for method, number in num_instances.items() if number < max(num_instances.values())
    }


def _find_missing_lengths(test: ScoreTable, lengths: Sequence[ScoreTable]) -> dict[str, list[str]]:
    """Return the sources that have no instance of some lengths, with these lengths."""
    missing = {
        source: [format_length(table.context_length) for table in lengths if source not in table.num_unscored]
        for source in sorted(test.num_unscored)
    }
    return {source: names for source, names in missing.items() if names}


def _format_signed(number: float) -> str:
    """Return a number with its sign, or without one where it is rounded to zero."""
    text = f"{number:+.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "−")
