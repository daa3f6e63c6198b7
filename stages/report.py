"""report: what was asked, dropped and kept, as one HTML page and as tables for plots."""

from collections import Counter
from typing import Any

from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.parity.comparison import read_all
from pipeline.report.distributions import Distributions, totals
from pipeline.report.examples import KeptExamples, rejected_examples
from pipeline.report.funnel import Funnel, read_yields
from pipeline.report.page import SourceReport, page
from pipeline.report.shapes import FindingOutline, ReadInstance, Rooms
from pipeline.report.tables import write_tables
from pipeline.storage import read_about, read_rows, split_files
from stages.running import CHUNKS, DATASET, FILTERED, PARITY, QUESTIONS, REPORT, run


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/report: index.html, funnel.csv, questions/<source>.csv, a CSV per distribution."""
    rooms = Rooms(CHUNKS, QUESTIONS, FILTERED, DATASET)
    yields = read_yields(params.use, rooms)
    distributions = {source: Distributions() for source in params.use}
    kept = KeptExamples(params.seed)
    for path in split_files(DATASET).values():
        for instance in read_rows(path, ReadInstance):
            distributions[instance.source].add(instance)
            kept.offer(instance)
    reports = []
    for source in params.use:
        about = read_about(FILTERED / source / "instances.parquet")
        findings = read_rows(FILTERED / source / "findings.parquet", FindingOutline)
        reports.append(
            SourceReport(
                name=source,
                title=about["memcurate.about.title"],
                licence=about["memcurate.about.licence"],
                yielded=yields[source],
                distributions=distributions[source],
                kept=kept.of(source),
                rejected=rejected_examples(source, rooms, params.seed),
                findings=Counter(finding.kind for finding in findings),
            )
        )
    with whole_folder(REPORT) as folder:
        text = page(reports, read_all(PARITY, params.use), params.seed)
        (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
        write_tables(folder, yields, distributions)
    return {
        "totals": totals(distributions.values()),
        "sources": {
            source: {funnel.kind: _counts(funnel) for funnel in one.funnels} for source, one in yields.items()
        },
    }


def _counts(funnel: Funnel) -> dict[str, float]:
    """The levels of a funnel, and the last as percent of the first."""
    counts = {level.name.replace(" ", "_"): level.count for level in funnel.levels}
    return {**counts, "percent": round(100 * funnel.end / max(funnel.start, 1), 2)}


if __name__ == "__main__":
    run(stage, "report")
