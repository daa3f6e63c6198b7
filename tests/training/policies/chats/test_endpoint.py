"""The endpoint's ChatModel with a small server of ours: tools, calls as text, cached responses, refusals."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import EndpointModel
from pipeline.llm.client import LLMClient
from training.memory.call_parser import parse_calls
from training.memory.prompts import Message
from training.memory.tools import TOOLS, ToolCall
from training.policies.chats import SamplingParams
from training.policies.chats.endpoint import EndpointChatModel

HELLO = [{"role": "user", "content": "hello"}]
ARGUMENTS = {"memory_type": "semantic", "content": "Ann has a cat"}
Respond = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]  # a request's body to status and body


@pytest.fixture(autouse=True)
def _own_response_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_CACHE_PATH", str(tmp_path / "answers.sqlite"))


def connect(native: bool = False) -> EndpointChatModel:
    """Make a chat model with a new client, as each stage does."""
    return EndpointChatModel(EndpointModel(name="m", revision="1"), LLMClient(), native)


def chat_of(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


@contextmanager
def serve(respond: Respond, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Serve chat completions by `respond`; yield the list of requests received."""
    received: list[dict[str, Any]] = []

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
            received.append(request)
            if self.headers["Authorization"] == "Bearer wrong":
                self.reply(401, {"error": {"message": "no such key"}})
            else:
                self.reply(*respond(request))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()


def completion_of(**message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def test_native_tool_calls_come_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    function = {"name": "new_memory_insert", "arguments": json.dumps(ARGUMENTS)}
    calls = [{"id": "c1", "type": "function", "function": function}]
    with serve(lambda _: (200, completion_of(content="Storing.", tool_calls=calls)), monkeypatch) as received:
        chat = connect(native=True)
        (reply,) = chat.complete([HELLO], SamplingParams(10, 0.5, 3), allow_tools=True)
    assert reply.startswith("Storing.\n<tool_call>")
    assert parse_calls(reply) == [ToolCall("new_memory_insert", ARGUMENTS)]
    hello, request = received  # the first is the trial request
    assert hello["max_tokens"] == 16 and "temperature" not in hello
    assert request["tools"] == TOOLS and request["temperature"] == 0.5 and request["seed"] == 3


def test_replies_are_in_the_order_of_the_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [[{"role": "user", "content": str(number)}] for number in range(30)]
    with serve(
        lambda request: (200, completion_of(content=f"got {request['messages'][0]['content']}")),
        monkeypatch,
    ) as received:
        replies = connect().complete(chats, SamplingParams(10, 0.0, 0), allow_tools=True)
    assert replies == [f"got {number}" for number in range(30)]
    assert all("tools" not in request for request in received)


def test_a_reply_without_content_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: (200, completion_of(content=None)), monkeypatch):
        assert connect().complete([HELLO], SamplingParams(10, 0.0, 0), allow_tools=False) == [""]


def test_a_refused_key_is_an_error_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "wrong")
    with serve(lambda _: (200, completion_of(content="x")), monkeypatch):
        with pytest.raises(MemcurateError, match=r"model m: .*127.0.0.1.* refuses the key.*_KEY") as caught:
            connect()
        assert "wrong" not in str(caught.value)


def test_a_server_without_the_model_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"error": {"message": "no such model"}}
    with (
        serve(lambda _: (404, refusal), monkeypatch),
        pytest.raises(MemcurateError, match="no such model"),
    ):
        connect()


def test_a_refused_request_is_an_empty_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if request["messages"][0]["content"] == "too long":
            return 400, {"error": {"message": "over the context"}}
        return 200, completion_of(content="fine")

    with serve(respond, monkeypatch):
        replies = connect().complete(
            [chat_of("too long"), chat_of("short")], SamplingParams(10, 0.0), allow_tools=False
        )
    assert replies == ["", "fine"]


def test_no_request_is_sent_twice_whatever_else_the_batch_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal chats are separate samples at a temperature above 0, and one request at 0."""
    number = 0

    def respond(_: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal number
        number += 1
        return 200, completion_of(content=f"sample {number}")

    sampled, greedy = SamplingParams(10, 1.0, 3), SamplingParams(10, 0.0, 3)
    with serve(respond, monkeypatch) as received:
        chat = connect()
        one, two, other = chat.complete(
            [chat_of("a"), chat_of("a"), chat_of("b")], sampled, allow_tools=False
        )
        assert len({one, two, other}) == 3
        assert sorted(request["seed"] for request in received[1:]) == [3, 3, 4]
        same = chat.complete([chat_of("a"), chat_of("a")], greedy, allow_tools=False)
        assert same[0] == same[1] and len(received) == 5
        again = connect()
        assert again.complete([chat_of("b"), chat_of("c"), chat_of("a")], sampled, allow_tools=False)[
            ::2
        ] == [other, one]
        assert len(received) == 7  # the trial request, and c
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replay")
    monkeypatch.delenv("MEMCURATE_ENDPOINT_URL")
    assert connect().complete([chat_of("b")], sampled, allow_tools=False) == [other]
    with pytest.raises(MemcurateError, match="MODE is replay"):
        connect().complete([chat_of("d")], sampled, allow_tools=False)


def test_the_request_limit_holds_for_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_REQUESTS", "3")
    with serve(lambda _: (200, completion_of(content="x")), monkeypatch) as received:
        chats = [chat_of(str(number)) for number in range(5)]
        with pytest.raises(MemcurateError, match=r"MAX_REQUESTS is 3.*2 items are answered"):
            connect().complete(chats, SamplingParams(10, 0.0), allow_tools=False)
        assert len(received) == 3
