"""An endpoint on loopback that answers, or faults on command.

A fault is chosen from the request alone (its user message and how often it came before), so that tests know
the result in any order of arrival.
"""

import asyncio
import gzip
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, TextIO

from tests.pipeline.llm.fault_replies import ANSWERED, DEEP, MENDED, REFUSED, completion, reply

# A message, and how often it came before, to one of FAULTS, "answer", or the JSON object to say.
Choose = Callable[[str, int], str]
_FOREVER = 60.0  # seconds


@dataclass
class FaultServer:
    """A server; `choose` returns the fault or reply for a request.

    `delay`: the mean of the seconds before a reply, which differ by up to a half as a model's do. After equal
    delays the requests of all connections would come in bursts.
    """

    choose: Choose = lambda message, before: "answer"
    delay: float = 0.0
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)  # of the requests, by the monotonic clock
    headers: list[dict[str, str]] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)  # whole replies, by message
    charged: Counter[str] = field(default_factory=Counter)  # final answers that went out whole, by request
    listening: asyncio.Server | None = None
    max_in_flight: int = 0
    log: TextIO | None = (
        None  # gets a line of JSON for each request when it came, and one when its reply is sent
    )
    now_in_flight: int = 0
    _varying: random.Random = field(default_factory=lambda: random.Random(0))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, kept alive."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.now_in_flight += 1
                self.max_in_flight = max(self.max_in_flight, self.now_in_flight)
                try:
                    if not await self._one(json.loads(body), headers, writer):
                        break
                finally:
                    self.now_in_flight -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the server ends
        finally:
            writer.close()

    async def _one(
        self, request: dict[str, Any], headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> bool:
        self.arrivals.append(time.monotonic())
        self.requests.append(request)
        self.headers.append(headers)
        # A retry after an invalid reply keeps its first message.
        message = next(one["content"] for one in request["messages"] if one["role"] == "user")
        kind = self.choose(message, self.came[message])
        self.came[message] += 1
        self._log("came", request, kind)
        if self.delay:
            await asyncio.sleep(self.delay * self._varying.uniform(0.5, 1.5))
        if is_paid(kind):  # before a client that has it may count them
            self.answered[message] += 1
            self.charged[json.dumps(request, sort_keys=True)] += 1
        if kind in _RAW:
            await _RAW[kind](message, writer)
        else:
            status, extra, content = reply(kind, message)
            writer.write(_head(len(content.encode()), extra, status) + content.encode())
            await writer.drain()
        self._log("replied", request, kind)
        return kind not in _RAW

    def _log(self, event: str, request: dict[str, Any], kind: str) -> None:
        if self.log is not None:
            body = json.dumps(request, sort_keys=True).encode()
            line = {"event": event, "at": time.monotonic(), "kind": kind, "request": sha256(body).hexdigest()}
            self.log.write(json.dumps(line) + "\n")
            self.log.flush()


def _head(length: int | None, extra: str = "", status: int = 200) -> bytes:
    length_line = "" if length is None else f"Content-Length: {length}\r\n"
    return f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{length_line}{extra}\r\n".encode()


# Faults that write to the connection themselves.
_RAW: dict[str, Callable[[str, asyncio.StreamWriter], Any]] = {}
_CHUNKED = "Transfer-Encoding: chunked\r\n"


def _raw(kind: str) -> Callable[[Callable[[str, asyncio.StreamWriter], Any]], None]:
    def note(function: Callable[[str, asyncio.StreamWriter], Any]) -> None:
        _RAW[kind] = function

    return note


def _bytes(kind: str, made: Callable[[bytes], bytes]) -> None:
    """Register a fault that sends bytes, made of the right body, and then ends the connection."""

    async def send(message: str, writer: asyncio.StreamWriter) -> None:
        writer.write(made(json.dumps(completion(message)).encode()))
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
_bytes("50 MB", lambda body: _head(50_000_000) + b" " * (50_000_000 - len(body)) + body)
_bytes("blank lines first", lambda body: _head(len(body) + 4) + b"\n\n\r\n" + body)


def _zipped(cut: int) -> Callable[[bytes], bytes]:
    def made(body: bytes) -> bytes:
        whole = gzip.compress(body)
        return _head(len(whole) - cut, _GZIP) + whole[: len(whole) - cut]

    return made


_bytes("gzip", _zipped(0))
_bytes("cut gzip", _zipped(20))
_bytes("gzip of gzip", lambda body: _head(len(_zip_twice(body)), _GZIP) + _zip_twice(body))
_bytes(
    "gzip after which more comes", lambda body: _head(len(_zip_and_more(body)), _GZIP) + _zip_and_more(body)
)
_bytes("a gzip bomb", lambda body: _head(len(_bomb()), _GZIP) + _bomb())
_bytes("half an emoji in bytes", lambda body: _emoji(body))


def _zip_twice(body: bytes) -> bytes:
    return gzip.compress(gzip.compress(body))


def _zip_and_more(body: bytes) -> bytes:
    return gzip.compress(body) + b"more"


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
    body = json.dumps(completion(message)).encode()
    writer.write(_head(len(body)))
    for place in range(0, len(body), 8):
        writer.write(body[place : place + 8])
        await writer.drain()
        await asyncio.sleep(0.2)


@_raw("blank lines now and then")
async def _(message: str, writer: asyncio.StreamWriter) -> None:
    writer.write(_head(None, _CHUNKED))
    for _ in range(4):
        writer.write(b"1\r\n\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)
    body = json.dumps(completion(message)).encode()
    writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    await writer.drain()


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
    body, other = json.dumps(completion(message)).encode(), json.dumps(completion("no")).encode()
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


def is_paid(kind: str) -> bool:
    """Whether a reply is whole and final: a client that has it must not ask again."""
    return kind in _PAID or kind.startswith("{")


@contextmanager
def serving(choose: Choose | None = None, delay: float = 0.0) -> Iterator[FaultServer]:
    """Run a server in a thread of its own."""
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
    """Cancel the connections that still hang."""
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


if __name__ == "__main__":  # a server in a process of its own
    import sys

    with serving(delay=float(sys.argv[1])) as alone:
        print(alone.url, flush=True)
        sys.stdin.read()  # until the parent process closes it
