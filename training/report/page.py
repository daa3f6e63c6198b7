"""The evaluation as one HTML page that loads nothing, and as tables beside it; every text escaped."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.report.page import environment
from training.params import AnswerParams
from training.recall import LONG_CONTEXT
from training.report.figures import fates, length_panels, panels, series, short
from training.report.standings import LONGEST, is_ceiling, standings
from training.report.tables import write_tables
from training.summary import AVERAGE, Table


def write_report(folder: Path, tables: Sequence[Table], answer: AnswerParams) -> None:
    """Write index.html and the CSV files of `write_tables` below a folder."""
    (folder / "index.html").write_text(page(tables, answer), encoding="utf-8", newline="\n")
    write_tables(folder, tables)


def page(tables: Sequence[Table], answer: AnswerParams) -> str:
    """The page. The same tables, the one of the test instances first, and params give the same text."""
    test, *lengths = tables
    rows = standings(test, answer)
    played = series(lengths, rows)
    made = environment("training.report", "pipeline.report")
    made.filters |= {"signed": _signed, "short": short}
    return made.get_template("evaluation.html.j2").render(
        answer=answer,
        test=test,
        tables=tables,
        lengths=lengths,
        rows=rows,
        few=_few(test),
        panels=panels(test, rows),
        series=played,
        length_panels=length_panels(tables, played),
        small=_small(test, lengths),
        calls={method: fates(counts) for method, counts in test.calls.items()},
        ceiling=any(is_ceiling(row.method, answer) for row in rows),
        average=AVERAGE,
        against=test.against,
        longest=LONGEST,
        window=LONG_CONTEXT,
    )


def _few(test: Table) -> dict[str, int]:
    """Methods that played fewer instances than others did, and how many."""
    played = {method: row[AVERAGE].instances for method, row in test.cells.items()}
    return {method: count for method, count in played.items() if count < max(played.values())}


def _small(test: Table, lengths: Sequence[Table]) -> dict[str, list[str]]:
    """The sources that have no instance of some lengths, and which."""
    missing = {
        source: [short(table.stretch) for table in lengths if source not in table.judged]
        for source in sorted(test.judged)
    }
    return {source: names for source, names in missing.items() if names}


def _signed(number: float) -> str:
    """A number with its sign; none before what is rounded to zero."""
    text = f"{number:+.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "−")
