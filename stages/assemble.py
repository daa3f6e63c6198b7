"""assemble: the filtered sources as a dataset in data/dataset, with its splits, rejects and card."""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, SourceCard
from pipeline.core.schema import Instance, InstanceProjection, PiiFinding, Reject
from pipeline.core.statistics import (
    STATISTICS_FILE,
    InstanceStats,
    count_rejected,
    count_rejects,
    explain_empty_splits,
)
from pipeline.core.storage import copy_rows, find_split_files, read_metadata, read_rows, write_rows
from pipeline.publish.dataset_card import render_card
from pipeline.publish.select_instances import assert_no_leakage, select_instances
from stages.shared.paths import DATASET_DIR, FILTERED_DIR
from stages.shared.runner import run_stage

_logger = logging.getLogger(__name__)


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/dataset: a Parquet file per split, sorted by id, rejects.parquet and README.md.

    evaluation.parquet is written where `dataset.eval_only_sources` names a source.
    """
    sources = sorted(
        params.enabled_sources
    )  # ids begin with the source: files in this order are sorted by id
    about = {source: _read_source_card(source) for source in sources}
    files = {source: FILTERED_DIR / source / "instances.parquet" for source in sources}
    chosen, rejects = select_instances(
        lambda: (one for path in files.values() for one in read_rows(path, InstanceProjection)),
        params.dataset,
        params.seed,
    )
    figures_of = {source: InstanceStats() for source in sources}
    with atomic_folder(DATASET_DIR) as folder:
        for split, ids in chosen.items():
            path = folder / f"{split}.parquet"
            if not ids and split == "evaluation":
                continue
            if not copy_rows(files.values(), path, Instance, ids, {"split": split}):
                raise MemcurateError(
                    f"the {split} split is empty: enable more sources, or raise split.test_fraction or "
                    "split.max_document_fraction"
                )
            for outline in read_rows(path, InstanceProjection):
                figures_of[outline.source].add(outline)
        paths = find_split_files(folder)
        assert_no_leakage(
            lambda split: read_rows(paths[split], InstanceProjection) if split in paths else (),
            params.dataset,
        )
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        kept = set().union(*chosen.values())
        personal = {source: _count_pii(source, kept) for source in sources}
        counts = {source: figures.by_split() for source, figures in figures_of.items()}
        text = render_card(params, about, counts, personal, _render_changes(params, folder))
        (folder / "README.md").write_text(text, encoding="utf-8")
        rejects_of = {source: [one for one in rejects if one.source == source] for source in sources}
        statistics = {
            source: {**counts[source], "rejects": count_rejects(rejects_of[source])} for source in sources
        }
        write_json(folder / STATISTICS_FILE, statistics)
    for source, of_source in rejects_of.items():
        if of_source:  # otherwise an earlier stage has warned
            for line in explain_empty_splits(
                counts[source], of_source, source in params.dataset.eval_only_sources
            ):
                _logger.warning("assemble: %s: %s", source, line)
    totals: Counter[str] = Counter()
    for figures in figures_of.values():
        totals.update(figures.totals())
    return {**totals, "rejected": count_rejected(rejects)}


def _render_changes(params: Params, folder: Path) -> list[str]:
    """Render the card's section on the changes from the baseline version to `folder`, just written."""
    baseline = params.dataset.baseline_version
    if baseline is None:
        return []
    # Imported here: it is rarely needed, and DVC takes a second to load.
    from pipeline.diff.comparison import DiffFilter, compare
    from pipeline.diff.markdown_report import render_markdown
    from stages.shared.versions import AssembledVersion, open_version

    diffs = compare(open_version(baseline), AssembledVersion(folder), DiffFilter(max_samples=0))
    return render_markdown(baseline, diffs)


def _read_source_card(source: str) -> SourceCard:
    """Read the card of a source, which its filter stage wrote into the file's metadata."""
    metadata = read_metadata(FILTERED_DIR / source / "instances.parquet")
    prefix = "memcurate.card."
    return SourceCard(
        **{key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    )


def _count_pii(source: str, kept_ids: set[str]) -> dict[str, int]:
    """Count the PII findings of each kind in the instances that are kept."""
    findings = read_rows(FILTERED_DIR / source / "pii_findings.parquet", PiiFinding)
    return dict(Counter(finding.kind for finding in findings if finding.instance in kept_ids))


if __name__ == "__main__":
    run_stage(stage, "assemble")
