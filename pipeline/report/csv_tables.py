"""The report's counts as CSV files, for `dvc plots` and for any table program."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.core.csv_files import write_csv
from pipeline.report.charts import funnel_rows
from pipeline.report.distributions import MEASURES, SourceDistributions, count_totals, make_shared_bins
from pipeline.report.funnel import SourceYield

_TOTALS = ("instances", "chunks", "questions", "tokens")


def write_tables(
    folder: Path,
    yields: Mapping[str, SourceYield],
    distributions: Mapping[str, SourceDistributions],
) -> None:
    """Write the CSV files of the report.

    - funnel.csv: source, kind, step, reason, count; a line per level and per reason of every funnel.
    - totals.csv: source, split, instances, chunks, questions, tokens; of the dataset.
    - questions/<source>.csv: step, count; the funnel of questions, for a bar chart.
    - <measure>/<source>.csv: from, percent; the percentage of the values in the bin that begins at `from`.
    """
    steps = (step for source, one in yields.items() for step in _funnel_csv_rows(source, one))
    write_csv(folder / "funnel.csv", ("source", "kind", "step", "reason", "count"), steps)
    write_csv(folder / "totals.csv", ("source", "split", *_TOTALS), _totals_csv_rows(distributions))
    for source, one in yields.items():
        numbered = enumerate(funnel_rows(one.funnels[0]), start=1)
        lines = ((f"{number:02} {row.name}", row.count) for number, row in numbered)
        write_csv(folder / "questions" / f"{source}.csv", ("step", "count"), lines)
    for measure in MEASURES:
        bins = make_shared_bins(measure, [one.values[measure.key] for one in distributions.values()])
        lower_edges = [bins.lower_edge(number) for number in range(bins.count)]
        for source, distribution in distributions.items():
            percents = _percentages(bins.count_values(distribution.values[measure.key]))
            path = folder / measure.key / f"{source}.csv"
            write_csv(path, ("from", "percent"), zip(lower_edges, percents, strict=True))


def _totals_csv_rows(distributions: Mapping[str, SourceDistributions]) -> Iterator[Sequence[object]]:
    for source, one in distributions.items():
        for split, counts in count_totals([one]).items():
            yield source, split, *(counts[name] for name in _TOTALS)


def _funnel_csv_rows(source: str, source_yield: SourceYield) -> Iterator[tuple[str, str, str, str, int]]:
    for funnel in source_yield.funnels:
        for level in funnel.levels:
            yield source, funnel.kind, level.name, "", level.count
            for reason, count in level.drops.items():
                yield source, funnel.kind, f"dropped by {level.stage}", reason, count
    for reason, count in source_yield.rejected_records.items():
        yield source, "records", "rejected by chunk", reason, count


def _percentages(counts: Sequence[int]) -> list[str]:
    total = max(sum(counts), 1)
    return [f"{100 * count / total:.2f}" for count in counts]
