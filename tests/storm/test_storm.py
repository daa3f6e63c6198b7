"""A short storm, and that findings are found."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.llm.response_cache import LLMResponse, ResponseCache
from tests.pipeline.llm.fault_replies import right
from tests.storm.findings import figures, find
from tests.storm.runner import Kill, Storm, run


def make_storm(folder: Path, *requests: tuple[str, float, float | None, str], **changes: Any) -> Storm:
    """Make a storm of one item, killed at 10 s.

    A request is (name, second in which it came, second of the reply, kind).
    """
    cache = ResponseCache(folder / "answers.sqlite")
    cache.put(LLMResponse("a", "m", '{"answer": "x"}', None, None, True, 10, 5, 0.1))
    cache.close()
    log = [
        {"event": event, "at": at, "kind": kind, "request": name}
        for name, came, replied, kind in requests
        for event, at in (("came", came), ("replied", replied))
        if at is not None
    ]
    results = [("i0", right("question 0"))]
    values = {"items": 1, "kills": [Kill(10.0, 10.1)], "log": log, "results": results, "replayed": results}
    return Storm(**values | {"cache_path": folder / "answers.sqlite", "seconds": 1.0} | changes)


@pytest.mark.parametrize(
    "requests",
    [
        [("a", 1.0, 2.0, "answer")],
        [("a", 1.0, 2.0, "500"), ("a", 3.0, 4.0, "answer")],
        [("a", 1.0, None, "reset"), ("a", 3.0, 4.0, "answer")],
        [("a", 9.9, 10.2, "answer"), ("a", 12.0, 13.0, "fenced")],
        [("a", 10.2, 10.3, "answer"), ("a", 12.0, 13.0, "answer")],  # sent before the kill, read after it
        [("a", 9.0, 9.9, "answer"), ("a", 12.0, 13.0, "answer")],  # its reply may not have been stored
        [("a", 1.0, 2.0, "answer"), ("b", 9.9, 10.2, "answer"), ("b", 12.0, 13.0, "500")],
        [("a", 1.0, 2.0, "answer"), ("b", 1.0, 5.0, "answer"), ("b", 6.0, 7.0, "500")],
        [
            *(("a", float(number), number + 0.5, "429 with wait") for number in range(9)),
            ("a", 9.0, 9.5, "answer"),
        ],
    ],
)
def test_what_a_kill_or_a_fault_explains_is_not_a_finding(
    requests: list[tuple[str, float, float | None, str]], tmp_path: Path
) -> None:
    assert find(make_storm(tmp_path, *requests)) == []


@pytest.mark.parametrize(
    ("requests", "changes", "finding"),
    [
        (
            [("a", 1.0, 2.0, "answer"), ("a", 3.0, 4.0, "answer")],
            {},
            "sent again after a reply of kind 'answer'",
        ),
        ([("a", 1.0, 2.0, "answer"), ("a", 12.0, 13.0, "answer")], {}, "sent again after a reply"),
        (
            [("a", 12.0, 12.5, "gzip"), ("a", 13.0, 13.5, "answer")],
            {},
            "sent again after a reply of kind 'gzip'",
        ),
        ([("a", float(number), number + 0.5, "500") for number in range(7)], {}, "sent 7 times in one run"),
        (
            [("a", 1.0, 2.0, "answer"), ("b", 1.0, 2.0, "answer")],
            {},
            "2 to 2 requests have a final reply that was not lost, the cache 1",
        ),
        (
            [("a", 1.0, None, "answer")],
            {},
            "0 to 0 requests have a final reply that was not lost, the cache 1",
        ),
        ([("a", 1.0, 2.0, "answer")], {"replayed": []}, "the cache alone gives other results"),
        (
            [("a", 1.0, 2.0, "answer")],
            {"results": [("i0", "wrong")]},
            "i0 has neither its answer nor a reason",
        ),
        ([("a", 1.0, 2.0, "answer")], {"results": []}, "not one for each item"),
        (
            [(f"{n}", *times, "answer") for n in range(65) for times in ((9.0, None), (12.0, 13.0))],
            {},
            "kill 1 cost 65 final replies, more than may be in flight",
        ),
    ],
)
def test_a_wrong_outcome_and_a_reply_that_is_paid_twice_are_findings(
    requests: list[tuple[str, float, float | None, str]],
    changes: dict[str, Any],
    finding: str,
    tmp_path: Path,
) -> None:
    assert finding in "\n".join(find(make_storm(tmp_path, *requests, **changes)))


@pytest.mark.slow
def test_a_short_storm_has_no_findings(tmp_path: Path) -> None:
    """400 items; `make storm` runs 10,000."""
    storm = run(400, 3, 0.4, 1, tmp_path)
    print(figures(storm))
    assert find(storm) == []
    assert len(storm.kills) == 3 and len(storm.results) == 400
    assert sum(line["kind"] != "answer" for line in storm.log) > 200
