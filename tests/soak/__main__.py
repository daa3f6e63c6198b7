"""Rebuild a copy of the project after random changes of its params: exit status 1 after a finding."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.project import format_yaml
from tests.soak.soak import Soak, Summary

_FOLDER = Path(".soak")  # where the params of findings are kept
_STARTER_REBUILDS = 5


def main() -> int:
    """Run, with the first params again at last; print a line for each rebuild, keep params of findings."""
    arguments = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    arguments.add_argument("--rebuilds", type=int, help=f"default: 200; with --starter {_STARTER_REBUILDS}")
    arguments.add_argument("--minutes", type=float, help="no rebuild starts after this time")
    arguments.add_argument("--seed", type=int, default=0, help="another seed gives other changes")
    arguments.add_argument(
        "--starter", action="store_true", help="the sources of params.yaml in place of small generated ones"
    )
    given = arguments.parse_args()
    rebuilds = given.rebuilds or (_STARTER_REBUILDS if given.starter else 200)
    end = time.monotonic() + 60 * given.minutes if given.minutes else float("inf")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder) / "project", given.seed, given.starter, lambda line: print(line, flush=True))
        soak.build_first()
        while soak.summary.rebuilds < rebuilds - 1 and time.monotonic() < end:
            soak.step()
        soak.go_back(workers=1, use_run_cache=False)
    _print_summary(soak.summary)
    _keep(soak.summary, given.seed)
    return 1 if soak.summary.findings else 0


def _print_summary(summary: Summary) -> None:
    for error, count in summary.refused.most_common():
        print(f"{count:>4} x refused: {error}")
    middle = sorted(summary.seconds)[len(summary.seconds) // 2]
    print(
        f"{summary.rebuilds} rebuilds, {summary.refused.total()} refused, {len(summary.findings)} findings; "
        f"seconds of a rebuild: median {middle:.1f}, max {max(summary.seconds):.1f}"
    )


def _keep(summary: Summary, seed: int) -> None:
    """Write the params of each finding, and what was found with the change from the first params."""
    for finding in summary.findings:
        _FOLDER.mkdir(exist_ok=True)
        path = _FOLDER / f"{seed}-{finding.rebuild}"
        lines = "\n".join(finding.lines)
        path.with_suffix(".txt").write_text(f"{lines}\n\n{finding.diff}", encoding="utf-8")
        path.with_suffix(".yaml").write_text(format_yaml(finding.params), encoding="utf-8")
        print(f"kept: {path}.txt, {path}.yaml")


if __name__ == "__main__":
    sys.exit(main())
