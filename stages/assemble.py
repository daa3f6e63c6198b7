"""assemble: the filtered sources into data/dataset: train, test, rejects and the card."""

from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.card import card
from pipeline.comparing.comparison import SourceDiff, Wanted, compare
from pipeline.dataset import choose, verify_sides
from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder
from pipeline.params import About, Params
from pipeline.schema import Finding, Instance, InstanceOutline, Reject
from pipeline.statistics import Figures, by_reason, lost_sides
from pipeline.storage import copy_rows, read_about, read_rows, split_files, write_rows
from stages.exits import tell
from stages.running import DATASET, FILTERED, run


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/dataset: train.parquet and test.parquet, and evaluation.parquet where there are evaluation
    sets, sorted by id; rejects.parquet, README.md.
    """
    sources = sorted(params.use)  # ids begin with the source: sorted files make a sorted dataset
    about = {source: _about(source) for source in sources}
    files = {source: FILTERED / source / "instances.parquet" for source in sources}
    chosen, rejects = choose(
        lambda: (one for path in files.values() for one in read_rows(path, InstanceOutline)),
        params.dataset,
        params.seed,
    )
    figures_of = {source: Figures() for source in sources}
    with whole_folder(DATASET) as folder:
        for split, ids in chosen.items():
            path = folder / f"{split}.parquet"
            if not ids and split == "evaluation":
                continue
            if not copy_rows(files.values(), path, Instance, ids, {"split": split}):
                raise MemcurateError(
                    f"the {split} side is empty: use more sources, or raise split.test_share or "
                    "split.max_document_share"
                )
            for outline in read_rows(path, InstanceOutline):
                figures_of[outline.source].add(outline)
        paths = split_files(folder)
        verify_sides(
            lambda split: read_rows(paths[split], InstanceOutline) if split in paths else (), params.dataset
        )
        write_rows(folder / "rejects.parquet", Reject, sorted(rejects, key=lambda one: one.id))
        kept = set().union(*chosen.values())
        personal = {source: _personal_data(source, kept) for source in sources}
        counts = {source: figures.by_split() for source, figures in figures_of.items()}
        text = card(params, about, counts, personal, _changes(params, folder))
        (folder / "README.md").write_text(text, encoding="utf-8")
    for source in sources:
        of_source = [one for one in rejects if one.source == source]
        if of_source:  # else what is missing was told before
            for line in lost_sides(counts[source], of_source, source in params.dataset.evaluation):
                tell("assemble", f"{source}: {line}")
        counts[source]["rejects"] = by_reason(of_source)
    return counts


def _changes(params: Params, folder: Path) -> list[SourceDiff]:
    """What differs between the version that came before and what was written to a folder just now."""
    if params.dataset.previous is None:
        return []
    from stages.versions import Assembled, version  # loads DVC: a second, and rarely needed

    return compare(version(params.dataset.previous), Assembled(folder), Wanted(samples=0))


def _about(source: str) -> About:
    """What the card says of a source, as its filter stage wrote it down."""
    metadata = read_about(FILTERED / source / "instances.parquet")
    prefix = "memcurate.about."
    return About(
        **{key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    )


def _personal_data(source: str, kept: set[str]) -> dict[str, int]:
    """How many findings of each kind stand in the instances that are kept."""
    findings = read_rows(FILTERED / source / "findings.parquet", Finding)
    return dict(Counter(finding.kind for finding in findings if finding.instance in kept))


if __name__ == "__main__":
    run(stage, "assemble")
