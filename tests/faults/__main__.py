"""Disturb the stages of a small project, and report what does not hold: exit status 1 where there is any."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.faults.kills import draw_kill, kill
from tests.faults.machine_faults import disturb, draw_fault
from tests.faults.repro_kills import draw_repro_kill, kill_repro
from tests.faults.sandbox import Sandbox, Stage, list_stages, make_sandbox
from tests.fuzz.doors import all_assets


def main() -> int:
    """Run, print a line for each finding, and the counts of each kind of fault."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=30, help="at most (default: %(default)s)")
    arguments.add_argument("--cases", type=int, default=600, help="at most (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0, help="another seed gives other faults")
    arguments.add_argument(
        "--stage", action="append", help="only stages whose names begin so; may be repeated"
    )
    given = arguments.parse_args()
    end = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory(prefix="memcurate-faults-") as folder:
        sandbox = _build(Path(folder))
        chosen = [one for one in list_stages() if one.target.startswith(tuple(given.stage or [""]))]
        if not chosen:
            sys.exit("no stage has such a name")
        counts, findings = Counter[str](), 0
        for kind, stage, fault, wrong in _iter_cases(sandbox, chosen, given.cases, given.seed, end):
            counts[kind] += 1
            findings += bool(wrong)
            for line in wrong:
                print(f"{stage.target}, {fault}: {line}", flush=True)
            if wrong:
                sandbox.clear()
    for kind, count in sorted(counts.items()):
        print(f"{kind:<16} {count:>6}")
    print(f"{counts.total():,} faults in {len(chosen)} stages, {findings} findings (seed {given.seed})")
    return 1 if findings else 0


def _build(folder: Path) -> Sandbox:
    project = folder / "project"
    for sandbox, stage in make_sandbox(project, all_assets(folder / "assets").resolve(), list_stages()):
        print(f"{stage.target}: {sandbox.runs[stage].seconds:.1f} s undisturbed", file=sys.stderr)
    return sandbox


def _iter_cases(
    sandbox: Sandbox, stages: list[Stage], cases: int, seed: int, end: float
) -> Iterator[tuple[str, Stage, str, list[str]]]:
    """Yield (kind, stage, fault, what is wrong) of each case.

    There are five kills for each fault of the machine, and one of fifty is a kill of a whole `dvc repro`.
    """
    may_mount = _may_mount(sandbox.folder / "temporary")
    weights = [1 / sandbox.runs[stage].seconds ** 0.5 for stage in stages]  # short stages more often
    for number in range(cases):
        if time.monotonic() > end:
            return
        draw = Random(f"{seed}/{number}")
        if number % 50 == 1:
            repro = draw_repro_kill(draw, sandbox)
            yield "kill of a repro", repro.stages[-1], str(repro), list(kill_repro(sandbox, repro))
            continue
        (stage,) = draw.choices(stages, weights)
        if number % 6:
            planned = draw_kill(draw, sandbox, stage)
            kind = "interrupt" if planned.number.name in ("SIGINT", "SIGTERM") else "kill"
            kind = f"{kind} on Ray" if planned.engine == "ray" else kind
            yield kind, stage, str(planned), list(kill(sandbox, stage, planned, draw.random() < 0.5))
        else:
            fault = draw_fault(draw, sandbox, stage, may_mount)
            yield fault.name, stage, str(fault), list(disturb(sandbox, stage, fault))


def _may_mount(folder: Path) -> bool:
    if shutil.which("mount") is None:
        return False
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        print("full and read-only disks are left out: this user may not mount one", file=sys.stderr)
        return False
    subprocess.run(["umount", folder], check=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
