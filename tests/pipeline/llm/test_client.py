"""Jobs against a server with faults: each ends with one reply or one reason, and none is paid for twice."""

import hashlib
from collections import Counter

import pytest
from pydantic import ValidationError

from pipeline.core.errors import MemcurateError
from pipeline.core.params import ModelSettings
from pipeline.llm import client, failed_attempt
from pipeline.llm.client import Job, JobResult, LLMClient
from tests.pipeline.llm.factories import MODEL, Said, make_jobs, run_jobs
from tests.pipeline.llm.fault_replies import ANSWERED, FAULTS, REFUSED, right
from tests.pipeline.llm.fault_server import serving

FAULT_PERCENT = 30  # percent of requests that fault


def choose_fault(message: str, before: int) -> str:
    """Choose a fault for 30 percent of all requests, the same ones in any order of arrival."""
    number = int.from_bytes(hashlib.sha256(f"{message} {before}".encode()).digest()[:4], "big")
    return FAULTS[number // 100 % len(FAULTS)] if number % 100 < FAULT_PERCENT else "answer"


def test_2000_requests_with_30_percent_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "0.5")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    jobs = make_jobs(2000)
    with serving(choose_fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(jobs, MODEL, "items")
        sent = len(server.requests)
        assert [one.id for one in results] == [one.id for one in jobs]
        reasons = Counter(one.reason for one in results)
        print(f"{sent} requests, results {dict(reasons)}")
        for job, result in zip(jobs, results, strict=True):
            assert (result.reply is None) != (result.reason is None)
            if result.reply is not None:
                assert result.reply.answer == right(job.messages[0]["content"])
        assert reasons[None] > 1900  # only refusals are for good; everything else is retried
        assert set(reasons) <= {None, "refused by the model", "no answer", "unfit reply"}
        assert sent > 2300

        again = run_jobs(jobs, MODEL, "items")
        unanswered = {one.id for one in results if one.reason == "no answer"}
        for before, after in zip(results, again, strict=True):
            assert before == after or before.id in unanswered
        # What the cache holds is not sent again: only failed jobs are.
        later = {one["messages"][0]["content"] for one in server.requests[sent:]}
        assert later <= {one.messages[0]["content"] for one in jobs if one.id in unanswered}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_single_fault_does_not_cost_the_reply(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a refusal is the result."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "2")
    with serving(lambda message, before: "answer" if before else fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (result,) = run_jobs(make_jobs(1), MODEL, "items")
    if fault in REFUSED:
        assert result.reason == "refused by the model" and result.detail == "I will not."
    else:
        assert result.reply == Said(answer=right("question 0"))
    assert len(server.requests) == (1 if fault in (*ANSWERED, *REFUSED) else 2)


@pytest.mark.parametrize(
    ("fault", "reason", "detail", "requests"),
    [
        ("500", "no answer", "broken 500", 6),
        ("cut", "no answer", "", 6),
        ("no choices", "no answer", "no choice", 6),
        ("unreadable", "no answer", "not a completion", 6),
        ("400", "refused by the server", "broken 400", 2),  # once more without the schema
        ("too long a prompt", "refused by the server", "(context_length_exceeded)", 1),
        ("too long a prompt, in words", "refused by the server", "maximum context length", 1),
        ("no json", "unfit reply", "no JSON object", 3),
        ("wrong schema", "unfit reply", "answer: Field required", 3),
        ("too long", "unfit reply", "cut off before its end", 3),
    ],
)
def test_a_permanent_fault_is_a_reason(
    fault: str, reason: str, detail: str, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda message, before: fault if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(make_jobs(3), MODEL, "items")
    assert [one.reason for one in results] == [None, reason, None]
    assert detail in results[1].detail
    assert server.came["question 1"] == requests


def test_lone_surrogates_in_replies_and_prompts_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    halved = '{"answer": "a happy day \ud83d"}'
    jobs = [*make_jobs(80), Job("odd", [{"role": "user", "content": "a \ud83d\ude80 b \ud83d"}], Said)]
    with serving(lambda message, before: halved if message.endswith("7") else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(jobs, MODEL, "items")
        assert run_jobs(jobs, MODEL, "items") == results and len(server.requests) == 81
    answers = [one.reply.answer for one in results if one.reply]
    assert len(answers) == 81 and answers[7] == "a happy day \ufffd"
    assert server.answered["a 🚀 b \ufffd"] == 1


def test_the_model_is_shown_the_error_of_its_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "answer" if before else "wrong schema") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (result,) = run_jobs(make_jobs(1), MODEL, "items")
    assert len(result.response_keys) == 2 and result.reply is not None
    roles = [one["role"] for one in server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "answer: Field required" in server.requests[1]["messages"][2]["content"]


def test_the_schema_is_left_out_for_a_server_that_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first request has one."""
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
        choose = server.choose
        server.choose = lambda message, before: (
            "400" if "response_format" in server.requests[-1] else choose(message, before)
        )
        results = run_jobs(make_jobs(5), MODEL, "items")
    assert all(one.reply is not None for one in results)
    assert ["response_format" in one for one in server.requests] == [True, *[False] * 5]


def test_the_newer_name_of_the_token_limit_is_used_once_the_server_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
        server.choose = lambda message, before: (
            "newer limit" if "max_tokens" in server.requests[-1] else "answer"
        )
        llm_client = LLMClient()
        results = [
            *llm_client.run_jobs(make_jobs(3), MODEL, "items"),
            *llm_client.run_jobs(make_jobs(2, 3), MODEL, "items"),
        ]
    assert all(one.reply is not None for one in results)
    sent = [(one.get("max_tokens"), one.get("max_completion_tokens")) for one in server.requests]
    assert sent == [(64, None), *[(None, 64)] * 5]
    assert all("response_format" in one for one in server.requests)


def test_options_override_fields_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        thinking = {"enable_thinking": False}
        options = {"top_p": 0.9, "temperature": 1, "seed": None, "chat_template_kwargs": thinking}
        run_jobs(make_jobs(1), MODEL.model_copy(update={"options": options}), "items")
    (sent,) = server.requests
    assert (sent["top_p"], sent["temperature"], sent["chat_template_kwargs"]) == (0.9, 1, thinking)
    assert "seed" not in sent and sent["max_tokens"] == 64


def test_reserved_fields_are_refused_as_options() -> None:
    with pytest.raises(ValidationError, match="options cannot hold messages, n"):
        ModelSettings(
            name="m", revision="1", temperature=0.5, max_tokens=64, options={"n": 2, "messages": []}
        )


def test_equal_requests_in_flight_are_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    same = [Job(str(number), [{"role": "user", "content": "one"}], Said) for number in range(20)]
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(same, MODEL, "items")
    assert len(server.requests) == 1 and len({one.reply.answer for one in results if one.reply}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n"},
        {"revision": "2"},
        {"temperature": 0.6},
        {"max_tokens": 65},
        {"options": {"top_p": 0.9}},
    ],
)
def test_everything_that_shapes_a_response_is_part_of_its_key(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        run_jobs(make_jobs(2), MODEL, "items")
        run_jobs(make_jobs(2), MODEL.model_copy(update=change), "items")
        assert len(server.requests) == 4
        others = [Job(one.id, one.messages, Said, sample=1) for one in make_jobs(2)]
        run_jobs(others, MODEL, "items")
        assert len(server.requests) == 6 and server.requests[-1]["seed"] == 1


def test_another_address_uses_the_same_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as first, serving() as other:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", first.url)
        before = run_jobs(make_jobs(3), MODEL, "items")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", other.url)
        assert run_jobs(make_jobs(3), MODEL, "items") == before
        assert not other.requests
    monkeypatch.delenv("MEMCURATE_ENDPOINT_URL")
    assert run_jobs(make_jobs(3), MODEL, "items") == before  # nor is an address needed


def test_replay_sends_no_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        before = run_jobs(make_jobs(3), MODEL, "items")
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
        assert run_jobs(make_jobs(3), MODEL, "items") == before
        with pytest.raises(MemcurateError, match=r"MODE is replay.*m.*import the responses"):
            run_jobs(make_jobs(4), MODEL, "items")
        assert len(server.requests) == 3


def test_replay_repeats_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: "503" if message == "question 1" else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        before = run_jobs(make_jobs(3), MODEL, "items")
        assert before[1].reason == "no answer"
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
        assert run_jobs(make_jobs(3), MODEL, "items") == before
        monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "ask")
        server.choose = lambda message, before: "answer"
        after = run_jobs(make_jobs(3), MODEL, "items")
    assert after[1].reply is not None and [after[0], after[2]] == [before[0], before[2]]


def test_a_refused_schema_stays_left_out_after_other_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {0: "400", 1: "503", 2: "503", 3: "answer"}
    with serving(lambda message, before: kinds[before]) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (result,) = run_jobs(make_jobs(1), MODEL, "items")
    assert result.reply is not None
    assert ["response_format" in one for one in server.requests] == [True, False, False, False]


def test_one_refusal_after_a_completion_does_not_turn_schemas_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
    odd = ("question 1", 0)
    with serving(lambda message, before: "400" if (message, before) == odd else "answer") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        assert all(one.reply for one in run_jobs(make_jobs(3), MODEL, "items"))
    assert ["response_format" in one for one in server.requests] == [True, True, False, True]


def test_a_server_that_changes_its_mind_about_schemas_answers_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts them, refuses them for ten items, and accepts them again."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "1")
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        server.choose = lambda message, before: (
            "400"
            if "response_format" in server.requests[-1] and 10 <= int(message.removeprefix("question ")) < 20
            else "answer"
        )
        assert all(one.reply for one in run_jobs(make_jobs(30), MODEL, "items"))
    assert len(server.requests) == 40 and set(server.charged.values()) == {1}
    assert "response_format" in server.requests[-1]


def test_the_rate_limit_spaces_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    from time import monotonic

    monkeypatch.setenv("MEMCURATE_ENDPOINT_REQUESTS_PER_MINUTE", "1200")
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        start = monotonic()
        run_jobs(make_jobs(20), MODEL, "items")
        assert monotonic() - start >= 19 * 0.05


def test_the_rate_limit_spaces_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy sends a batch for each step, of one request where one episode runs."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_REQUESTS_PER_MINUTE", "1200")
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        llm_client = LLMClient()
        for index in range(10):
            llm_client.run_jobs(make_jobs(1, index), MODEL, "items")
    assert server.arrivals[-1] - server.arrivals[0] >= 9 * 0.05 - 0.1


def test_the_progress_log_shows_requests_tokens_and_cost(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "_LOG_INTERVAL", 0.05)
    monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_IN", "1000")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_PRICE_OUT", "2000")
    with serving(delay=0.1) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        run_jobs(make_jobs(24), MODEL, "items")
    printed = capfd.readouterr().err
    assert "requests: items" in printed
    assert "24 requests, 240 + 120 tokens, cost 0.48" in printed


def test_at_most_max_concurrency_requests_are_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "3")
    with serving(delay=0.02) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results: list[JobResult[Said]] = run_jobs(make_jobs(30), MODEL, "items")
    assert len(results) == 30 and server.max_in_flight == 3


def test_a_retry_after_above_the_maximum_ends_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter wait is waited for, which other tests show."""
    monkeypatch.setattr(failed_attempt, "MAX_RETRY_AFTER", 0.1)
    with serving(lambda message, before: "429 with wait") as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (result,) = run_jobs(make_jobs(1), MODEL, "items")
        assert result.reason == "no answer" and len(server.requests) == 1
