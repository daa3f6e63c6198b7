"""MEMCURATE_ENDPOINT_REQUESTS_PER_MINUTE as the server counts it: over retries, processes and restarts."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.llm import rate_limit
from pipeline.llm.response_cache import ResponseCache
from tests.conftest import ROOT
from tests.pipeline.llm.fault_server import FaultServer, serving

PER_MINUTE, JOBS = 1200, 300
PER_SECOND = PER_MINUTE / 60


def start_client(server: FaultServer, cache_path: Path, target: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMCURATE_ENDPOINT_URL": server.url,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(cache_path),
        "MEMCURATE_ENDPOINT_REQUESTS_PER_MINUTE": str(PER_MINUTE),
    }
    command = [sys.executable, "-m", "tests.pipeline.llm.factories", str(JOBS), str(target)]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


@pytest.mark.slow
def test_processes_with_retries_and_a_kill_keep_the_limit_and_use_it(tmp_path: Path) -> None:
    """A tenth of the requests fail and are sent again."""
    with serving(
        lambda message, before: "500" if message.endswith("7") and not before else "answer"
    ) as server:
        together = [
            start_client(server, tmp_path / "answers.sqlite", tmp_path / name) for name in ("one", "two")
        ]
        while len(server.requests) < 100:
            time.sleep(0.05)
        together[0].kill()
        together[0] = start_client(server, tmp_path / "answers.sqlite", tmp_path / "one")
        assert [process.wait() for process in together][1] == 0
        arrivals = list(server.arrivals)
    seconds = arrivals[-1] - arrivals[0]
    most = max(
        sum(start <= other < start + 10 for other in arrivals)
        for start in arrivals
        if start <= arrivals[-1] - 10
    )
    used = (len(arrivals) - 1) / seconds / PER_SECOND
    print(f"{len(arrivals)} requests in {seconds:.1f} s, {used:.1%} of the limit, {most} in 10 s at most")
    assert most <= 10 * PER_SECOND * 1.02
    assert used >= 0.95


def test_a_time_is_taken_once_it_has_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limit, "time", lambda: now)
    first, other = (ResponseCache(tmp_path / "answers.sqlite") for _ in range(2))
    assert first.take_turn("http://a", 1.0) == 0.0
    assert other.take_turn("http://a", 1.0) == 1.0
    assert other.take_turn("http://b", 1.0) == 0.0
    now = 1001.05  # late, which the next one makes up for
    assert other.take_turn("http://a", 1.0) == 0.0
    assert first.take_turn("http://a", 1.0) == pytest.approx(0.95)
    now = 1060.0  # a pause saves nothing up
    assert first.take_turn("http://a", 1.0) == 0.0
    assert first.take_turn("http://a", 1.0) == pytest.approx(0.9)
    now = 10.0  # the clock was set back
    assert first.take_turn("http://a", 1.0) == 0.0
    assert first.take_turn("http://a", 1.0) == pytest.approx(1.0)
    with sqlite3.connect(tmp_path / "answers.sqlite") as database:
        assert database.execute("select count(*) from next_requests").fetchone() == (2,)
