"""report: funnels, distributions and examples of the dataset, as one HTML page and tables for plots."""

from collections import Counter
from itertools import chain
from typing import Any

from pipeline.core.atomic import atomic_folder
from pipeline.core.params import Params
from pipeline.core.storage import find_split_files, read_metadata, read_parts, read_rows
from pipeline.parity.comparison import read_comparisons
from pipeline.report.csv_tables import write_tables
from pipeline.report.distributions import SourceDistributions
from pipeline.report.examples import KeptQuestionSampler, sample_rejects
from pipeline.report.funnel import read_yields
from pipeline.report.page import SourceReport, render_page
from pipeline.report.projections import InstanceTextProjection, PiiFindingProjection, ReportInputDirs
from stages.shared.paths import CHUNKS_DIR, DATASET_DIR, FILTERED_DIR, PARITY_DIR, QUESTIONS_DIR, REPORT_DIR
from stages.shared.runner import run_stage


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/report: index.html, funnel.csv, questions/<source>.csv, a CSV per distribution."""
    input_dirs = ReportInputDirs(CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR, DATASET_DIR)
    yields = read_yields(params.enabled_sources, input_dirs)
    distributions = {source: SourceDistributions() for source in params.enabled_sources}
    sampler = KeptQuestionSampler(params.seed)
    paths = chain.from_iterable(find_split_files(DATASET_DIR).values())
    for instance in read_parts(paths, InstanceTextProjection):
        distributions[instance.source].add(instance)
        sampler.offer(instance)
    reports = []
    for source in params.enabled_sources:
        card = read_metadata(FILTERED_DIR / source / "instances.parquet")
        findings = read_rows(FILTERED_DIR / source / "pii_findings.parquet", PiiFindingProjection)
        reports.append(
            SourceReport(
                name=source,
                title=card["memcurate.card.title"],
                license=card["memcurate.card.license"],
                source_yield=yields[source],
                distributions=distributions[source],
                kept_examples=sampler.by_origin(source),
                rejected_examples=sample_rejects(source, input_dirs, params.seed),
                pii_counts=Counter(finding.kind for finding in findings),
            )
        )
    with atomic_folder(REPORT_DIR) as folder:
        text = render_page(reports, read_comparisons(PARITY_DIR, params.enabled_sources), params.seed)
        (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
        write_tables(folder, yields, distributions)
    questions = [funnel for one in yields.values() for funnel in one.funnels if funnel.kind == "questions"]
    num_created = sum(funnel.start for funnel in questions)
    kept_percent = 100 * sum(funnel.end for funnel in questions) / max(num_created, 1)
    return {"kept_percent": round(kept_percent, 1)}


if __name__ == "__main__":
    run_stage(stage, "report")
