"""Packages of small datasets."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.storage import write_rows
from stages.cli.export_environment import export_environment
from training.memory.schema import EpisodeInput


def export_package(
    folder: Path, framework: str, instances: Sequence[EpisodeInput], params: EpisodeParams, assets: Path
) -> Path:
    """Export the package of a dataset of these instances, each in its split, and return its folder."""
    dataset, package = folder / "dataset", folder / "package"
    dataset.mkdir()
    (dataset / "README.md").write_text("# Made\n", encoding="utf-8")
    for split in {one.split for one in instances}:
        write_rows(
            dataset / f"{split}.parquet", EpisodeInput, [one for one in instances if one.split == split]
        )
    export_environment(package, framework, params, dataset=dataset, assets=assets)
    return package
