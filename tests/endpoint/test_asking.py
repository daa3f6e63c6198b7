"""Items against a server that faults: each ends with one answer or one reason, and none is paid for twice."""

import hashlib
from collections import Counter

import pytest
from pydantic import ValidationError

from pipeline.endpoint import asking, client
from pipeline.endpoint.asking import Asker, Item, Outcome
from pipeline.errors import MemcurateError
from pipeline.params import Ask
from tests.endpoint.conftest import HOW, Said, ask, items
from tests.endpoint.faults import ANSWERED, FAULTS, REFUSED, right, serving

SHARE = 30  # percent of requests that fault


def faulting(message: str, before: int) -> str:
    """The same faults whatever the order of arrival: 30 % of all requests."""
    drawn = int.from_bytes(hashlib.sha256(f"{message} {before}".encode()).digest()[:4], "big")
    return FAULTS[drawn // 100 % len(FAULTS)] if drawn % 100 < SHARE else "answer"


def test_2000_requests_with_30_percent_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "0.5")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "64")
    asked = items(2000)
    with serving(faulting) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(asked, HOW, "items")
        sent = len(server.requests)
        assert [one.id for one in outcomes] == [one.id for one in asked]
        reasons = Counter(one.reason for one in outcomes)
        print(f"{sent} requests, outcomes {dict(reasons)}")
        for item, outcome in zip(asked, outcomes, strict=True):
            assert (outcome.reply is None) != (outcome.reason is None)
            if outcome.reply is not None:
                assert outcome.reply.answer == right(item.messages[0]["content"])
        assert reasons[None] > 1900  # only refusals are for good; all else is asked again
        assert set(reasons) <= {None, "refused by the model", "no answer", "unfit reply"}
        assert sent > 2300

        again = ask(asked, HOW, "items")
        unanswered = {one.id for one in outcomes if one.reason == "no answer"}
        for before, after in zip(outcomes, again, strict=True):
            assert before == after or before.id in unanswered
        # What the cache holds is not asked again: only items that got no answer at all are.
        later = {one["messages"][0]["content"] for one in server.requests[sent:]}
        assert later <= {one.messages[0]["content"] for one in asked if one.id in unanswered}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_once(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single fault is got over; a refusal is the answer."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "2")
    with serving(lambda message, before: "answer" if before else fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (outcome,) = ask(items(1), HOW, "items")
    if fault in REFUSED:
        assert outcome.reason == "refused by the model" and outcome.detail == "I will not."
    else:
        assert outcome.reply == Said(answer=right("question 0"))
    assert len(server.requests) == (1 if fault in (*ANSWERED, *REFUSED) else 2)


@pytest.mark.parametrize(
    ("fault", "reason", "detail", "requests"),
    [
        ("500", "no answer", "broken 500", 6),
        ("cut", "no answer", "", 6),
        ("no choices", "no answer", "no choice", 6),
        ("unreadable", "no answer", "no completion", 6),
        ("400", "refused by the server", "broken 400", 2),  # once more without the schema
        ("no json", "unfit reply", "no JSON object", 3),
        ("wrong schema", "unfit reply", "answer: Field required", 3),
        ("too long", "unfit reply", "cut off before its end", 3),
    ],
)
def test_a_fault_that_stays(
    fault: str, reason: str, detail: str, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda message, before: fault if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(items(3), HOW, "items")
    assert [one.reason for one in outcomes] == [None, reason, None]
    assert detail in outcomes[1].detail
    assert server.came["question 1"] == requests


def test_half_a_character_in_a_reply_in_ten_and_in_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    halved = '{"answer": "a happy day \ud83d"}'
    asked = [*items(80), Item("odd", [{"role": "user", "content": "a \ud83d\ude80 b \ud83d"}], Said)]
    with serving(lambda message, before: halved if message.endswith("7") else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(asked, HOW, "items")
        assert ask(asked, HOW, "items") == outcomes and len(server.requests) == 81
    said = [one.reply.answer for one in outcomes if one.reply]
    assert len(said) == 81 and said[7] == "a happy day \ufffd"
    assert server.answered["a 🚀 b \ufffd"] == 1


def test_what_is_wrong_is_shown_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if before else "wrong schema") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (outcome,) = ask(items(1), HOW, "items")
    assert len(outcome.keys) == 2 and outcome.reply is not None
    roles = [one["role"] for one in server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "answer: Field required" in server.requests[1]["messages"][2]["content"]


def test_a_server_without_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets one in the first requests, and in none after that."""
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "1")
        choose = server.choose
        server.choose = lambda message, before: (
            "400" if "response_format" in server.requests[-1] else choose(message, before)
        )
        outcomes = ask(items(5), HOW, "items")
    assert all(one.reply is not None for one in outcomes)
    assert ["response_format" in one for one in server.requests] == [True, *[False] * 5]


def test_a_server_that_calls_the_limit_by_its_newer_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "1")
        server.choose = lambda message, before: (
            "newer limit" if "max_tokens" in server.requests[-1] else "answer"
        )
        asker = Asker()
        outcomes = [*asker.ask(items(3), HOW, "items"), *asker.ask(items(2, 3), HOW, "items")]
    assert all(one.reply is not None for one in outcomes)
    sent = [(one.get("max_tokens"), one.get("max_completion_tokens")) for one in server.requests]
    assert sent == [(64, None), *[(None, 64)] * 5]
    assert all("response_format" in one for one in server.requests)


def test_options_are_sent_in_place_of_what_is_sent_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        thinking = {"enable_thinking": False}
        options = {"top_p": 0.9, "temperature": 1, "seed": None, "chat_template_kwargs": thinking}
        ask(items(1), HOW.model_copy(update={"options": options}), "items")
    (sent,) = server.requests
    assert (sent["top_p"], sent["temperature"], sent["chat_template_kwargs"]) == (0.9, 1, thinking)
    assert "seed" not in sent and sent["max_tokens"] == 64


def test_what_is_no_option() -> None:
    with pytest.raises(ValidationError, match="options cannot hold messages, n"):
        Ask(model="m", revision="1", temperature=0.5, max_tokens=64, options={"n": 2, "messages": []})


def test_the_same_asked_twice_at_once_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    same = [Item(str(number), [{"role": "user", "content": "one"}], Said) for number in range(20)]
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(same, HOW, "items")
    assert len(server.requests) == 1 and len({one.reply.answer for one in outcomes if one.reply}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"revision": "2"},
        {"temperature": 0.6},
        {"max_tokens": 65},
        {"options": {"top_p": 0.9}},
    ],
)
def test_all_that_shapes_an_answer_is_part_of_its_key(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        ask(items(2), HOW, "items")
        ask(items(2), HOW.model_copy(update=change), "items")
        assert len(server.requests) == 4
        others = [Item(one.id, one.messages, Said, sample=1) for one in items(2)]
        ask(others, HOW, "items")
        assert len(server.requests) == 6 and server.requests[-1]["seed"] == 1


def test_another_address_asks_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as first, serving() as other:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", first.url)
        before = ask(items(3), HOW, "items")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", other.url)
        assert ask(items(3), HOW, "items") == before
        assert not other.requests
    monkeypatch.delenv("MEMCURATE_ENDPOINT_URL")
    assert ask(items(3), HOW, "items") == before  # nor is an address needed


def test_replay_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        before = ask(items(3), HOW, "items")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
        assert ask(items(3), HOW, "items") == before
        with pytest.raises(MemcurateError, match=r"MODE is replay.*m.*import the answers"):
            ask(items(4), HOW, "items")
        assert len(server.requests) == 3


def test_failures_are_replayed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "503" if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        before = ask(items(3), HOW, "items")
        assert before[1].reason == "no answer"
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
        assert ask(items(3), HOW, "items") == before
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "ask")
        server.choose = lambda message, before: "answer"
        after = ask(items(3), HOW, "items")
    assert after[1].reply is not None and [after[0], after[2]] == [before[0], before[2]]


def test_a_schema_that_is_refused_stays_left_out_through_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {0: "400", 1: "503", 2: "503", 3: "answer"}
    with serving(lambda message, before: kinds[before]) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (outcome,) = ask(items(1), HOW, "items")
    assert outcome.reply is not None
    assert ["response_format" in one for one in server.requests] == [True, False, False, False]


def test_one_odd_refusal_does_not_cost_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "1")
    odd = ("question 1", 0)
    with serving(lambda message, before: "400" if (message, before) == odd else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        assert all(one.reply for one in ask(items(3), HOW, "items"))
    assert ["response_format" in one for one in server.requests] == [True, True, False, True]


def test_requests_are_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    from time import monotonic

    monkeypatch.setenv("MEMCURATE_ENDPOINT_PER_MINUTE", "1200")
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        start = monotonic()
        ask(items(20), HOW, "items")
        assert monotonic() - start >= 19 * 0.05


def test_a_log_tells_what_it_comes_to(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "_APART", 0.05)
    monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_IN", "1000")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_OUT", "2000")
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        ask(items(24), HOW, "items")
    printed = capfd.readouterr().err
    assert "ask: items" in printed
    assert "24 requests, 240 + 120 tokens, cost 0.48" in printed


def test_no_more_in_flight_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "3")
    with serving(delay=0.02) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes: list[Outcome[Said]] = ask(items(30), HOW, "items")
    assert len(outcomes) == 30 and server.most_at_once == 3


def test_the_longest_wait_a_server_may_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for as long as it says, and not asked again where that is too long."""
    monkeypatch.setattr(client, "_PATIENCE", 0.1)
    with serving(lambda message, before: "429 with wait") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (outcome,) = ask(items(1), HOW, "items")
        assert outcome.reason == "no answer" and len(server.requests) == 1
