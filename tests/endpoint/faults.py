"""A server of ours on loopback that does what servers do: answers, and faults on command.

What it does is chosen from the request alone (its user message and how often it came), so that tests know
what to expect whatever the order of arrival.
"""

import asyncio
import gzip
import hashlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# By what becomes of one of them: it is the answer, the model is asked to mend it, the server is asked again.
ANSWERED = (
    "fenced",
    "no usage",
    "usage of 2^63",
    "usage below 0",
    "usage of words",
    "usage that is NaN",
    "usage that is a list",
    "parts",
    "one part",
    "half a character",
    "half an emoji in bytes",
    "a byte order mark",
    "a lone </think>",
    "a tag in a string",
    "gzip",
    "chunks",
    "no length",
    "another reply past the length",
)
MENDED = ("no json", "wrong schema", "too long", "odd tool calls", "thinking only")
# A reply that JSON readers are bounded for, see text/json_values: the same as MENDED.
DEEP = ("brackets", "lists", "a number of 4,301 digits")
STATUSES = (
    "429",
    "429 with wait",
    "429 with a wait in ms",
    "429 with wait nan",
    "429 with wait inf",
    "429 with wait 1e400",
    "429 with wait -5",
    "429 with wait 0",
    "429 with a wait of words",
    "429 with a date gone by",
    "500",
    "503",
    "half a character in an error",
    "redirect",
    "status 999",
    "status 204",
)
NOTHING = (
    "no choices",
    "choices as an object",
    "choices of null",
    "no message",
    "an error that ended it",
    "an error after some text",
    "filtered",
    "filtered, of a kind unknown",
    "empty",
    "null content",
    "a number as content",
    "an odd part",
    "an odd refusal",
    "an error 502",
    "an error 429",
    "an error as text",
    "an error in a list",
    "unreadable",
    "a list",
    "a deep body",
    "a body of 4,301 digits",
    "nothing",
)
BROKEN = (
    "hanging",
    "slow",
    "cut",
    "cut chunks",
    "cut gzip",
    "bytes past the length",
    "bad status line",
    "bad chunk size",
    "a header of 100 KB",
    "1,000 headers",
    "two lengths",
    "a length below 0",
    "no reply",
    "reset",
    "reset in the body",
    "a byte now and then",
    "not gzip",
    "another compression",
    "a gzip bomb",
    "40 MB",
    "a body without end",
    "headers without end",
)
REFUSED = ("refusal", "a refusal in parts")
FAULTS = (*ANSWERED, *MENDED, *STATUSES, *NOTHING, *BROKEN, *REFUSED)
# A message, and how often it came before, to one of FAULTS, "answer", or the JSON object to say.
Choose = Callable[[str, int], str]
_FOREVER = 60.0  # seconds


@dataclass
class FaultServer:
    """See above. `choose` says what to do; `delay`: seconds before an answer."""

    choose: Choose = lambda message, before: "answer"
    delay: float = 0.0
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)  # whole replies, by message
    charged: Counter[str] = field(default_factory=Counter)  # final answers that went out whole, by request
    listening: asyncio.Server | None = None
    most_at_once: int = 0
    _now: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self._now += 1
                self.most_at_once = max(self.most_at_once, self._now)
                try:
                    if not await self._one(json.loads(body), headers, writer):
                        break
                finally:
                    self._now -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the server ends
        finally:
            writer.close()

    async def _one(
        self, request: dict[str, Any], headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> bool:
        self.requests.append(request)
        self.headers.append(headers)
        # What a mended request is about is still its first message.
        message = next(one["content"] for one in request["messages"] if one["role"] == "user")
        kind = self.choose(message, self.came[message])
        self.came[message] += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if kind in _RAW:
            await _RAW[kind](message, writer)
        else:
            status, extra, content = reply(kind, message)
            writer.write(_head(len(content.encode()), extra, status) + content.encode())
            await writer.drain()
        if kind in _PAID or kind.startswith("{"):
            self.answered[message] += 1
            self.charged[json.dumps(request, sort_keys=True)] += 1
        return kind not in _RAW


def right(message: str) -> str:
    """What the server answers where it does no fault."""
    return hashlib.sha256(message.encode()).hexdigest()[:8]


def reply(kind: str, message: str) -> tuple[int, str, str]:
    """(status, further headers, body)."""
    if kind.startswith("429"):
        return 429, _WAITS.get(kind.removeprefix("429 with "), ""), _error("too fast")
    if kind in ("500", "503", "400", "401", "402", "404"):
        return int(kind), "", _error(f"broken {kind}")
    if kind == "empty account":
        return 429, "", json.dumps({"error": {"message": "no credit", "code": "insufficient_quota"}})
    if kind == "newer limit":
        return 400, "", _error("max_tokens: use max_completion_tokens instead")
    if kind == "half a character in an error":
        return 500, "", _error("broken \ud83d")
    if kind == "redirect":
        return 307, "Location: /v1/chat/completions\r\n", ""
    if kind.startswith("status "):
        return int(kind.removeprefix("status ")), "", ""
    if kind in _BODIES:
        return 200, "", _BODIES[kind]
    return 200, "", json.dumps(_changed(kind, message))


_WAITS = {
    "wait": "Retry-After: 0.2\r\n",
    "a wait of a minute": "Retry-After: 60\r\n",
    "a wait in ms": "Retry-After-Ms: 200\r\nRetry-After: 100000\r\n",
    "a wait of words": "Retry-After: in a moment\r\n",
    "a date gone by": "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
    **{f"wait {value}": f"Retry-After: {value}\r\n" for value in ("nan", "inf", "1e400", "-5", "0")},
}


def _error(words: str) -> str:
    return json.dumps({"error": {"message": words}})


# Bodies of status 200 that are no completion.
_BODIES = {
    "unreadable": "<html>not what was asked for</html>",
    "a list": "[]",
    "nothing": "",
    "a deep body": '{"choices": ' + "[" * 5000,
    "a body of 4,301 digits": '{"usage": ' + "9" * 4301 + "}",
    "an error 502": json.dumps({"error": {"message": "Upstream went away", "code": 502}}),
    "an error 429": json.dumps({"error": {"message": "slow down", "code": "429"}}),
    "an error 402": json.dumps({"error": {"message": "Insufficient credits", "code": 402}}),
    "no credit, in words": json.dumps({"error": {"message": "Insufficient Balance"}}),
    "an error 400": json.dumps({"error": {"message": "too long", "code": 400}}),
    "an error as text": json.dumps({"error": "the engine restarts"}),
    "an error in a list": json.dumps([{"error": {"message": "unavailable", "code": 503}}]),
}


def _completion(message: str) -> dict[str, Any]:
    made = {"role": "assistant", "content": json.dumps({"answer": right(message)})}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": made}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def _changed(kind: str, message: str) -> dict[str, Any]:
    """A completion in which one thing is as `kind` says."""
    whole = _completion(message)
    choice = whole["choices"][0]
    made, said = choice["message"], choice["message"]["content"]
    if kind.startswith("{"):
        made["content"] = kind
    if kind in (contents := _contents(said)):
        made["content"] = contents[kind]
    if kind in _USAGES:
        whole["usage"] = _USAGES[kind]
    if kind in ("empty", "null content"):
        whole["usage"] = None
    if kind in _CHOICES:
        whole["choices"] = _CHOICES[kind]
    if kind in _FINISHES:
        choice["finish_reason"], made["content"] = _FINISHES[kind]
    if kind == "an error that ended it":
        choice["error"] = {"code": 502, "message": "Upstream went away"}
    if kind == "refusal":
        made |= {"content": None, "refusal": "I will not."}
    if kind == "an odd refusal":
        made["refusal"] = {"why": ["I will not."]}
    if kind == "odd tool calls":
        made |= {"content": None, "tool_calls": [None, "a", 7, {"function": None}, {"function": {"name": 1}}]}
    return whole


def _contents(said: str) -> dict[str, Any]:
    return {
        "fenced": f"Here it is:\n```json\n{said}\n```",
        "no json": "I would say so.",
        "wrong schema": '{"a": 1}',
        "too long": said[:-4],
        "thinking only": "<think>I do not know",
        "a lone </think>": f'{{"answer": "no"}}</think>{said}',
        "a tag in a string": said[:-1] + ', "why": "a <think> and a </tool_call>"}',
        "half a character": f"So \ud83d it is: {said}",
        "a byte order mark": f"\ufeff{said}",
        "brackets": '{"answer": ' + "[" * 400,
        "lists": '{"answer": ' + "[" * 995 + "]" * 995 + "}",
        "a number of 4,301 digits": '{"number": ' + "7" * 4301 + "}",
        "parts": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "{"}]},
            {"type": "text", "text": said},
        ],
        "one part": {"type": "text", "text": said},
        "a refusal in parts": [{"type": "refusal", "refusal": "I will not."}],
        "an odd part": [{"type": "text", "text": said}, {"type": ["image"], "image": "x"}],
        "a number as content": 7,
        "empty": "",
        "null content": None,
    }


_USAGES: dict[str, Any] = {
    "no usage": None,
    "usage of 2^63": {"prompt_tokens": 2**63, "completion_tokens": 2**62},
    "usage below 0": {"prompt_tokens": -1, "completion_tokens": -(2**63)},
    "usage of words": {"prompt_tokens": "many", "completion_tokens": {"few": 1}},
    "usage that is NaN": {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    "usage that is a list": [1, 2],
}
_CHOICES: dict[str, Any] = {
    "no choices": [],
    "choices of null": [None],
    "choices as an object": {"0": {"message": {"content": "a"}}},
    "no message": [{"index": 0, "finish_reason": "stop", "message": None}],
}
_FINISHES: dict[str, tuple[Any, Any]] = {
    "too long": ("length", '{"answer": "a'),
    "an error that ended it": ("error", ""),
    "an error after some text": ("error", '{"answer": "no"}'),
    "filtered": ("content_filter", None),
    "filtered, of a kind unknown": ("RECITATION", ""),
}


def _head(length: int | None, extra: str = "", status: int = 200) -> bytes:
    length_line = "" if length is None else f"Content-Length: {length}\r\n"
    return f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{length_line}{extra}\r\n".encode()


# What a server does on its connection where it does not send a whole reply and nothing else.
_RAW: dict[str, Callable[[str, asyncio.StreamWriter], Any]] = {}
_CHUNKED = "Transfer-Encoding: chunked\r\n"


def _raw(kind: str) -> Callable[[Callable[[str, asyncio.StreamWriter], Any]], None]:
    def note(function: Callable[[str, asyncio.StreamWriter], Any]) -> None:
        _RAW[kind] = function

    return note


def _bytes(kind: str, made: Callable[[bytes], bytes]) -> None:
    """A kind that is some bytes, made of the right body, and then the end of the connection."""

    async def send(message: str, writer: asyncio.StreamWriter) -> None:
        writer.write(made(json.dumps(_completion(message)).encode()))
        await writer.drain()

    _RAW[kind] = send


_GZIP = "Content-Encoding: gzip\r\n"
_bytes("cut", lambda body: _head(len(body)) + body[: len(body) // 2])
_bytes("cut chunks", lambda body: _head(None, _CHUNKED) + b"ffff\r\n" + body)
_bytes("chunks", lambda body: _head(None, _CHUNKED) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
_bytes("no length", lambda body: _head(None, "Connection: close\r\n") + body)
_bytes("bytes past the length", lambda body: _head(len(body) - 40) + body)
_bytes("bad status line", lambda body: b"HTTP/1.1 fine\r\n\r\n" + body)
_bytes("bad chunk size", lambda body: _head(None, _CHUNKED) + b"many\r\n" + body)
_bytes("a header of 100 KB", lambda body: _head(len(body), f"X-Long: {'x' * 100_000}\r\n") + body)
_bytes("1,000 headers", lambda body: _head(len(body), "".join(f"X-{n}: 1\r\n" for n in range(1000))) + body)
_bytes("two lengths", lambda body: _head(len(body), "Content-Length: 7\r\n") + body)
_bytes("a length below 0", lambda body: _head(-1) + body)
_bytes("no reply", lambda body: b"")
_bytes("not gzip", lambda body: _head(len(body), _GZIP) + body)
_bytes("another compression", lambda body: _head(len(body), "Content-Encoding: br\r\n") + body)
_bytes("40 MB", lambda body: _head(40_000_000) + b" " * (40_000_000 - len(body)) + body)


def _zipped(cut: int) -> Callable[[bytes], bytes]:
    def made(body: bytes) -> bytes:
        whole = gzip.compress(body)
        return _head(len(whole) - cut, _GZIP) + whole[: len(whole) - cut]

    return made


_bytes("gzip", _zipped(0))
_bytes("cut gzip", _zipped(20))
_bytes("a gzip bomb", lambda body: _head(len(_bomb()), _GZIP) + _bomb())
_bytes("half an emoji in bytes", lambda body: _emoji(body))


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * 50_000_000, 1)


def _emoji(body: bytes) -> bytes:
    body = body.replace(b'"content": "', b'"content": "\xf0\x9f\x98')
    return _head(len(body)) + body


@_raw("hanging")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(_FOREVER)


@_raw("slow")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    body = json.dumps(_completion(message)).encode()
    writer.write(_head(len(body)))
    for place in range(0, len(body), 8):
        writer.write(body[place : place + 8])
        await writer.drain()
        await asyncio.sleep(0.2)


@_raw("a byte now and then")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    writer.write(_head(None, _CHUNKED))
    for _ in range(int(_FOREVER / 0.05)):
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@_raw("a body without end")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    writer.write(_head(None, _CHUNKED))
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


@_raw("headers without end")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n")
    while True:
        writer.write(b"X-More: 1\r\n" * 1000)
        await writer.drain()


@_raw("another reply past the length")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    body, other = json.dumps(_completion(message)).encode(), json.dumps(_completion("no")).encode()
    writer.write(_head(len(body)) + body)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(_head(len(other)) + other)
    await writer.drain()
    await asyncio.sleep(0.05)


@_raw("reset")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    _reset(writer)


@_raw("reset in the body")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    writer.write(_head(1000) + b"{")
    await writer.drain()
    _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)  # closing sends RST
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


_PAID = {"answer", *ANSWERED, *MENDED, *DEEP, *REFUSED}


@contextmanager
def serving(choose: Choose | None = None, delay: float = 0.0) -> Iterator[FaultServer]:
    """A server in a thread of its own."""
    server = FaultServer(delay=delay) if choose is None else FaultServer(choose, delay)
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1000))
    server.listening = listening
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all(listening: asyncio.Server) -> None:
    """End what still hangs."""
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


if __name__ == "__main__":  # a server in a process of its own
    import sys

    with serving(delay=float(sys.argv[1])) as alone:
        print(alone.url, flush=True)
        sys.stdin.read()  # until whoever started it is done
