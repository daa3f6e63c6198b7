"""A build that is killed again and again pays for nothing twice, and ends as an unbroken one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.llm.response_cache import ResponseCache
from tests.conftest import ROOT
from tests.pipeline.llm.fault_server import FaultServer, serving

JOBS, KILLS, MAX_CONCURRENCY = 300, 10, 16


def start_build(server: FaultServer, cache_path: Path, target: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMCURATE_ENDPOINT_URL": server.url,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(cache_path),
        "MEMCURATE_ENDPOINT_MAX_CONCURRENCY": str(MAX_CONCURRENCY),
    }
    command = [sys.executable, "-m", "tests.pipeline.llm.factories", str(JOBS), str(target)]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


@pytest.mark.slow
def test_a_build_that_is_killed_ten_times_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    generator = random.Random(20)
    with serving(delay=0.2) as server:
        for _ in range(KILLS):
            before = len(server.requests)
            with start_build(server, tmp_path / "answers.sqlite", tmp_path / "killed.json") as process:
                while len(server.requests) == before:  # its imports come first
                    time.sleep(0.01)
                time.sleep(generator.uniform(0, 0.3))
                process.send_signal(signal.SIGKILL)
        assert not (tmp_path / "killed.json").exists()
        in_flight = len(server.requests)
        time.sleep(0.5)
        assert start_build(server, tmp_path / "answers.sqlite", tmp_path / "killed.json").wait() == 0
        answered = sum(server.answered.values())
        print(f"{answered} completions for {JOBS} items, {in_flight} requests before the last run")
        assert JOBS <= answered <= JOBS + KILLS * MAX_CONCURRENCY
        assert all(count <= 1 + KILLS for count in server.answered.values())
        assert start_build(server, tmp_path / "unbroken.sqlite", tmp_path / "unbroken.json").wait() == 0
    assert (tmp_path / "killed.json").read_bytes() == (tmp_path / "unbroken.json").read_bytes()


@pytest.mark.slow
def test_processes_that_share_a_cache_pay_once(tmp_path: Path) -> None:
    with serving(delay=0.05) as server:
        names = ("one", "two", "three")
        together = [start_build(server, tmp_path / "answers.sqlite", tmp_path / name) for name in names]
        assert [process.wait() for process in together] == [0, 0, 0]
        assert len(server.charged) == JOBS and set(server.charged.values()) == {1}
        assert len(server.requests) == JOBS
        assert start_build(server, tmp_path / "answers.sqlite", tmp_path / "four").wait() == 0
        assert len(server.requests) == JOBS
    assert len({(tmp_path / name).read_bytes() for name in (*names, "four")}) == 1


@pytest.mark.slow
def test_a_process_takes_over_the_requests_in_flight_of_a_killed_one(tmp_path: Path) -> None:
    with serving(delay=0.2) as server:
        killed = start_build(server, tmp_path / "answers.sqlite", tmp_path / "one")
        while len(server.requests) < 100:
            time.sleep(0.01)
        other = start_build(server, tmp_path / "answers.sqlite", tmp_path / "two")
        while len(server.requests) < 200:
            time.sleep(0.01)
        killed.kill()
        killed.wait()
        assert other.wait() == 0
        paid = sum(server.charged.values())
        print(f"{paid} completions for {JOBS} items, {len(server.requests)} requests")
        assert JOBS <= paid <= JOBS + MAX_CONCURRENCY
        assert len(server.requests) <= JOBS + MAX_CONCURRENCY
    assert not list((tmp_path / ".answers.sqlite.locks").glob("*.owner"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_requests_in_flight_at_an_interrupt_are_waited_for(number: signal.Signals, tmp_path: Path) -> None:
    """Every response of the server is cached, and each job is paid for once in the end."""
    generator = random.Random(21)
    with serving(delay=0.3) as server:
        for _ in range(5):
            before = len(server.requests)
            process = start_build(server, tmp_path / "answers.sqlite", tmp_path / "one")
            while len(server.requests) == before:
                time.sleep(0.01)
            time.sleep(generator.uniform(0, 0.7))
            process.send_signal(number)
            sent, start = len(server.requests), time.monotonic()
            assert process.wait() == -number
            seconds = time.monotonic() - start
            assert seconds < 2 and len(server.requests) <= sent + MAX_CONCURRENCY
            assert len(list(ResponseCache(tmp_path / "answers.sqlite"))) == len(server.charged)
        assert start_build(server, tmp_path / "answers.sqlite", tmp_path / "one").wait() == 0
        assert len(server.charged) == len(server.requests) == JOBS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hanging", "429 with a wait of a minute"])
def test_an_interrupt_does_not_wait_for_a_slow_server(kind: str, tmp_path: Path) -> None:
    with serving(lambda message, before: kind) as server:
        process = start_build(server, tmp_path / "answers.sqlite", tmp_path / "one")
        while not server.requests:
            time.sleep(0.01)
        time.sleep(0.5)
        start, sent = time.monotonic(), len(server.requests)
        process.send_signal(signal.SIGINT)
        assert process.wait() == -signal.SIGINT and time.monotonic() - start < 2
        assert len(server.requests) == sent
