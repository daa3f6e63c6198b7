"""HTTP replies of bounded size, whatever the server sends."""

import asyncio
import tracemalloc
from time import monotonic

import pytest

from pipeline.llm.settings import load_settings
from pipeline.llm.transport import HttpResponse, Transport, TransportError
from tests.pipeline.llm.fault_replies import BROKEN
from tests.pipeline.llm.fault_server import FaultServer, serving

BODY = {"messages": [{"role": "user", "content": "question"}]}


def post(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)

    async def post_once() -> HttpResponse:
        transport = Transport(load_settings())
        try:
            async with asyncio.timeout(1):
                return await transport.post(BODY)
        finally:
            await transport.close()

    return asyncio.run(post_once())


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_reply_is_a_transport_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: kind) as server:
        try:
            reply = post(server, monkeypatch)
        except TransportError as error:
            assert error.reached_server
        except TimeoutError:
            assert kind in ("hanging", "slow", "a byte now and then")
        else:
            assert (
                kind in ("bytes past the length", "two lengths", "gzip of gzip") and len(reply.body) < 10_000
            )


@pytest.mark.parametrize("kind", ["a gzip bomb", "50 MB", "a body without end"])
def test_a_body_above_the_size_limit_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda message, before: kind) as server:
        start = monotonic()
        tracemalloc.start()
        with pytest.raises(TransportError, match="a body of more than 16 MiB"):
            post(server, monkeypatch)
        (_, most) = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert monotonic() - start < 10 and most < 150 * 2**20  # the server's own 50 MB included


def test_a_redirect_takes_no_prompt_and_no_key_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "a-key-of-this-test")
    with serving() as other, serving(lambda message, before: "redirect") as server:
        location = f"Location: {other.url}/chat/completions\r\n"
        monkeypatch.setattr("tests.pipeline.llm.fault_server.reply", lambda *_: (307, location, ""))
        assert post(server, monkeypatch).status == 307
        assert len(server.headers) == 1 and other.headers == []


def test_an_unreachable_server_is_a_transport_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        pass
    with pytest.raises(TransportError, match="Cannot connect") as caught:
        post(server, monkeypatch)
    assert not caught.value.reached_server


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
    assert load_settings().address_of("chat/completions") == (
        "https://host:1/openai/deployments/m/chat/completions?api-version=1"
    )
