"""Throughput of 32 requests in flight to a server that takes 200 ms on average."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT

DELAY, MAX_CONCURRENCY, JOBS, ROUNDS = 0.2, 32, 960, 6

# Runs JOBS jobs in its own process, as a stage does; prints its seconds and its processor seconds.
# The client has come to its full concurrency before.
SCRIPT = f"""
import time
from pipeline.llm.client import LLMClient
from tests.pipeline.llm.factories import MODEL, make_jobs
client = LLMClient()
client.run_jobs(make_jobs({MAX_CONCURRENCY}), MODEL, "warm-up")
start, used = time.monotonic(), time.process_time()
results = client.run_jobs(make_jobs({JOBS}, {MAX_CONCURRENCY}), MODEL, "items")
print(time.monotonic() - start, time.process_time() - used)
assert all(one.reply for one in results)
"""


@pytest.mark.slow
def test_the_client_reaches_90_percent_of_the_ideal_throughput_with_little_processor_time(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.pipeline.llm.fault_server", str(DELAY)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        url = server.stdout.readline().strip()
        # Other work on this machine adds to both measures, so the best of some rounds counts.
        rounds: list[tuple[float, float]] = []
        while len(rounds) < ROUNDS and not any(map(_meets_target, rounds)):
            rounds.append(_measure(url, tmp_path / f"{len(rounds)}.sqlite"))
        server.stdin.close()
    print(rounds)
    assert _meets_target(rounds[-1])


def _meets_target(measures: tuple[float, float]) -> bool:
    throughput_fraction, processor_ratio = measures
    return throughput_fraction >= 0.9 and processor_ratio < 6


def _measure(url: str, answers: Path) -> tuple[float, float]:
    """Return the fraction of the ideal throughput, and the processor time as a multiple of bare requests'."""
    environment = {
        **os.environ,
        "MEMCURATE_ENDPOINT_URL": url,
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(answers),
        "MEMCURATE_ENDPOINT_MAX_CONCURRENCY": str(MAX_CONCURRENCY),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    seconds, processor = map(float, done.stdout.split())
    start = time.process_time()
    asyncio.run(_send_bare_requests(url))
    return (
        round(JOBS * DELAY / MAX_CONCURRENCY / seconds, 3),
        round(processor / (time.process_time() - start), 2),
    )


async def _send_bare_requests(url: str) -> None:
    """Send as many requests over sockets, without retries, cache or checks: the machine's own speed."""
    body = json.dumps({"messages": [{"role": "user", "content": "question"}]}).encode()
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def send_all() -> None:
        address = urlsplit(url)
        for _ in range(JOBS // MAX_CONCURRENCY):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
            writer.close()

    await asyncio.gather(*(send_all() for _ in range(MAX_CONCURRENCY)))
