"""A storm: a client that is killed at random moments and started again, until its jobs are done."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.pipeline.llm.fault_server import is_paid

MAX_CONCURRENCY = 64
TIMEOUT = 3.0  # seconds of a request


@dataclass(frozen=True, slots=True)
class Kill:
    """A SIGKILL of the client, by the monotonic clock."""

    sent_at: float
    dead_at: float


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of a storm."""

    items: int
    kills: list[Kill]
    log: list[dict[str, Any]]  # of the server: event, at, kind, request
    results: list[tuple[str, str]]  # id, and answer or reason
    replayed: list[tuple[str, str]]  # the same from the cache alone
    cache_path: Path
    seconds: float


def run(items: int, kills: int, faults: float, seed: int, folder: Path) -> Storm:
    """Run the jobs to their end, with kills spread at random over the answers."""
    draws, log, start = random.Random(seed), folder / "server.jsonl", time.monotonic()
    cache_path, done = folder / "answers.sqlite", list[Kill]()
    with _server(log, faults, seed) as url:
        for paid in sorted(draws.sample(range(1, max(items * 19 // 20, kills + 1)), kills)):
            with _client(url, cache_path, items, folder / "killed.json") as client:
                _wait_for(client, log, paid)
                time.sleep(draws.uniform(0, 0.2))
                sent_at = time.monotonic()
                client.send_signal(signal.SIGKILL)
                if client.wait() != -signal.SIGKILL:
                    raise RuntimeError(f"the client ended before kill {len(done) + 1}")
                done.append(Kill(sent_at, time.monotonic()))
        results = _finish(url, cache_path, items, folder / "results.json")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    replayed = _finish(url, cache_path, items, folder / "replayed.json", mode="replay")
    return Storm(items, done, lines, results, replayed, cache_path, time.monotonic() - start)


@contextmanager
def _server(log: Path, faults: float, seed: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.storm.server", str(log), str(faults), str(seed)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as server:  # type: ignore[call-overload]
        yield server.stdout.readline().strip()
        server.stdin.close()


def _client(
    url: str, cache_path: Path, items: int, target: Path, mode: str = "ask"
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMCURATE_ENDPOINT_URL": url,
        "MEMCURATE_ENDPOINT_MODE": mode,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(cache_path),
        "MEMCURATE_ENDPOINT_MAX_CONCURRENCY": str(MAX_CONCURRENCY),
        "MEMCURATE_ENDPOINT_TIMEOUT": str(TIMEOUT),
    }
    command = [sys.executable, "-m", "tests.pipeline.llm.factories", str(items), str(target)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _finish(url: str, cache_path: Path, items: int, target: Path, mode: str = "ask") -> list[tuple[str, str]]:
    with _client(url, cache_path, items, target, mode) as client:
        if client.wait() != 0:
            raise RuntimeError(f"the client ended with {client.returncode}")
    return [(id, outcome) for id, outcome in json.loads(target.read_text(encoding="utf-8"))]


def _wait_for(client: "subprocess.Popen[bytes]", log: Path, paid: int) -> None:
    """Wait until this client has sent a request, and the server has sent this many final replies."""
    seen, events = log.stat().st_size, Counter[bool]()
    with log.open(encoding="utf-8") as lines:
        rest, has_sent = "", False
        while not has_sent or events[True] < paid:
            *whole, rest = (rest + lines.read()).split("\n")
            for line in map(json.loads, whole):
                events[line["event"] == "replied" and is_paid(line["kind"])] += 1
            has_sent = has_sent or log.stat().st_size > seen
            if client.poll() is not None:
                raise RuntimeError(f"the client ended with {client.returncode} before its kill")
            time.sleep(0.05)
