"""A build that is killed again and again pays for nothing twice, and ends as an unbroken one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.endpoint.answers import AnswerCache
from tests.conftest import ROOT
from tests.endpoint.faults import FaultServer, serving

ITEMS, KILLS, AT_ONCE = 300, 10, 16


def build(server: FaultServer, answers: Path, target: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMCURATE_ENDPOINT_URL": server.url,
        "MEMCURATE_ENDPOINT_ANSWERS": str(answers),
        "MEMCURATE_ENDPOINT_AT_ONCE": str(AT_ONCE),
    }
    command = [sys.executable, "-m", "tests.endpoint.building", str(ITEMS), str(target)]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


@pytest.mark.slow
def test_killed_at_ten_random_moments(tmp_path: Path) -> None:
    drawn = random.Random(20)
    with serving(delay=0.2) as server:
        for _ in range(KILLS):
            before = len(server.requests)
            with build(server, tmp_path / "answers.sqlite", tmp_path / "killed.json") as process:
                while len(server.requests) == before:  # it asks only after its imports
                    time.sleep(0.01)
                time.sleep(drawn.uniform(0, 0.3))
                process.send_signal(signal.SIGKILL)
        assert not (tmp_path / "killed.json").exists()
        in_flight = len(server.requests)
        time.sleep(0.5)
        assert build(server, tmp_path / "answers.sqlite", tmp_path / "killed.json").wait() == 0
        answered = sum(server.answered.values())
        print(f"{answered} answers given for {ITEMS} items, {in_flight} requests before the last run")
        assert ITEMS <= answered <= ITEMS + KILLS * AT_ONCE
        assert all(count <= 1 + KILLS for count in server.answered.values())
        assert build(server, tmp_path / "unbroken.sqlite", tmp_path / "unbroken.json").wait() == 0
    assert (tmp_path / "killed.json").read_bytes() == (tmp_path / "unbroken.json").read_bytes()


@pytest.mark.slow
def test_processes_that_share_the_answers_pay_once(tmp_path: Path) -> None:
    with serving(delay=0.05) as server:
        names = ("one", "two", "three")
        together = [build(server, tmp_path / "answers.sqlite", tmp_path / name) for name in names]
        assert [process.wait() for process in together] == [0, 0, 0]
        assert len(server.charged) == ITEMS and set(server.charged.values()) == {1}
        assert len(server.requests) == ITEMS
        assert build(server, tmp_path / "answers.sqlite", tmp_path / "four").wait() == 0
        assert len(server.requests) == ITEMS
    assert len({(tmp_path / name).read_bytes() for name in (*names, "four")}) == 1


@pytest.mark.slow
def test_what_one_of_two_had_in_flight_when_it_was_killed_is_asked_by_the_other(tmp_path: Path) -> None:
    with serving(delay=0.2) as server:
        killed = build(server, tmp_path / "answers.sqlite", tmp_path / "one")
        while len(server.requests) < 100:
            time.sleep(0.01)
        other = build(server, tmp_path / "answers.sqlite", tmp_path / "two")
        while len(server.requests) < 200:
            time.sleep(0.01)
        killed.kill()
        killed.wait()
        assert other.wait() == 0
        paid = sum(server.charged.values())
        print(f"{paid} answers given for {ITEMS} items, {len(server.requests)} requests")
        assert ITEMS <= paid <= ITEMS + AT_ONCE
        assert len(server.requests) <= ITEMS + AT_ONCE
    assert not list((tmp_path / ".answers.sqlite.locks").glob("*.owner"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_in_flight_at_an_interrupt_is_waited_for(number: signal.Signals, tmp_path: Path) -> None:
    """Nothing is lost: all that the server answered is kept, and each item is paid for once in the end."""
    drawn = random.Random(21)
    with serving(delay=0.3) as server:
        for _ in range(5):
            before = len(server.requests)
            process = build(server, tmp_path / "answers.sqlite", tmp_path / "one")
            while len(server.requests) == before:
                time.sleep(0.01)
            time.sleep(drawn.uniform(0, 0.7))
            process.send_signal(number)
            sent, start = len(server.requests), time.monotonic()
            assert process.wait() == -number
            seconds = time.monotonic() - start
            assert seconds < 2 and len(server.requests) <= sent + AT_ONCE
            assert len(list(AnswerCache(tmp_path / "answers.sqlite"))) == len(server.charged)
        assert build(server, tmp_path / "answers.sqlite", tmp_path / "one").wait() == 0
        assert len(server.charged) == len(server.requests) == ITEMS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hanging", "429 with a wait of a minute"])
def test_an_interrupt_waits_for_no_server(kind: str, tmp_path: Path) -> None:
    with serving(lambda message, before: kind) as server:
        process = build(server, tmp_path / "answers.sqlite", tmp_path / "one")
        while len(server.requests) < AT_ONCE:
            time.sleep(0.01)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait() == -signal.SIGINT and time.monotonic() - start < 2
        assert len(server.requests) == AT_ONCE
