"""Send mutated inputs through every door, and report findings: exit status 1 where there is one."""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.doors import all_assets, doors
from tests.fuzz.runner import MEGABYTES, SECONDS, Tally, run

_FOLDER = Path(".fuzz")  # where inputs that did not hold are kept


def main() -> int:
    """Run, print a row for each door, keep the inputs of findings."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--inputs", type=int, default=200_000, help="in all (default: %(default)s)")
    arguments.add_argument("--seed", type=int, default=0, help="another seed gives other inputs")
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--door", action="append", help="only doors whose names begin so; may be repeated")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = doors(all_assets(Path(folder)))
        if given.door:
            chosen = [door for door in chosen if door.name.startswith(tuple(given.door))]
        if not chosen:
            sys.exit("no door has such a name")
        tallies = run(chosen, given.inputs, given.seed, given.workers)
    print(f"{'door':<58} {'inputs':>8} {'refused':>8} {'slowest':>8} {'memory':>8} {'findings':>8}")
    for name, tally in tallies.items():
        print(
            f"{name:<58} {tally.inputs:>8,} {tally.refused:>8,} {tally.slowest:>6.2f} s {tally.memory:>5} MB"
            f" {len(tally.findings):>8}"
        )
    inputs = sum(tally.inputs for tally in tallies.values())
    found = sum(len(tally.findings) for tally in tallies.values())
    print(f"{inputs:,} inputs, {found} findings (bounds: {SECONDS:g} s, {MEGABYTES} MB)")
    _keep(tallies)
    return 1 if found else 0


def _keep(tallies: dict[str, Tally]) -> None:
    """Write the first input of each kind of finding, and print the kinds."""
    findings = [finding for tally in tallies.values() for finding in tally.findings]
    kinds = Counter((finding.door, finding.what) for finding in findings)
    for (door, what), count in kinds.most_common():
        first = next(one for one in findings if (one.door, one.what) == (door, what))
        name = f"{door.replace('/', '_').replace(' ', '_')}-{first.number}"
        _FOLDER.mkdir(exist_ok=True)
        (_FOLDER / f"{name}.bin").write_bytes(first.data)
        (_FOLDER / f"{name}.txt").write_text(f"{what}\n{first.detail}\n", encoding="utf-8")
        print(f"{count:>6} x {door}: {what}  ({_FOLDER / name}.bin)")


if __name__ == "__main__":
    sys.exit(main())
