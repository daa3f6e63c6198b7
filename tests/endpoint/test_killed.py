"""A build that is killed again and again pays for nothing twice, and ends as an unbroken one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.endpoint.faults import FaultServer, serving

ITEMS, KILLS, AT_ONCE = 500, 10, 16


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
                time.sleep(drawn.uniform(0, 0.55))
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
def test_two_processes_share_the_answers(tmp_path: Path) -> None:
    with serving(delay=0.05) as server:
        both = [build(server, tmp_path / "answers.sqlite", tmp_path / name) for name in ("one", "two")]
        assert [process.wait() for process in both] == [0, 0]
        first = sum(server.answered.values())
        assert build(server, tmp_path / "answers.sqlite", tmp_path / "three").wait() == 0
        assert sum(server.answered.values()) == first
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))
    assert one == two == three
