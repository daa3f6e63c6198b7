"""Run a script of these tests in several processes, as torchrun starts them on a CPU."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def run_in_processes(count: int, script: str, *arguments: Path) -> str:
    """Return what a script beside this module prints in `count` processes, each with one thread."""
    path = ROOT / "tests" / "training" / "rl" / script
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
    return subprocess.check_output(
        [*launch, str(path), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        text=True,
    )
