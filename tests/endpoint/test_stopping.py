"""What makes a stage stop asking, and what does not: limits, keys, servers that are away or refuse."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from pipeline.endpoint import asking, client
from pipeline.endpoint.answers import AnswerCache
from pipeline.endpoint.asking import Asker
from pipeline.endpoint.replies import parsed
from pipeline.errors import MemcurateError
from tests.endpoint.conftest import HOW, Said, ask, items
from tests.endpoint.faults import right, serving


@contextmanager
def full_at(pages: int) -> Iterator[None]:
    """Databases that are opened in the block find their disk full after so many pages."""
    connect = sqlite3.connect

    def opened(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        database = connect(*args, **kwargs)
        database.execute(f"pragma max_page_count = {pages}")
        return database

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", opened)
        yield


@pytest.mark.parametrize(
    ("limit", "value", "answered"),
    [
        ("MAX_REQUESTS", "5", 5),
        ("MAX_TOKENS", "2000", None),
        ("MAX_COST", "0.002", None),
    ],
)
def test_limits_stop_before_they_are_passed(
    limit: str, value: str, answered: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_IN", "1")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_OUT", "1")
        monkeypatch.setenv(f"MEMCURATE_ENDPOINT_{limit}", value)
        with pytest.raises(
            MemcurateError, match=rf"{limit} is {value}.*raise it, and run it again"
        ) as caught:
            ask(items(200), HOW, "items")
        sent = len(server.requests)
        kept = list(AnswerCache(tmp_path / "answers.sqlite"))
        assert f"{len(kept)} items are answered" in str(caught.value)
        assert len(kept) == sent and 0 < sent < 150
        assert answered in (None, sent)
        assert 15 * sent <= 2000  # as its usage says
        monkeypatch.delenv(f"MEMCURATE_ENDPOINT_{limit}")
        assert all(one.reply for one in ask(items(200), HOW, "items"))
        assert len(server.requests) == 200  # nothing was asked twice


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        ("401", r"refuses the key \(status 401\).*set MEMCURATE_ENDPOINT_KEY"),
        ("402", "wants to be paid first: .*broken 402.*fill up the account"),
        ("empty account", "wants to be paid first: .*no credit"),
        ("404", "has no model m"),
    ],
)
def test_what_stops_everything(fault: str, match: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "2")
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match=match):
            ask(items(50), HOW, "items")
        assert len(server.requests) <= 2


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        pass
    with pytest.raises(MemcurateError, match=r"URL is not set.*such as http"):
        ask(items(1), HOW, "items")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
    with pytest.raises(MemcurateError, match=r"nobody answers at http://127.0.0.1.*start the server"):
        ask(items(50), HOW, "items")


def test_connections_that_are_dropped_stop_nothing_while_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """118 of 120 answered: the stage ends, with two reasons."""
    dropped = {"question 5": "no reply", "question 119": "reset"}
    with serving(lambda message, before: dropped.get(message, "answer")) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(items(120), HOW, "items")
    assert Counter(one.reason for one in outcomes) == {None: 118, "no answer": 2}
    assert server.came["question 5"] == server.came["question 119"] == 6


def test_a_server_that_went_away_stops_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if message != "question 3" else closed()) as server:

        def closed() -> str:
            server.listening.close()
            return "no reply"

        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "1")
        with pytest.raises(MemcurateError, match=r"nobody answers at .*[34] items are answered"):
            ask(items(50), HOW, "items")


@pytest.mark.parametrize("fault", ["an error 402", "no credit, in words", "empty account"])
def test_an_empty_account_stops_asking_whatever_its_status(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "2")
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(
            MemcurateError, match=r"wants to be paid first: (Insufficient|no credit).*fill up"
        ):
            ask(items(50), HOW, "items")
        assert len(server.requests) <= 2


def test_what_an_error_in_words_has_in_store_stands_in_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {
        "question 1": "an error that ended it",
        "question 2": "an error 400",
        "question 3": "an error as text",
    }
    with serving(lambda message, before: kinds.get(message, "answer")) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(items(5), HOW, "items")
    assert [(one.reason, one.detail) for one in outcomes[1:4]] == [
        ("no answer", "status 502: Upstream went away"),
        ("refused by the server", "status 400: too long"),
        ("no answer", "status 500: the engine restarts"),
    ]


def test_after_a_stop_no_wait_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"question 0": "429 with a wait of a minute", "question 1": "402"}
    with serving(lambda message, before: kinds.get(message, "slow"), delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        start = monotonic()
        with pytest.raises(MemcurateError, match="wants to be paid first"):
            ask(items(50), HOW, "items")
        assert monotonic() - start < 30
        assert len(server.requests) <= 10
        server.choose = lambda message, before: "answer"
        assert all(one.reply for one in ask(items(50), HOW, "items"))
        slow = [one for one, count in server.charged.items() if count > 1]
        assert not slow  # what was in flight at the stop came back, and was kept


def test_an_error_of_ours_in_one_job_loses_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class OddError(Exception):
        pass

    def odd(text: str, shape: type[Said], cut_off: bool) -> Said:
        if right("question 3") in text:
            raise OddError
        return parsed(text, shape, cut_off)

    monkeypatch.setattr(asking, "parsed", odd)
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(OddError):
            ask(items(30), HOW, "items")
        assert 8 <= len(server.requests) < 30
        assert (
            len(list(AnswerCache(tmp_path / "answers.sqlite"))) == len(server.charged) == len(server.requests)
        )


def test_a_cache_that_fills_its_disk_stops_asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        full = pytest.raises(MemcurateError, match=r"items: .*full.*make room on its disk, and run again")
        with full_at(8), full:
            ask(items(500), HOW, "items")
        sent = len(server.requests)
        assert sent < 500
        kept = len(list(AnswerCache(tmp_path / "answers.sqlite")))
        assert kept >= sent - 8
        assert all(one.reply for one in ask(items(500), HOW, "items"))
        assert len(server.requests) == sent + 500 - kept


def test_a_server_that_only_faults_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_TRIES", 2)
    with serving(lambda message, before: "503") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match="20 requests in a row got no answer"):
            ask(items(500), HOW, "items")
        assert len(server.requests) < 100


def test_a_server_that_refuses_all_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all requests have in common is at fault, and once it is mended all are asked again."""
    with serving(lambda message, before: "400") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        with pytest.raises(MemcurateError, match=r"24 requests in a row.*broken 400.*keys in params.yaml"):
            ask(items(500), HOW, "items")
        assert len(server.requests) < 100
        server.choose = lambda message, before: "answer"
        assert all(one.reply for one in ask(items(30), HOW, "items"))


def test_a_step_that_is_refused_stops_whatever_another_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        server.choose = lambda message, before: "400" if "odd" in server.requests[-1] else "answer"
        asker = Asker()
        asker.try_out(HOW, "other items")
        assert all(one.reply for one in asker.ask(items(30), HOW, "items"))
        odd = HOW.model_copy(update={"options": {"odd": 1}})
        with pytest.raises(MemcurateError, match=r"other items: 24 requests in a row"):
            asker.ask(items(60), odd, "other items")


def test_refusals_that_come_before_the_first_answer_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "64")
    with serving(lambda message, before: "400" if message[-1] in "0123" else "slow") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(items(120), HOW, "items")
    reasons = Counter(one.reason for one in outcomes)
    assert reasons == {None: 72, "refused by the server": 48}


def test_what_is_refused_among_answers_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if message == "question 0" else "400") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "1")
        for _ in range(2):  # the second time the one answer is a kept one
            outcomes = ask(items(50), HOW, "items")
            assert [one.reason for one in outcomes] == [None, *["refused by the server"] * 49]


def test_a_model_that_takes_one_temperature_only_is_tried_out_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        server.choose = lambda message, before: (
            "answer" if server.requests[-1].get("temperature", 1) == 1 else "400"
        )
        Asker().try_out(HOW.model_copy(update={"temperature": 1.0}), "judge")
        with pytest.raises(MemcurateError, match=r"judge: m does not answer: refused by the server .*broken"):
            Asker().try_out(HOW.model_copy(update={"options": {"temperature": 0.1}}), "judge")
