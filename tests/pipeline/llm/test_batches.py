"""Jobs by a Batch API: one reply or reason each, and nothing paid twice, whenever the build is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.llm import batches, transport
from pipeline.llm.open_batches import OpenBatches
from tests.conftest import ROOT
from tests.pipeline.llm.batch_server import HANGS, BatchServer, Reply, answer, serving_batches
from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
from tests.pipeline.llm.fault_replies import completion, right


@pytest.fixture(autouse=True)
def _batch_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "batch")
    monkeypatch.setattr(batches, "_QUIET_SECONDS", 0.1)
    monkeypatch.setattr(batches, "_MIN_POLL", 0.02)


def run(server: BatchServer, count: int, monkeypatch: pytest.MonkeyPatch) -> Counter[str | None]:
    """Run jobs; return their reasons. Each reply is checked."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
    jobs = make_jobs(count)
    results = run_jobs(jobs, MODEL, "items")
    assert [one.id for one in results] == [one.id for one in jobs]
    for job, result in zip(jobs, results, strict=True):
        assert result.reply is None or result.reply.answer == right(job.messages[0]["content"])
        assert (result.reply is None) != (result.reason is None)
    return Counter(one.reason for one in results)


def message(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


def test_all_jobs_go_in_one_batch_and_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_batches(seconds=0.2) as server:
        assert run(server, 500, monkeypatch) == {None: 500}
        assert run(server, 500, monkeypatch) == {None: 500}
        assert server.asked["POST batches"] == 1 and server.paid.total() == 500


def test_a_long_queue_goes_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_REQUESTS", 10)
    with serving_batches() as server:
        assert run(server, 25, monkeypatch) == {None: 25}
        assert server.asked["POST batches"] == 3 and set(server.paid.values()) == {1}


def test_what_does_not_fit_goes_again_in_the_next_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply of the wrong shape, a missing one, a schema that is refused, a limit, and no completion."""
    came = Counter[str]()

    def reply(body: dict[str, Any]) -> Reply:
        came[message(body)] += 1
        kind = int(message(body).removeprefix("question ")) % 6 if came[message(body)] == 1 else 0
        wrong = completion("no")
        wrong["choices"][0]["message"]["content"] = '{"answer": 3}'
        refused: Reply = (400, {"error": {"message": "no response_format"}})
        limited: Reply = (429, {"error": {"message": "too fast"}})
        return (answer(body), (200, wrong), None, refused, limited, (200, {"choices": []}))[kind]

    with serving_batches(reply=reply) as server:
        assert run(server, 60, monkeypatch) == {None: 60}
        assert came.total() == 110 and set(server.paid.values()) <= {1, 2}


@pytest.mark.parametrize(
    "statuses",
    [[500], [429, 429], [200, 500], [200, 200, 500], [200, 200, 200, 500, 429, 502], [200] * 4 + [500]],
    ids=str,
)
def test_failures_of_the_api_itself_are_tried_again_and_cost_nothing(
    statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the upload, the list, the making, looks, and the results."""
    with serving_batches(statuses=statuses, seconds=0.1) as server:
        assert run(server, 20, monkeypatch) == {None: 20}
        assert server.paid.total() == 20


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4])
def test_an_api_that_says_nothing_is_asked_again(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "0.2")
    monkeypatch.setattr(transport, "_READ_MARGIN", 0.1)
    with serving_batches(statuses=[200] * before + [HANGS], seconds=0.1) as server:
        assert run(server, 20, monkeypatch) == {None: 20}
        assert server.paid.total() == 20


def test_a_batch_that_fails_gives_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_batches(reply=lambda body: None, end="failed") as server:
        assert run(server, 3, monkeypatch) == {"no answer": 3}


def test_a_server_without_batches_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving_batches(statuses=[404] * 9) as server,
        pytest.raises(MemcurateError, match=r"has no batches \(status 404\).*MODE to ask"),
    ):
        run(server, 3, monkeypatch)


def test_a_batch_that_was_made_and_not_recorded_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: OpenBatches, file: str, id: str) -> None:
        raise MemcurateError("the disk is full")

    with serving_batches() as server:
        with monkeypatch.context() as patch:
            patch.setattr(OpenBatches, "record_id", fail)
            with pytest.raises(MemcurateError, match="the disk is full"):
                run(server, 20, monkeypatch)
        assert server.paid.total() == 20
        assert run(server, 30, monkeypatch) == {None: 30}
        assert server.paid.total() == 30 and set(server.paid.values()) == {1}


def start(url: str, cache_path: Path, target: Path, jobs: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMCURATE_ENDPOINT_URL": url,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(cache_path),
    }
    command = [sys.executable, "-m", "tests.pipeline.llm.factories", str(jobs), str(target)]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_builds_that_are_killed_and_interrupted_pay_for_each_request_once(tmp_path: Path) -> None:
    draws, log, target = random.Random(3), tmp_path / "log.jsonl", tmp_path / "results.json"
    command = [sys.executable, "-m", "tests.pipeline.llm.batch_server", str(log), "12"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as server:  # type: ignore[call-overload]
        url = server.stdout.readline().strip()
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            process = start(url, tmp_path / "answers.sqlite", target, 400)
            time.sleep(draws.uniform(2, 6))
            process.send_signal(number)
            process.wait()
        assert start(url, tmp_path / "answers.sqlite", target, 400).wait() == 0
        assert start(url, tmp_path / "answers.sqlite", target, 400).wait() == 0
        server.stdin.close()
    paid = Counter(id for line in log.read_text().splitlines() for id in json.loads(line))
    assert len(paid) == 400 and set(paid.values()) == {1}
    results = json.loads(target.read_text())
    assert results == [[f"i{number}", right(f"question {number}")] for number in range(400)]
