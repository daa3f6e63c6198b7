"""What makes a stage stop asking, and what does not: limits, keys, servers that are away or refuse."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.endpoint import client
from pipeline.endpoint.answers import AnswerCache
from pipeline.endpoint.asking import Asker
from pipeline.errors import MemcurateError
from tests.endpoint.conftest import HOW, ask, items
from tests.endpoint.faults import serving


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
