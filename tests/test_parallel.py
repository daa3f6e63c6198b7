"""A function over shards gives the same in one process and in several, which are kept until this one ends."""

import os
import subprocess
import sys

import pytest

from pipeline.errors import MemcurateError
from pipeline.parallel import map_shards, workers
from tests.conftest import ROOT


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise MemcurateError(f"shard {number} is bad")


def process(number: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("count", ["1", "2", "3"])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", count)
    assert list(map_shards(double, range(7), "numbers")) == [0, 2, 4, 6, 8, 10, 12]
    assert list(map_shards(double, [], "numbers")) == []


def test_one_worker_is_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    assert set(map_shards(process, range(3), "numbers")) == {os.getpid()}
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    assert set(map_shards(process, range(1), "numbers")) == {os.getpid()}


def test_several_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at most are ever at work, however often they are asked."""
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    found = {one for _ in range(4) for one in map_shards(process, range(5), "numbers")}
    assert 1 <= len(found) <= 2
    assert os.getpid() not in found


def test_an_error_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the processes go on."""
    monkeypatch.setenv("MEMCURATE_WORKERS", "2")
    for _ in range(2):
        with pytest.raises(MemcurateError, match="shard 0 is bad"):
            list(map_shards(refuse, [0, 1], "numbers"))
        assert list(map_shards(double, range(3), "numbers")) == [0, 2, 4]


def test_they_end_with_their_process() -> None:
    """It ends by itself, though nobody closes them."""
    program = (
        "from pipeline.parallel import map_shards\n"
        "from tests.test_parallel import process\n"
        "print(*map_shards(process, range(5), 'numbers'))\n"
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
    for one in started:
        with pytest.raises(ProcessLookupError):
            os.kill(one, 0)


@pytest.mark.parametrize("given", ["0", "-1", "two", ""])
def test_a_wrong_number_of_workers_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", given)
    with pytest.raises(MemcurateError, match="MEMCURATE_WORKERS"):
        workers()
