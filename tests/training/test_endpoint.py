"""A model behind the endpoint, a small server of ours: tools, calls as text, answers kept, refusals."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.endpoint.asking import Asker
from pipeline.errors import MemcurateError
from pipeline.params import EndpointModel
from training.chats import Message, Sampling
from training.chats.endpoint import EndpointChat
from training.parsing import parse
from training.tools import TOOLS, Call

HELLO = [{"role": "user", "content": "hello"}]
ARGUMENTS = {"memory_type": "semantic", "content": "Ann has a cat"}
Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]  # a request's body to status and body


@pytest.fixture(autouse=True)
def _own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_ANSWERS", str(tmp_path / "answers.sqlite"))


def chatting(native: bool = False) -> EndpointChat:
    """As a stage that begins."""
    return EndpointChat(EndpointModel(model="m", revision="1"), Asker(), native)


def said(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


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
        chat = chatting(native=True)
        (reply,) = chat.complete([HELLO], Sampling(10, 0.5, 3), tools=True)
    assert reply.startswith("Storing.\n<tool_call>")
    assert parse(reply) == [Call("new_memory_insert", ARGUMENTS)]
    hello, request = got  # the first asks whether the model is there
    assert hello["max_tokens"] == 16 and "temperature" not in hello
    assert request["tools"] == TOOLS and request["temperature"] == 0.5 and request["seed"] == 3


def test_replies_stand_in_the_order_of_the_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [[{"role": "user", "content": str(number)}] for number in range(30)]
    with serving(
        lambda request: (200, completion(content=f"got {request['messages'][0]['content']}")), monkeypatch
    ) as got:
        replies = chatting().complete(chats, Sampling(10, 0.0, 0), tools=True)
    assert replies == [f"got {number}" for number in range(30)]
    assert all("tools" not in request for request in got)


def test_nothing_in_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: (200, completion(content=None)), monkeypatch):
        assert chatting().complete([HELLO], Sampling(10, 0.0, 0), tools=False) == [""]


def test_a_refusal_names_what_to_do_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "wrong")
    with serving(lambda _: (200, completion(content="x")), monkeypatch):
        with pytest.raises(MemcurateError, match=r"model m: .*127.0.0.1.* refuses the key.*_KEY") as caught:
            chatting()
        assert "wrong" not in str(caught.value)


def test_a_server_without_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"error": {"message": "no such model"}}
    with serving(lambda _: (404, refusal), monkeypatch), pytest.raises(MemcurateError, match="no such model"):
        chatting()


def test_a_refused_request_is_an_empty_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if request["messages"][0]["content"] == "too long":
            return 400, {"error": {"message": "over the context"}}
        return 200, completion(content="fine")

    with serving(answer, monkeypatch):
        replies = chatting().complete([said("too long"), said("short")], Sampling(10, 0.0), tools=False)
    assert replies == ["", "fine"]


def test_nothing_is_asked_twice_whatever_stands_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal chats at a temperature are samples of their own; at 0 they are the same request."""
    number = 0

    def answer(_: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal number
        number += 1
        return 200, completion(content=f"sample {number}")

    warm, cold = Sampling(10, 1.0, 3), Sampling(10, 0.0, 3)
    with serving(answer, monkeypatch) as got:
        chat = chatting()
        one, two, other = chat.complete([said("a"), said("a"), said("b")], warm, tools=False)
        assert len({one, two, other}) == 3
        assert sorted(request["seed"] for request in got[1:]) == [3, 3, 4]
        same = chat.complete([said("a"), said("a")], cold, tools=False)
        assert same[0] == same[1] and len(got) == 5
        again = chatting()
        assert again.complete([said("b"), said("c"), said("a")], warm, tools=False)[::2] == [other, one]
        assert len(got) == 7  # its trial, and c
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
    monkeypatch.delenv("MEMCURATE_ENDPOINT_URL")
    assert chatting().complete([said("b")], warm, tools=False) == [other]
    with pytest.raises(MemcurateError, match="MODE is replay"):
        chatting().complete([said("d")], warm, tools=False)


def test_the_limits_hold_for_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_REQUESTS", "3")
    with serving(lambda _: (200, completion(content="x")), monkeypatch) as got:
        chats = [said(str(number)) for number in range(5)]
        with pytest.raises(MemcurateError, match=r"MAX_REQUESTS is 3.*2 items are answered"):
            chatting().complete(chats, Sampling(10, 0.0), tools=False)
        assert len(got) == 3
