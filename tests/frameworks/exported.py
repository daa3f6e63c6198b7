"""Packages of small datasets."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.storage import write_rows
from stages.cli.export_environment import export_environment
from tests.frameworks.virtual_environments import FrameworkVenv
from training.memory.schema import EpisodeInput

Export = Callable[[Sequence[EpisodeInput], EpisodeParams], Path]


def make_export(folder: Path, framework: str, venv: FrameworkVenv, assets: Path) -> Export:
    """Return a function that exports and installs the package of a dataset with these instances."""

    def export(instances: Sequence[EpisodeInput], params: EpisodeParams) -> Path:
        package = export_package(folder, framework, instances, params, assets)
        venv.install(package, cwd=folder)
        venv.check(cwd=folder)
        return package

    return export


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


def write_dataset(venv: FrameworkVenv, folder: Path, *options: str, name: str = "rows.parquet") -> str:
    """Write the rows of the train split by the package's command, and return what it printed."""
    done = venv.run("python", "-m", "memcurate_memory.rows", name, *options, cwd=folder)
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout
