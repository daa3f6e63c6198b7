"""The report's figures as CSV files, which DVC plots and any table program reads."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.report.distributions import MEASURES, Distributions, bins
from pipeline.report.figures import rows
from pipeline.report.funnel import Yield


def write_tables(
    folder: Path,
    yields: Mapping[str, Yield],
    distributions: Mapping[str, Distributions],
) -> None:
    """Write the CSV files of the report.

    - funnel.csv: source, kind, step, reason, count; a line per level and per reason of every funnel.
    - questions/<source>.csv: step, count; the funnel of questions, as a bar chart reads it.
    - <measure>/<source>.csv: from, percent; the share of the values in the bin that begins there.
    """
    steps = (step for source, one in yields.items() for step in _steps(source, one))
    write_csv(folder / "funnel.csv", ("source", "kind", "step", "reason", "count"), steps)
    for source, one in yields.items():
        numbered = enumerate(rows(one.funnels[0]), start=1)
        lines = ((f"{number:02} {row.name}", row.count) for number, row in numbered)
        write_csv(folder / "questions" / f"{source}.csv", ("step", "count"), lines)
    for measure in MEASURES:
        shared = bins(measure, [one.values[measure.key] for one in distributions.values()])
        lows = [shared.low(number) for number in range(shared.count)]
        for source, of in distributions.items():
            percents = _percents(shared.counted(of.values[measure.key]))
            path = folder / measure.key / f"{source}.csv"
            write_csv(path, ("from", "percent"), zip(lows, percents, strict=True))


def _steps(source: str, of: Yield) -> Iterator[tuple[str, str, str, str, int]]:
    for funnel in of.funnels:
        for level in funnel.levels:
            yield source, funnel.kind, level.name, "", level.count
            for reason, count in level.drops.items():
                yield source, funnel.kind, f"dropped by {level.stage}", reason, count
    for reason, count in of.refused.items():
        yield source, "records", "refused by chunk", reason, count


def _percents(counts: Sequence[int]) -> list[str]:
    whole = max(sum(counts), 1)
    return [f"{100 * count / whole:.2f}" for count in counts]


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Write a CSV file, and its folder where there is none."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
