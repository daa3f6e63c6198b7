"""Run a storm and report findings: exit status 1 where there is one."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.storm.findings import figures, find
from tests.storm.runner import run

_FOLDER = Path(".storm")  # where log and cache of a storm with findings are kept


def main() -> int:
    """Run, print figures and findings, keep the log and the cache where there are findings."""
    arguments = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    arguments.add_argument("--items", type=int, default=10_000, help="jobs (default: %(default)s)")
    arguments.add_argument("--kills", type=int, default=20, help="of the client (default: %(default)s)")
    arguments.add_argument(
        "--faults", type=float, default=0.4, help="fraction of the requests (default: %(default)s)"
    )
    arguments.add_argument("--seed", type=int, default=0, help="another seed gives other faults and kills")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storm = run(given.items, given.kills, given.faults, given.seed, Path(folder))
        found = find(storm)
        if found:
            shutil.copytree(folder, _FOLDER, dirs_exist_ok=True)
    print(figures(storm))
    print(
        *found[:50], f"{len(found)} findings" + (f", log and cache in {_FOLDER}" if found else ""), sep="\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
