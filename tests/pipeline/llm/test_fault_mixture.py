"""2,000 jobs against all faults of a server at once: each has one reply or one reason, paid for once."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
from tests.pipeline.llm.fault_replies import DEEP, FAULTS, TOO_LONG, right
from tests.pipeline.llm.fault_server import serving

KINDS = (*FAULTS, *DEEP, *TOO_LONG)


def choose_faults(percent: int) -> Callable[[str, int], str]:
    """Choose faults for `percent` of all requests, of all kinds alike, the same in any order of arrival."""

    def choose(message: str, before: int) -> str:
        number = int.from_bytes(hashlib.sha256(f"{message} {before}".encode()).digest()[:4], "big")
        return KINDS[number // 100 % len(KINDS)] if number % 100 < percent else "answer"

    return choose


@pytest.mark.slow
@pytest.mark.parametrize(("count", "percent"), [(2000, 50), (500, 100)])
def test_jobs_against_all_kinds_of_faults(count: int, percent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "3")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "64")
    jobs = make_jobs(count)
    with serving(choose_faults(percent)) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        results = run_jobs(jobs, MODEL, "items")
        sent = len(server.requests)
        reasons = Counter(one.reason for one in results)
        print(
            f"{len(KINDS)} kinds, {percent} %: {sent} requests, "
            f"{sum(server.charged.values())} paid, {reasons}"
        )
        assert [one.id for one in results] == [one.id for one in jobs]
        for job, result in zip(jobs, results, strict=True):
            assert (result.reply is None) != (result.reason is None)
            if result.reply is not None:
                assert result.reply.answer == right(job.messages[0]["content"])
        assert set(reasons) <= {
            None,
            "refused by the model",
            "refused by the server",
            "no answer",
            "unfit reply",
        }
        assert set(server.charged.values()) == {1}  # a response that came is never sent for again

        server.choose = lambda message, before: "answer"
        again = run_jobs(jobs, MODEL, "items")
        unanswered = {one.id for one in results if one.reason in ("no answer", "refused by the server")}
        assert all(
            before == after or before.id in unanswered for before, after in zip(results, again, strict=True)
        )
        later = {one["messages"][0]["content"] for one in server.requests[sent:]}
        assert later == {one.messages[0]["content"] for one in jobs if one.id in unanswered}
        assert set(server.charged.values()) == {1}
        assert not json.dumps([one.detail for one in again]).count("Traceback")
