"""Conditions that stop all requests of a stage: limits, keys, servers that are unreachable or refuse."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.llm import client, request_retries
from pipeline.llm.client import LLMClient
from pipeline.llm.response_cache import ResponseCache
from pipeline.llm.structured_output import parse_reply
from tests.pipeline.llm.factories import MODEL, Said, make_jobs, run_jobs
from tests.pipeline.llm.fault_replies import right
from tests.pipeline.llm.fault_server import serving


@contextmanager
def disk_full_after(pages: int) -> Iterator[None]:
    """Let databases that are opened in the block find their disk full after this many pages."""
    connect = sqlite3.connect

    def connect_to_full_disk(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        database = connect(*args, **kwargs)
        database.execute(f"pragma max_page_count = {pages}")
        return database

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect_to_full_disk)
        yield


@pytest.mark.parametrize(
    ("limit", "value", "responses"),
    [
        ("MAX_REQUESTS", "5", 5),
        ("MAX_TOKENS", "2000", None),
        ("MAX_COST", "0.002", None),
    ],
)
def test_limits_stop_requests_before_they_are_exceeded(
    limit: str, value: str, responses: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_IN", "1")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_OUT", "1")
        monkeypatch.setenv(f"MEMCURATE_ENDPOINT_{limit}", value)
        with pytest.raises(
            MemcurateError, match=rf"{limit} is {value}.*raise it, and run it again"
        ) as caught:
            run_jobs(make_jobs(200), MODEL, "items")
        sent = len(server.requests)
        kept = list(ResponseCache(tmp_path / "answers.sqlite"))
        assert f"{len(kept)} items are answered" in str(caught.value)
        assert len(kept) == sent and 0 < sent < 150
        assert responses in (None, sent)
        assert 15 * sent <= 2000  # as its usage says
        monkeypatch.delenv(f"MEMCURATE_ENDPOINT_{limit}")
        assert all(one.reply for one in run_jobs(make_jobs(200), MODEL, "items"))
        assert len(server.requests) == 200  # nothing was sent twice


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        ("401", r"refuses the key \(status 401\).*set MEMCURATE_ENDPOINT_KEY"),
        ("402", "wants to be paid first: .*broken 402.*fill up the account"),
        ("empty account", "wants to be paid first: .*no credit"),
        ("404", "has no model m"),
    ],
)
def test_errors_of_key_account_and_model_stop_all_requests(
    fault: str, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "2")
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match=match):
            run_jobs(make_jobs(50), MODEL, "items")
        assert len(server.requests) <= 2


def test_a_missing_or_unreachable_server_stops_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        pass
    with pytest.raises(MemcurateError, match=r"URL is not set.*such as http"):
        run_jobs(make_jobs(1), MODEL, "items")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
    with pytest.raises(MemcurateError, match=r"nobody answers at http://127.0.0.1.*start the server"):
        run_jobs(make_jobs(50), MODEL, "items")


def test_dropped_connections_do_not_stop_other_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """118 of 120 jobs have a reply, and the stage ends."""
    dropped = {"question 5": "no reply", "question 119": "reset"}
    with serving(lambda message, before: dropped.get(message, "answer")) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(make_jobs(120), MODEL, "items")
    assert Counter(one.reason for one in results) == {None: 118, "no answer": 2}
    assert server.came["question 5"] == server.came["question 119"] == 6


def test_a_server_that_went_away_stops_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if message != "question 3" else closed()) as server:

        def closed() -> str:
            server.listening.close()
            return "no reply"

        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
        with pytest.raises(MemcurateError, match=r"nobody answers at .*[34] items are answered"):
            run_jobs(make_jobs(50), MODEL, "items")


@pytest.mark.parametrize("fault", ["an error 402", "no credit, in words", "empty account"])
def test_an_empty_account_stops_all_requests_whatever_its_status(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "2")
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(
            MemcurateError, match=r"wants to be paid first: (Insufficient|no credit).*fill up"
        ):
            run_jobs(make_jobs(50), MODEL, "items")
        assert len(server.requests) <= 2


def test_an_error_inside_a_reply_decides_reason_and_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {
        "question 1": "an error that ended it",
        "question 2": "an error 400",
        "question 3": "an error as text",
    }
    with serving(lambda message, before: kinds.get(message, "answer")) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(make_jobs(5), MODEL, "items")
    assert [(one.reason, one.detail) for one in results[1:4]] == [
        ("no answer", "status 502: Upstream went away"),
        ("refused by the server", "status 400: too long"),
        ("no answer", "status 500: the engine restarts"),
    ]


def test_after_a_stop_no_retry_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"question 0": "429 with a wait of a minute", "question 1": "402"}
    with serving(lambda message, before: kinds.get(message, "slow"), delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        start = monotonic()
        with pytest.raises(MemcurateError, match="wants to be paid first"):
            run_jobs(make_jobs(50), MODEL, "items")
        assert monotonic() - start < 30
        assert len(server.requests) <= 10
        server.choose = lambda message, before: "answer"
        assert all(one.reply for one in run_jobs(make_jobs(50), MODEL, "items"))
        paid_twice = [request for request, count in server.charged.items() if count > 1]
        assert not paid_twice  # requests in flight at the stop came back, and were cached


def test_an_exception_in_one_job_loses_no_response(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class OddError(Exception):
        pass

    def parse_with_error(text: str, reply_type: type[Said], is_truncated: bool) -> Said:
        if right("question 3") in text:
            raise OddError
        return parse_reply(text, reply_type, is_truncated)

    monkeypatch.setattr(client, "parse_reply", parse_with_error)
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(OddError):
            run_jobs(make_jobs(30), MODEL, "items")
        assert 4 <= len(server.requests) < 30
        assert (
            len(list(ResponseCache(tmp_path / "answers.sqlite")))
            == len(server.charged)
            == len(server.requests)
        )


def test_a_full_disk_stops_all_requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        raises_full = pytest.raises(
            MemcurateError, match=r"items: .*full.*free space on its disk, and run again"
        )
        with disk_full_after(8), raises_full:
            run_jobs(make_jobs(500), MODEL, "items")
        sent = len(server.requests)
        assert sent < 500
        kept = len(list(ResponseCache(tmp_path / "answers.sqlite")))
        assert kept >= sent - 8
        assert all(one.reply for one in run_jobs(make_jobs(500), MODEL, "items"))
        assert len(server.requests) == sent + 500 - kept


def test_twenty_failures_in_a_row_stop_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_retries, "_MAX_ATTEMPTS", 2)
    with serving(lambda message, before: "503") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match="20 requests in a row got no completion"):
            run_jobs(make_jobs(500), MODEL, "items")
        assert len(server.requests) < 100


def test_refusals_of_all_requests_stop_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The requests' common part is at fault; once it is corrected, all are sent again."""
    with serving(lambda message, before: "400") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match=r"24 requests in a row.*broken 400.*keys in params.yaml"):
            run_jobs(make_jobs(500), MODEL, "items")
        assert len(server.requests) < 100
        server.choose = lambda message, before: "answer"
        assert all(one.reply for one in run_jobs(make_jobs(30), MODEL, "items"))


def test_refusals_stop_a_step_although_another_step_had_completions(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        server.choose = lambda message, before: "400" if "odd" in server.requests[-1] else "answer"
        llm_client = LLMClient()
        llm_client.check_model(MODEL, "other items")
        assert all(one.reply for one in llm_client.run_jobs(make_jobs(30), MODEL, "items"))
        odd = MODEL.model_copy(update={"options": {"odd": 1}})
        with pytest.raises(MemcurateError, match=r"other items: 24 requests in a row"):
            llm_client.run_jobs(make_jobs(60), odd, "other items")


def test_refusals_before_the_first_completion_do_not_stop_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    with serving(lambda message, before: "400" if message[-1] in "0123" else "slow") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(make_jobs(120), MODEL, "items")
    reasons = Counter(one.reason for one in results)
    assert reasons == {None: 72, "refused by the server": 48}


def test_refusals_among_completions_do_not_stop_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if message == "question 0" else "400") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
        for _ in range(2):  # the second time the one completion is a cached one
            results = run_jobs(make_jobs(50), MODEL, "items")
            assert [one.reason for one in results] == [None, *["refused by the server"] * 49]


def test_check_model_sends_no_temperature_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        server.choose = lambda message, before: (
            "answer" if server.requests[-1].get("temperature", 1) == 1 else "400"
        )
        LLMClient().check_model(MODEL.model_copy(update={"temperature": 1.0}), "judge")
        with pytest.raises(MemcurateError, match=r"judge: m does not answer: refused by the server .*broken"):
            LLMClient().check_model(MODEL.model_copy(update={"options": {"temperature": 0.1}}), "judge")
