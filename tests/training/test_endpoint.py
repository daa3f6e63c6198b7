"""The endpoint's client against a small server of our own: tools passed, calls as text, refusals told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pipeline.errors import MemcurateError
from training.chats import Sampling
from training.chats.endpoint import EndpointChat
from training.parsing import parse
from training.tools import TOOLS, Call

HELLO = [{"role": "user", "content": "hello"}]
ARGUMENTS = {"memory_type": "semantic", "content": "Ann has a cat"}
Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]  # a request's body to status and body


@contextmanager
def serving(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """A server whose chat completions are `answer`; gives the requests that it got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def reply(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append(request)
            if self.headers["Authorization"] == "Bearer wrong":
                self.reply(401, {"error": {"message": "no such key"}})
            else:
                self.reply(*answer(request))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()


def completion(**message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def test_native_tool_calls_come_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    function = {"name": "new_memory_insert", "arguments": json.dumps(ARGUMENTS)}
    calls = [{"id": "c1", "type": "function", "function": function}]
    with serving(lambda _: (200, completion(content="Storing.", tool_calls=calls)), monkeypatch) as got:
        chat = EndpointChat("m", native=True)
        (reply,) = chat.complete([HELLO], Sampling(10, 0.5, 3), tools=True)
    assert reply.startswith("Storing.\n<tool_call>")
    assert parse(reply) == [Call("new_memory_insert", ARGUMENTS)]
    hello, request = got  # the first asks whether the model is there
    assert hello["max_tokens"] == 1
    assert request["tools"] == TOOLS and request["temperature"] == 0.5 and request["seed"] == 3


def test_replies_stand_in_the_order_of_the_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [[{"role": "user", "content": str(number)}] for number in range(30)]
    with serving(
        lambda request: (200, completion(content=f"got {request['messages'][0]['content']}")), monkeypatch
    ) as got:
        replies = EndpointChat("m").complete(chats, Sampling(10, 0.0, 0), tools=True)
    assert replies == [f"got {number}" for number in range(30)]
    assert all("tools" not in request for request in got)


def test_nothing_in_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: (200, {**completion(content="x"), "choices": []}), monkeypatch):
        assert EndpointChat("m").complete([HELLO], Sampling(10, 0.0, 0), tools=False) == [""]
    with serving(lambda _: (200, completion(content=None)), monkeypatch):
        assert EndpointChat("m").complete([HELLO], Sampling(10, 0.0, 0), tools=False) == [""]


def test_a_refusal_names_what_to_do_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "wrong")
    with serving(lambda _: (200, completion(content="x")), monkeypatch):
        with pytest.raises(MemcurateError, match=r"127.0.0.1.*model m .*no such key.*MEMCURATE") as caught:
            EndpointChat("m")
        assert "wrong" not in str(caught.value)


def test_a_server_that_refuses_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"error": {"message": "no such model"}}
    with serving(lambda _: (404, refusal), monkeypatch), pytest.raises(MemcurateError, match="no such model"):
        EndpointChat("m")
