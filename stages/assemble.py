"""assemble: the filtered sources as a dataset in data/dataset, with its splits, rejects and card."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, SourceCard
from pipeline.core.schema import DRAWN_SPLITS, SPLITS, PiiFinding, Reject
from pipeline.core.statistics import STATISTICS_FILE, InstanceStats, RejectStats
from pipeline.core.storage import find_parts, find_split_files, read_metadata, read_rows, write_rows
from pipeline.publish.dataset_card import render_card
from pipeline.publish.select_instances import Selection, assert_no_leakage, select_instances
from pipeline.publish.split_files import write_splits
from stages.shared.paths import DATASET_DIR, FILTERED_DIR, REJECTS_FILE
from stages.shared.runner import run_stage

_logger = logging.getLogger(__name__)


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/dataset: files of each split, sorted by id, rejects.parquet and README.md.

    The split `evaluation` is written where `dataset.eval_only_sources` names a source.
    """
    # Ids begin with the source: files in this order are sorted by id.
    sources = sorted(params.enabled_sources)
    inputs = [path for source in sources for path in find_parts(FILTERED_DIR / source / "instances.parquet")]
    with atomic_folder(DATASET_DIR) as folder, TemporaryDirectory(dir=folder.parent) as work_dir:
        with select_instances(inputs, params.dataset, params.seed, Path(work_dir) / "selection") as selection:
            stats = _write_splits(inputs, selection, folder)
            write_rows(folder / REJECTS_FILE, Reject, selection.rejects())
            num_rejected, ids = selection.num_rejected(), selection.ids()
            statistics = {
                source: _describe_source(source, stats[source], selection, params) for source in sources
            }
        files = find_split_files(folder)
        assert_no_leakage(files, params.dataset.decontamination_ngram, Path(work_dir) / "verification")
        cards = {source: _read_source_card(source) for source in sources}
        personal = {source: _count_pii(source, ids) for source in sources}
        counts = {source: stats[source].by_split() for source in sources}
        text = render_card(params, cards, counts, personal, _render_changes(params, folder), files)
        (folder / "README.md").write_text(text, encoding="utf-8")
        write_json(folder / STATISTICS_FILE, statistics)
    totals: Counter[str] = Counter()
    for source in sources:
        totals.update(stats[source].totals())
    return {**totals, "rejected": num_rejected}


def _write_splits(inputs: Sequence[Path], selection: Selection, folder: Path) -> dict[str, InstanceStats]:
    """Write the splits; return the statistics of each source. Raises MemcurateError where one is empty."""
    numbers = {split: of_split for split in SPLITS if (of_split := selection.numbers(split))}
    for split in DRAWN_SPLITS:
        if split not in numbers:
            raise MemcurateError(
                f"the {split} split is empty: enable more sources, or raise split.test_fraction or "
                "split.max_document_fraction"
            )
    return write_splits(inputs, numbers, folder)


def _describe_source(
    source: str, stats: InstanceStats, selection: Selection, params: Params
) -> dict[str, Any]:
    """Return the statistics of a source, and log a warning for each split that its rejects leave empty."""
    counts = stats.by_split()
    rejects = RejectStats(selection.rejects(source))
    if rejects.total():  # else an earlier stage has warned
        for line in rejects.explain_empty_splits(counts, source in params.dataset.eval_only_sources):
            _logger.warning("assemble: %s: %s", source, line)
    return {**counts, "rejects": rejects.by_split()}


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
