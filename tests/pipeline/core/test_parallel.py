"""Mapping over shards gives the same results in one process and in several worker processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.parallel import map_shards, num_workers
from tests.conftest import ROOT


def double(number: int) -> int:
    return 2 * number


def raise_error(number: int) -> int:
    raise MemcurateError(f"shard {number} is bad")


def get_pid(number: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("count", ["1", "2", "3"])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", count)
    assert list(map_shards(double, range(7), "numbers")) == [0, 2, 4, 6, 8, 10, 12]
    assert list(map_shards(double, [], "numbers")) == []


def test_one_worker_is_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    assert set(map_shards(get_pid, range(3), "numbers")) == {os.getpid()}
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    assert set(map_shards(get_pid, range(1), "numbers")) == {os.getpid()}


def test_worker_processes_are_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most two processes are used, however often shards are mapped."""
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    pids = {pid for _ in range(4) for pid in map_shards(get_pid, range(5), "numbers")}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids


def test_an_error_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker processes stay usable afterwards."""
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    for _ in range(2):
        with pytest.raises(MemcurateError, match="shard 0 is bad"):
            list(map_shards(raise_error, [0, 1], "numbers"))
        assert list(map_shards(double, range(3), "numbers")) == [0, 2, 4]


def test_worker_processes_end_with_their_parent() -> None:
    """The pool needs no explicit close."""
    program = (
        "from pipeline.core.parallel import map_shards\n"
        "from tests.pipeline.core.test_parallel import get_pid\n"
        "print(*map_shards(get_pid, range(5), 'numbers'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "MEMCURATE_WORKERS": "2"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    started = set(map(int, done.stdout.split()))
    assert 1 <= len(started) <= 2
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("value", ["0", "-1", "two", ""])
def test_a_wrong_number_of_workers_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", value)
    with pytest.raises(MemcurateError, match="MEMCURATE_WORKERS"):
        num_workers()


CANCELLED = """
import time
from pipeline.core import interrupts
from pipeline.core.parallel import _process_pool
if __name__ == "__main__":
    futures = [_process_pool(1).submit(time.sleep, 30) for _ in range(9)]
    while not futures[0].running():
        time.sleep(0.01)
    for future in futures:
        future.cancel()
    interrupts.kill_workers()
    time.sleep(0.5)
"""


def test_killed_workers_of_cancelled_tasks_print_nothing(tmp_path: Path) -> None:
    """Python's thread of the pool raises, since it cannot give a cancelled task its error."""
    (tmp_path / "run.py").write_text(CANCELLED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "run.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
