"""A server of ours on loopback that does what servers do: answers, and faults on command.

What it does is chosen from the request alone (its user message and how often it came), so that tests know
what to expect whatever the order of arrival.
"""

import asyncio
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FAULTS = (
    "429",
    "429 with wait",
    "500",
    "503",
    "hanging",
    "slow",
    "cut",
    "no choices",
    "no json",
    "unreadable",
    "fenced",
    "wrong schema",
    "too long",
    "refusal",
    "no usage",
)
# A message, and how often it came before, to one of FAULTS, "answer", or the JSON object to say.
Choose = Callable[[str, int], str]


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
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
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
        if kind == "hanging":
            await asyncio.sleep(60)
            return False
        status, extra, content = reply(kind, message)
        data = content.encode()
        top = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head = (top + extra + "\r\n").encode()
        if kind == "cut":
            writer.write(head + data[: len(data) // 2])
            await writer.drain()
            return False
        if kind == "slow":
            writer.write(head)
            for place in range(0, len(data), 8):
                writer.write(data[place : place + 8])
                await writer.drain()
                await asyncio.sleep(0.2)
        else:
            writer.write(head + data)
        await writer.drain()
        if status == 200:
            self.answered[message] += 1
        return True


def right(message: str) -> str:
    """What the server answers where it does no fault."""
    return hashlib.sha256(message.encode()).hexdigest()[:8]


def reply(kind: str, message: str) -> tuple[int, str, str]:
    """(status, further headers, body)."""
    said = json.dumps({"answer": right(message)})
    if kind.startswith("429"):
        wait = "Retry-After: 0.2\r\n" if kind.endswith("wait") else ""
        return 429, wait, json.dumps({"error": {"message": "too fast"}})
    if kind in ("500", "503", "400", "401", "402", "404"):
        return int(kind), "", json.dumps({"error": {"message": f"broken {kind}"}})
    if kind == "empty account":
        return 429, "", json.dumps({"error": {"message": "no credit", "code": "insufficient_quota"}})
    if kind == "newer limit":
        return 400, "", json.dumps({"error": {"message": "max_tokens: use max_completion_tokens instead"}})
    if kind == "unreadable":
        return 200, "", "<html>not what was asked for</html>"
    texts = {
        "fenced": f"Here it is:\n```json\n{said}\n```",
        "no json": "I would say so.",
        "wrong schema": '{"a": 1}',
        "too long": said[:-4],
    }
    said = kind if kind.startswith("{") else texts.get(kind, said)
    made: dict[str, Any] = {"role": "assistant", "content": said}
    if kind == "refusal":
        made |= {"content": None, "refusal": "I will not."}
    finish = "length" if kind == "too long" else "stop"
    whole: dict[str, Any] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": made}] if kind != "no choices" else [],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    if kind == "no usage":
        del whole["usage"]
    return 200, "", json.dumps(whole)


@contextmanager
def serving(choose: Choose | None = None, delay: float = 0.0) -> Iterator[FaultServer]:
    """A server in a thread of its own."""
    server = FaultServer(delay=delay) if choose is None else FaultServer(choose, delay)
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0))
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
