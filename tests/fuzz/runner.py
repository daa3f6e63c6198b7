"""Doors fuzzed one after the other, each in processes of its own that are started again when they die."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.fuzz.door import MEGABYTES, Door

LAST_INPUT = "last_input"  # a file in a door's folder, for a process that dies without a word
_PROGRAM = ("-m", "tests.fuzz.guided")
_HANGING = 30  # seconds after which an input stands in a loop, or waits
_MAX_DEATHS = 10  # of a door's process, after which the door is left
_STATISTIC = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)
_LINE = re.compile(r"^#(\d+)\s+(\w+)", re.MULTILINE)
_COVERAGE = re.compile(r"cov: (\d+)")


@dataclass(slots=True)
class Tally:
    """What went through one door."""

    inputs: int = 0
    new_paths: int = 0  # inputs that reached new code, and were kept
    coverage: int = 0  # places in the code that were reached
    slowest: int = 0  # whole seconds of an input
    memory: int = 0  # megabytes, of the process at its peak
    findings: list[Path] = field(default_factory=list)  # inputs, one of each kind


def run(
    doors: Sequence[Door], seconds: float, seed: int, workers: int, folder: Path, assets: Path
) -> Iterator[tuple[str, Tally]]:
    """Fuzz the doors for `seconds` in all, by their shares; yield what came of each door.

    `folder` keeps each door's corpus for the next run, and the findings of this one.
    """
    each = seconds * workers / sum(door.share for door in doors)
    with ThreadPoolExecutor(workers) as pool:
        done = {
            door.name: pool.submit(
                _fuzz, door.name, max(1.0, each * door.share), seed, folder / slug(door.name), assets
            )
            for door in doors
        }
        for name, tally in done.items():
            yield name, tally.result()


def slug(name: str) -> str:
    """Return the name of a door's folder."""
    return re.sub(r"[/ ]", "_", name)


def _fuzz(name: str, seconds: float, seed: int, folder: Path, assets: Path) -> Tally:
    """Fuzz a door; where its process dies, go on with another seed for the rest of the time."""
    findings, last_input, tally = folder / "findings", folder / LAST_INPUT, Tally()
    shutil.rmtree(findings, ignore_errors=True)
    left = seconds
    for death in range(_MAX_DEATHS):
        start = time.monotonic()
        last_input.unlink(missing_ok=True)
        flags = [
            f"-max_total_time={max(1, round(left))}",
            f"-seed={seed + death + 1}",
            f"-timeout={_HANGING}",
            f"-rss_limit_mb={2 * MEGABYTES}",
            "-print_final_stats=1",
        ]
        command = [sys.executable, *_PROGRAM, name, folder, assets, *flags]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        said = ended.stderr.decode("utf-8", "replace")
        _count(tally, said)
        left -= time.monotonic() - start
        if ended.returncode == 0:
            break
        if not last_input.exists():
            raise RuntimeError(f"the door {name} did not open:\n{said[-2_000:]}")
        if "Test unit written to" not in said:
            last_input.rename(findings / f"death-{death}")
    tally.findings = sorted(path for path in findings.iterdir() if path.suffix != ".txt")
    return tally


def _count(tally: Tally, said: str) -> None:
    """Add what libFuzzer prints: a line with a number for each new path, and statistics at its end."""
    statistics = {name: int(value) for name, value in _STATISTIC.findall(said)}
    lines = _LINE.findall(said)
    tally.inputs += max((int(number) for number, _ in lines), default=0)
    tally.new_paths += sum(event == "NEW" for _, event in lines)
    tally.slowest = max(tally.slowest, statistics.get("slowest_unit_time_sec", 0))
    tally.memory = max(tally.memory, statistics.get("peak_rss_mb", 0))
    tally.coverage = max([tally.coverage, *map(int, _COVERAGE.findall(said))])
