"""A server with a Batch API on loopback: files, batches that take some looks to end, and results.

Run as a script it serves until its input is closed, and logs each batch that it makes: `LOG SECONDS`.
"""

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.pipeline.llm.fault_replies import completion

HANGS = 999  # in place of a status: no reply for two seconds
Reply = tuple[int, Any] | None  # status and body; None: the batch ends without a reply


def answer(body: dict[str, Any]) -> Reply:
    """Answer a request rightly."""
    return 200, completion(next(one["content"] for one in body["messages"] if one["role"] == "user"))


@dataclass
class BatchServer:
    """The state of a server. A batch is completed once it is `seconds` old."""

    reply: Callable[[dict[str, Any]], Reply] = answer
    seconds: float = 0.0
    statuses: list[int] = field(default_factory=list)  # of the next requests to the server; 200 after them
    end: str = "completed"
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)  # by custom id
    asked: Counter[str] = field(default_factory=Counter)  # by method and path
    url: str = ""
    log: Path | None = None

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request to the API."""
        path = request.path.removeprefix("/v1/")
        self.asked[f"{request.method} {path.split('/')[0]}"] += 1
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            if status == HANGS:
                await asyncio.sleep(2)
            return web.json_response({"error": {"message": f"status {status}"}}, status=status)
        match request.method, path.split("/"):
            case "POST", ["files"]:
                form = await request.post()
                assert form["purpose"] == "batch"
                return web.json_response({"id": self._keep(form["file"].file.read())})  # type: ignore[union-attr]
            case "POST", ["batches"]:
                return web.json_response(self._make(await request.json()))
            case "GET", ["batches"]:
                return web.json_response({"data": list(self.batches.values())})
            case "GET", ["batches", id]:
                return web.json_response(self._look(self.batches[id]))
            case "GET", ["files", id, "content"]:
                return web.Response(body=self.files[id])
        return web.json_response({"error": {"message": "no such path"}}, status=404)

    def _keep(self, content: bytes) -> str:
        id = f"file-{len(self.files)}"
        self.files[id] = content
        return id

    def _make(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["endpoint"] == "/v1/chat/completions" and asked["completion_window"] == "24h"
        batch = {"id": f"batch-{len(self.batches)}", "input_file_id": asked["input_file_id"]}
        self.batches[batch["id"]] = batch | {"status": "in_progress", "created": time.monotonic()}
        custom_ids = [one["custom_id"] for one in self._requests(batch)]
        self.paid.update(custom_ids)
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(custom_ids) + "\n")
        return self.batches[batch["id"]]

    def _requests(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        lines = self.files[batch["input_file_id"]].decode().splitlines()
        assert len({line["custom_id"] for line in map(json.loads, lines)}) == len(lines)
        return list(map(json.loads, lines))

    def _look(self, batch: dict[str, Any]) -> dict[str, Any]:
        if batch["status"] != "in_progress" or time.monotonic() - batch["created"] < self.seconds:
            return batch
        results: dict[bool, list[str]] = {True: [], False: []}
        for one in self._requests(batch):
            reply = self.reply(one["body"])
            response = None if reply is None else {"status_code": reply[0], "body": reply[1]}
            error = {"code": "batch_expired", "message": "too late"} if reply is None else None
            result = {"custom_id": one["custom_id"], "response": response, "error": error}
            results[reply is not None and reply[0] == 200].append(json.dumps(result))
        batch["status"] = self.end
        for name, lines in (("output_file_id", results[True]), ("error_file_id", results[False])):
            batch[name] = self._keep("\n".join(lines).encode()) if lines else None
        return batch


@contextmanager
def serving_batches(**values: Any) -> Iterator[BatchServer]:
    """Run a server in a thread of its own."""
    server, loop = BatchServer(**values), asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    with serving_batches(log=Path(sys.argv[1]), seconds=float(sys.argv[2])) as alone:
        print(alone.url, flush=True)
        sys.stdin.read()  # until the parent process closes it
