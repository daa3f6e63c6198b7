"""A reply over HTTP within bounds, whatever the server sends."""

import asyncio
import tracemalloc
from time import monotonic

import pytest

from pipeline.endpoint.settings import from_environment
from pipeline.endpoint.transport import Reply, Transport, TransportError
from tests.endpoint.faults import BROKEN, FaultServer, serving

BODY = {"messages": [{"role": "user", "content": "question"}]}


def post(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Reply:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)

    async def one() -> Reply:
        transport = Transport(from_environment())
        try:
            async with asyncio.timeout(1):
                return await transport.post(BODY)
        finally:
            await transport.close()

    return asyncio.run(one())


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_one_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: kind) as server:
        try:
            reply = post(server, monkeypatch)
        except TransportError as error:
            assert error.connected
        except TimeoutError:
            assert kind in ("hanging", "slow", "a byte now and then")
        else:
            assert kind in ("bytes past the length", "two lengths") and len(reply.body) < 10_000


@pytest.mark.parametrize("kind", ["a gzip bomb", "40 MB", "a body without end"])
def test_a_body_is_read_up_to_its_bound(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: kind) as server:
        start = monotonic()
        tracemalloc.start()
        with pytest.raises(TransportError, match="a body of more than 16 MiB"):
            post(server, monkeypatch)
        (_, most) = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert monotonic() - start < 10 and most < 150 * 2**20  # the server's own 40 MB included


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        pass
    with pytest.raises(TransportError, match="Cannot connect") as caught:
        post(server, monkeypatch)
    assert not caught.value.connected


def test_an_error_does_not_show_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("bad status line", "a header of 100 KB", "1,000 headers", "two lengths"):
        with serving(lambda message, before, kind=kind: kind) as server:
            server.url += "?key=secret"
            try:
                post(server, monkeypatch)
            except TransportError as error:
                assert "secret" not in str(error)


def test_the_address_keeps_its_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", "https://host:1/openai/deployments/m/?api-version=1")
    assert from_environment().completions_url == (
        "https://host:1/openai/deployments/m/chat/completions?api-version=1"
    )
