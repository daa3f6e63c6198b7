"""Stages in processes of their own, in a temporary project that links to the real data and only reads it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from stages.shared.paths import REVIEWS_DIR

_CODE_DIR = Path(__file__).parents[3]
_MEASURE_SCRIPT = Path(__file__).with_name("measured_command.py")


@dataclass(frozen=True)
class ProcessUsage:
    """Time and memory of a process and its child processes."""

    seconds: float
    processor_seconds: float  # of all its processes
    peak_mb: float  # peak of its largest process
    total_peak_mb: float  # peak of all its processes together, by samples


@contextmanager
def temporary_project(*data_dirs: Path) -> Iterator[Path]:
    """Make a folder with params.yaml, reviews/ and links to `data_dirs`, and remove it at the end.

    Raises MemcurateError when a folder of the data is missing.
    """
    for data_dir in data_dirs:
        if not data_dir.exists():
            raise MemcurateError(f"{data_dir} is missing: build it with `dvc repro`")
    with TemporaryDirectory(prefix="memcurate-bench-") as folder:
        project = Path(folder)
        shutil.copy("params.yaml", project)
        if REVIEWS_DIR.exists():
            shutil.copytree(REVIEWS_DIR, project / REVIEWS_DIR)
        for data_dir in data_dirs:
            link = project / data_dir
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(data_dir.absolute())
        yield project


def run_module(
    project: Path, module: str, *arguments: str | Path, workers: int | None = None
) -> ProcessUsage:
    """Run `python -m MODULE ARGUMENT…` in a project, with `workers`, or MEMCURATE_WORKERS, or one worker.

    Raises MemcurateError with its error output when it fails.
    """
    done = subprocess.run(
        [sys.executable, _MEASURE_SCRIPT, "-m", module, *arguments],
        cwd=project,
        env={
            "MEMCURATE_WORKERS": "1",
            **os.environ,
            **({} if workers is None else {"MEMCURATE_WORKERS": str(workers)}),
            "PYTHONPATH": os.pathsep.join([str(_CODE_DIR), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MemcurateError(f"{module} failed: {done.stderr.strip()}")
    return ProcessUsage(*map(float, done.stdout.split()[-4:]))


def find_source(params: Params, strategy: str) -> str | None:
    """Return the first source in `enabled_sources` with this chunking strategy."""
    return next(
        (name for name in params.enabled_sources if params.sources[name].chunking.strategy == strategy), None
    )
