"""The findings of a storm: items without one outcome, and requests that were sent again without a cause."""

from collections import Counter, defaultdict
from typing import Any

from pipeline.llm.response_cache import ResponseCache
from tests.pipeline.llm.fault_replies import right
from tests.pipeline.llm.fault_server import is_paid
from tests.storm.runner import MAX_CONCURRENCY, TIMEOUT, Kill, Storm

_REASONS = {"no answer", "unfit reply", "refused by the model", "refused by the server"}
_MAX_ATTEMPTS = 6  # of a request in one run, 429s left aside
_LAG = 1.0  # seconds until a client on a busy machine has stored a reply
_START = 0.3  # seconds that a new client takes at least until its first request


def find(storm: Storm) -> list[str]:
    """List the findings, a line each."""
    return [
        *_find_wrong_outcomes(storm),
        *_find_repeated_requests(storm),
        *_find_lost_replies(storm),
    ]


def figures(storm: Storm) -> str:
    """Format the storm's figures, for people."""
    came = [line for line in storm.log if line["event"] == "came"]
    paid = [line for line in storm.log if line["event"] == "replied" and is_paid(line["kind"])]
    reasons = Counter(outcome for _, outcome in storm.results if outcome in _REASONS)
    limits = sum("429" in line["kind"] for line in came)
    in_flight = sum(_find_kill(sent, storm.kills, lag=0.0) is not None for sent in _pair(storm.log))
    return (
        f"{storm.items:,} items in {storm.seconds:.0f} s: {len(came):,} requests, {limits:,} limited; "
        f"{storm.items - sum(reasons.values()):,} answers, reasons {dict(reasons)}\n"
        f"{len(storm.kills)} kills with {in_flight} requests in flight; {len(paid):,} final replies to "
        f"{len({line['request'] for line in paid}):,} requests"
    )


def _find_wrong_outcomes(storm: Storm) -> list[str]:
    found = []
    if [id for id, _ in storm.results] != [f"i{number}" for number in range(storm.items)]:
        found.append("the results are not one for each item, in order")
    for number, (id, outcome) in enumerate(storm.results):
        if outcome not in {right(f"question {number}"), *_REASONS}:
            found.append(f"{id} has neither its answer nor a reason: {outcome!r}")
    if storm.replayed != storm.results:
        found.append("the cache alone gives other results")
    return found


def _find_repeated_requests(storm: Storm) -> list[str]:
    """List requests sent again after a final reply that nothing could lose, and requests sent too often."""
    found, lost_at = [], Counter[int]()
    by_request = defaultdict(list)
    for sent in _pair(storm.log):
        by_request[sent["request"]].append(sent)
    for request, all_sent in by_request.items():
        for sent in (sent for sent in all_sent[:-1] if is_paid(sent["kind"])):
            kill = _find_kill(sent, storm.kills)
            if kill is not None:
                lost_at[kill] += 1
            elif not _is_late(sent):
                found.append(f"request {request[:8]} was sent again after a reply of kind {sent['kind']!r}")
        runs = Counter(_find_run(sent, storm.kills) for sent in all_sent if "429" not in sent["kind"])
        if runs and max(runs.values()) > _MAX_ATTEMPTS:
            found.append(f"request {request[:8]} was sent {max(runs.values())} times in one run")
    found += [
        f"kill {index + 1} cost {count} final replies, more than may be in flight"
        for index, count in lost_at.items()
        if count > MAX_CONCURRENCY
    ]
    return found


def _find_lost_replies(storm: Storm) -> list[str]:
    """List a difference between the final replies that were sent and the responses in the cache.

    A reply that a kill or a timeout lost need not be there: each later one may be a fault.
    """
    paid = [sent for sent in _pair(storm.log) if is_paid(sent["kind"]) and sent["replied"] < float("inf")]
    sure = {sent["request"] for sent in paid if _find_kill(sent, storm.kills) is None and not _is_late(sent)}
    most = {sent["request"] for sent in paid}
    cache = ResponseCache(storm.cache_path)
    # An empty reply, or one that a filter ended, is final at the third time, and is not counted as paid.
    stored = sum(
        one.final and bool(one.text or (one.reason and "finish_reason" not in (one.detail or "")))
        for one in cache
    )
    cache.close()
    if len(sure) <= stored <= len(most):
        return []
    return [f"{len(sure)} to {len(most)} requests have a final reply that was not lost, the cache {stored}"]


def _pair(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the requests with the time of their reply; infinity where none was sent."""
    sent: list[dict[str, Any]] = []
    open_by_request = defaultdict(list)
    for line in log:
        if line["event"] == "came":
            sent.append({**line, "replied": float("inf")})
            open_by_request[line["request"]].append(sent[-1])
        elif open_by_request[line["request"]]:
            open_by_request[line["request"]].pop()["replied"] = line["at"]
    return sent


def _is_late(sent: dict[str, Any]) -> bool:
    """Return whether the client may have stopped waiting for a reply."""
    return sent["replied"] - sent["at"] > TIMEOUT - _LAG


def _find_run(sent: dict[str, Any], kills: list[Kill]) -> int:
    """Return the number of the client's run that sent a request: how many kills came before.

    The server reads a request somewhat later than it was sent, so some are read after the client's death.
    """
    return sum(kill.dead_at + _START < sent["at"] for kill in kills)


def _find_kill(sent: dict[str, Any], kills: list[Kill], lag: float = _LAG) -> int | None:
    """Return the index of the kill at which a request was in flight or its reply not stored; else None."""
    run = _find_run(sent, kills)
    if run == len(kills) or min(sent["replied"], sent["at"] + TIMEOUT) < kills[run].sent_at - lag:
        return None
    return run
