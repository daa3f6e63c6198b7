"""Throughput of 32 requests in flight to a server that takes 200 ms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DELAY, MAX_CONCURRENCY, JOBS, ROUNDS = 0.2, 32, 960, 8

# Runs JOBS jobs in its own process, as a stage does; prints its seconds and its processor seconds.
SCRIPT = f"""
import time
from resource import RUSAGE_SELF, getrusage
from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
run_jobs(make_jobs({MAX_CONCURRENCY}), MODEL, "warm-up")
start, used = time.monotonic(), getrusage(RUSAGE_SELF)
results = run_jobs(make_jobs({JOBS}, {MAX_CONCURRENCY}), MODEL, "items")
seconds, after = time.monotonic() - start, getrusage(RUSAGE_SELF)
assert all(one.reply for one in results)
print(seconds, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
"""


@pytest.mark.slow
def test_the_client_reaches_90_percent_of_the_ideal_throughput_on_a_quarter_of_a_core(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.pipeline.llm.fault_server", str(DELAY)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        url = server.stdout.readline().strip()
        # Other work on this machine adds to both measures, so the best of some rounds counts.
        rounds: list[tuple[float, float]] = []
        while len(rounds) < ROUNDS and not any(map(_meets_target, rounds)):
            rounds.append(_measure(url, tmp_path / f"{len(rounds)}.sqlite"))
        server.stdin.close()
    print(rounds)
    assert _meets_target(rounds[-1])


def _meets_target(measures: tuple[float, float]) -> bool:
    throughput_fraction, core_fraction = measures
    return throughput_fraction >= 0.9 and core_fraction < 0.25


def _measure(url: str, answers: Path) -> tuple[float, float]:
    """Return the fractions of the ideal throughput and of a core that the client took."""
    environment = {
        **os.environ,
        "MEMCURATE_ENDPOINT_URL": url,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(answers),
        "MEMCURATE_ENDPOINT_MAX_CONCURRENCY": str(MAX_CONCURRENCY),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    seconds, processor = map(float, done.stdout.split())
    return round(JOBS * DELAY / MAX_CONCURRENCY / seconds, 3), round(processor / seconds, 3)
