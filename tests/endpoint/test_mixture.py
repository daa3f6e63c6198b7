"""2,000 items against all that a server can do at once: each has one answer or one reason, paid for once."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.endpoint.conftest import HOW, ask, items
from tests.endpoint.faults import DEEP, FAULTS, right, serving

KINDS = (*FAULTS, *DEEP)


def mixed(share: int) -> Callable[[str, int], str]:
    """The same faults whatever the order of arrival: so many percent of all requests, all kinds alike."""

    def choose(message: str, before: int) -> str:
        drawn = int.from_bytes(hashlib.sha256(f"{message} {before}".encode()).digest()[:4], "big")
        return KINDS[drawn // 100 % len(KINDS)] if drawn % 100 < share else "answer"

    return choose


@pytest.mark.slow
@pytest.mark.parametrize(("count", "share"), [(2000, 50), (500, 100)])
def test_2000_items_against_all_kinds_of_faults(
    count: int, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_TIMEOUT", "3")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "64")
    asked = items(count)
    with serving(mixed(share)) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        outcomes = ask(asked, HOW, "items")
        sent = len(server.requests)
        reasons = Counter(one.reason for one in outcomes)
        print(
            f"{len(KINDS)} kinds, {share} %: {sent} requests, {sum(server.charged.values())} paid, {reasons}"
        )
        assert [one.id for one in outcomes] == [one.id for one in asked]
        for item, outcome in zip(asked, outcomes, strict=True):
            assert (outcome.reply is None) != (outcome.reason is None)
            if outcome.reply is not None:
                assert outcome.reply.answer == right(item.messages[0]["content"])
        assert set(reasons) <= {None, "refused by the model", "no answer", "unfit reply"}
        assert set(server.charged.values()) == {1}  # an answer that came is never asked for again

        server.choose = lambda message, before: "answer"
        again = ask(asked, HOW, "items")
        unanswered = {one.id for one in outcomes if one.reason == "no answer"}
        assert all(
            before == after or before.id in unanswered for before, after in zip(outcomes, again, strict=True)
        )
        later = {one["messages"][0]["content"] for one in server.requests[sent:]}
        assert later == {one.messages[0]["content"] for one in asked if one.id in unanswered}
        assert set(server.charged.values()) == {1}
        assert not json.dumps([one.detail for one in again]).count("Traceback")
