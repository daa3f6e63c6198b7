"""Requests in flight adapt to a server that limits, and all wait where it asks one to wait."""

import asyncio
import time
from collections import Counter
from itertools import pairwise

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.llm import adaptive_concurrency, request_retries
from pipeline.llm.adaptive_concurrency import AdaptiveConcurrency
from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
from tests.pipeline.llm.fault_server import serving


def test_the_limit_doubles_with_each_round_until_the_server_limits() -> None:
    concurrency = AdaptiveConcurrency(64)
    limits = []
    for _ in range(5):
        limits.append(concurrency.limit)
        for _ in range(int(concurrency.limit)):
            concurrency.record_answer()
    assert [*limits, concurrency.limit] == [4, 8, 16, 32, 64, 64]
    sent_at = time.monotonic()
    assert concurrency.record_limit(sent_at, 0.0)
    assert not concurrency.record_limit(sent_at, 0.0)  # of the same round
    assert concurrency.limit == 32
    for _ in range(32):
        concurrency.record_answer()
    assert 32.9 < concurrency.limit <= 33
    for _ in range(10):
        concurrency.record_limit(time.monotonic(), 0.0)
    assert concurrency.limit == 1
    assert AdaptiveConcurrency(2).limit == 2


def test_waits_without_a_name_double_until_the_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive_concurrency, "_FIRST_HOLD", 0.5)
    held = []
    concurrency = AdaptiveConcurrency(64)
    for index in range(8):
        if index == 4:
            concurrency.record_answer()
        monkeypatch.setattr(concurrency, "_held_until", 0.0)
        concurrency.record_limit(time.monotonic(), None)
        held.append(concurrency.seconds_held())
    for seconds, wait in zip(held, [0.5, 1, 2, 4, 0.5, 1, 2, 4], strict=True):
        assert wait - 0.01 < seconds < wait + 0.13


def test_requests_that_wait_have_their_turn_in_order_and_a_cancelled_one_gives_it_up() -> None:
    async def run() -> list[int]:
        concurrency, order = AdaptiveConcurrency(1), list[int]()

        async def take(number: int) -> None:
            await concurrency.acquire()
            order.append(number)

        tasks = [asyncio.create_task(take(number)) for number in range(5)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        concurrency.release()  # to 2, which is cancelled before it runs
        tasks[2].cancel()
        await asyncio.gather(*tasks[:4], return_exceptions=True)
        concurrency.stop(ValueError("stopped"))
        with pytest.raises(ValueError, match="stopped"):
            await tasks[4]
        return order

    assert asyncio.run(run()) == [0, 3]


def test_a_limit_of_eight_in_flight_is_met_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    with serving(delay=0.05) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        limited = Counter[str]()

        def choose(message: str, before: int) -> str:
            kind = "429" if server.now_in_flight > 8 else "answer"
            limited[kind] += 1
            return kind

        server.choose = choose
        start = time.monotonic()
        assert all(one.reply for one in run_jobs(make_jobs(600), MODEL, "items"))
        seconds = time.monotonic() - start
    print(f"{limited} in {seconds:.1f} s, where {600 * 0.05 / 8:.1f} are possible")
    assert limited["429"] < 120
    assert server.max_in_flight <= 20  # the server sees an end later than the client
    assert seconds < 3 * 600 * 0.05 / 8


def test_all_requests_wait_where_the_server_asks_one_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    kinds = {"question 100": "429 with a wait of a second", "question 300": "503 with a wait of a second"}
    with serving(lambda message, before: kinds.get(message, "answer") if not before else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        assert all(one.reply for one in run_jobs(make_jobs(400), MODEL, "items"))
    pauses = [later - earlier for earlier, later in pairwise(server.arrivals)]
    assert sorted(pause > 0.9 for pause in pauses)[-3:] == [False, True, True]
    assert len(server.requests) == 402


def test_a_server_that_merely_limits_costs_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """For two seconds it answers nothing: more 429s than a request has attempts."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    monkeypatch.setattr(adaptive_concurrency, "_MAX_HOLD", 0.1)
    with serving(delay=0.01) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        start = time.monotonic()
        kinds = Counter[str]()

        def choose(message: str, before: int) -> str:
            kind = "429" if 0.2 < time.monotonic() - start < 2.2 else "answer"
            kinds[kind] += 1
            return kind

        server.choose = choose
        assert all(one.reply for one in run_jobs(make_jobs(500), MODEL, "items"))
    assert 12 < kinds["429"] < 250


def test_a_request_that_alone_is_limited_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "429" if message == "question 7" else "answer", 0.01) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(make_jobs(300), MODEL, "items")
    assert Counter(one.reason for one in results) == {None: 299, "no answer": 1}
    assert 6 <= server.came["question 7"] < 40


def test_a_server_that_limits_all_requests_for_too_long_stops_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(request_retries, "MAX_RETRY_AFTER", 0.5)
    monkeypatch.setattr(request_retries, "_LOGGED_HOLD", 0.1)
    with serving(lambda message, before: "429 with wait") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match=r"has limited all requests for .* minutes: .*too fast"):
            run_jobs(make_jobs(500), MODEL, "items")
        assert len(server.requests) < 30
    assert "the server limits requests, the next in 0 s: status 429: too fast" in capfd.readouterr().err
