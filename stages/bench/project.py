"""Stages as they are, each a process of its own, in a passing copy of the project: its data is only read."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import MemcurateError
from pipeline.params import Params
from stages.running import REVIEWS

_CODE = Path(__file__).parents[2]
_MEASURED = Path(__file__).with_name("measured.py")


@dataclass(frozen=True)
class Run:
    """What a process took."""

    seconds: float
    megabytes: float  # at the peak, of its largest process: with one worker there is no other


@contextmanager
def passing_project(*rooms: Path) -> Iterator[Path]:
    """A folder with params.yaml, reviews/ and links to these rooms of data/, removed at the end.

    Raises MemcurateError when a room is missing.
    """
    for room in rooms:
        if not room.exists():
            raise MemcurateError(f"{room} is missing: build it with `dvc repro`")
    with TemporaryDirectory(prefix="memcurate-bench-") as folder:
        project = Path(folder)
        shutil.copy("params.yaml", project)
        if REVIEWS.exists():
            shutil.copytree(REVIEWS, project / REVIEWS)
        for room in rooms:
            link = project / room
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(room.absolute())
        yield project


def run(project: Path, module: str, *arguments: str | Path) -> Run:
    """Run `python -m MODULE ARGUMENT…` in a project, with one worker unless MEMCURATE_WORKERS says more.

    Raises MemcurateError with what it printed when it fails.
    """
    done = subprocess.run(
        [sys.executable, _MEASURED, "-m", module, *arguments],
        cwd=project,
        env={
            "MEMCURATE_WORKERS": "1",
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(_CODE), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MemcurateError(f"{module} failed: {done.stderr.strip()}")
    seconds, megabytes = map(float, done.stdout.split()[-2:])
    return Run(seconds, megabytes)


def source_of(params: Params, recipe: str) -> str | None:
    """The first source in `use` that is chunked by this recipe."""
    return next((name for name in params.use if params.sources[name].chunking.recipe == recipe), None)
