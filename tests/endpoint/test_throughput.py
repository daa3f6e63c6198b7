"""32 requests in flight to a server that takes 200 ms: near the ideal, at little of a core."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DELAY, AT_ONCE, ITEMS, ROUNDS = 0.2, 32, 960, 8

# Asks ITEMS items in a process of its own, as a stage does; prints its seconds, and those of its processor.
ASKING = f"""
import time
from resource import RUSAGE_SELF, getrusage
from tests.endpoint.conftest import HOW, ask, items
ask(items({AT_ONCE}), HOW, "what is loaded on first use")
start, used = time.monotonic(), getrusage(RUSAGE_SELF)
outcomes = ask(items({ITEMS}, {AT_ONCE}), HOW, "items")
seconds, after = time.monotonic() - start, getrusage(RUSAGE_SELF)
assert all(one.reply for one in outcomes)
print(seconds, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
"""


@pytest.mark.slow
def test_throughput(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.endpoint.faults", str(DELAY)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        url = server.stdout.readline().strip()
        # What else this machine does adds to both: the best of some rounds is the client's own.
        rounds: list[tuple[float, float]] = []
        while len(rounds) < ROUNDS and not any(map(_meets, rounds)):
            rounds.append(_measured(url, tmp_path / f"{len(rounds)}.sqlite"))
        server.stdin.close()
    print(rounds)
    assert _meets(rounds[-1])


def _meets(figures: tuple[float, float]) -> bool:
    of_ideal, of_a_core = figures
    return of_ideal >= 0.9 and of_a_core < 0.25


def _measured(url: str, answers: Path) -> tuple[float, float]:
    """(share of the ideal throughput, share of a core that the client took)."""
    environment = {
        **os.environ,
        "MEMCURATE_ENDPOINT_URL": url,
        "MEMCURATE_ENDPOINT_ANSWERS": str(answers),
        "MEMCURATE_ENDPOINT_AT_ONCE": str(AT_ONCE),
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKING], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    seconds, processor = map(float, done.stdout.split())
    return round(ITEMS * DELAY / AT_ONCE / seconds, 3), round(processor / seconds, 3)
