"""Fuzz every door, guided by coverage, and report findings: exit status 1 where there is one."""

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from tests.fuzz.door import MEGABYTES, SECONDS
from tests.fuzz.doors import all_assets, doors
from tests.fuzz.runner import Tally, run

_FOLDER = Path(".fuzz")  # the corpora, which the next run goes on from, and the inputs of findings


def main() -> int:
    """Run, print a row for each door and the findings."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=20, help="in all (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0, help="another seed gives other inputs")
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--door", action="append", help="only doors whose names begin so; may be repeated")
    given = arguments.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed: it has packages for Linux on x86-64, and Python up to 3.13")
    with tempfile.TemporaryDirectory() as folder:
        assets = all_assets(Path(folder) / "assets").resolve()
        chosen = [door for door in doors(assets) if door.name.startswith(tuple(given.door or [""]))]
        if not chosen:
            sys.exit("no door has such a name")
        print(f"{'door':<58} {'inputs':>9} {'new paths':>9} {'code':>6}  slowest   memory  found")
        tallies = [
            _tell(*one)
            for one in run(chosen, 60 * given.minutes, given.seed, given.workers, _FOLDER.resolve(), assets)
        ]
    inputs, found = sum(tally.inputs for tally in tallies), sum(len(tally.findings) for tally in tallies)
    print(f"{inputs:,} inputs, {found} findings (bounds: {SECONDS:g} s, {MEGABYTES} MB)")
    return 1 if found else 0


def _tell(name: str, tally: Tally) -> Tally:
    """Print the row of a door, and its findings."""
    print(
        f"{name:<58} {tally.inputs:>9,} {tally.new_paths:>9,} {tally.coverage:>6,} {tally.slowest:>6} s"
        f" {tally.memory:>5} MB {len(tally.findings):>6}",
        *(_describe(path) for path in tally.findings),
        sep="\n    ",
        flush=True,
    )
    return tally


def _describe(path: Path) -> str:
    """Return the kind of a finding, and where its input is."""
    text = path.with_suffix(".txt")
    kind = text.read_text(encoding="utf-8").partition("\n")[0] if text.exists() else "the process died"
    return f"{kind}: {os.path.relpath(path)}"


if __name__ == "__main__":
    sys.exit(main())
