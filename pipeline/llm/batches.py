"""Requests sent as batches: a server with a Batch API answers within a day, many at half the price.

Requests that wait at the same time go as one file. The response cache records each batch before it is made,
so a build that was killed fetches its replies when it runs again, and does not pay for them twice.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import aiohttp
from tqdm import tqdm

from pipeline.core.json_reader import InvalidJsonError, load_json
from pipeline.llm.open_batches import OpenBatches
from pipeline.llm.settings import ENV_PREFIX, EndpointSettings
from pipeline.llm.stop_error import RequestsStoppedError
from pipeline.llm.transport import HttpResponse, Transport, TransportError

MAX_REQUESTS, MAX_BYTES = 50_000, 100 * 2**20  # of a batch; servers allow 200 MB and more
_QUIET_SECONDS = 2.0  # without another request, after which those that wait are sent
_MIN_POLL, _MAX_POLL = 1.0, 60.0  # seconds between looks at a batch, which grow
_MAX_FAILED_POLLS = 100
_ENDED = {"completed", "expired", "cancelled", "failed", "gone"}
_COMPLETIONS = "/v1/chat/completions"

_Waiting = dict[str, asyncio.Future[HttpResponse]]  # by the custom id of the request


@dataclass(slots=True)
class _Batch:
    """A batch on the server, and the requests of this run that wait for it."""

    file: str  # id of the file with its requests
    id: str | None = None  # None: it may not be made yet
    waiting: _Waiting = field(default_factory=dict)


class BatchTransport:
    """A transport whose requests wait to be sent together; it belongs to one event loop."""

    def __init__(self, settings: EndpointSettings, open_batches: OpenBatches) -> None:
        """Load the batches that earlier runs left on the server."""
        self._http = Transport(settings)
        self._open_batches = open_batches
        self._server = settings.public_url
        self._queue: dict[str, bytes] = {}  # lines of the next batch
        self._queued: _Waiting = {}
        self._timer: asyncio.TimerHandle | None = None
        # Those of earlier runs, and of this one where the connection to the server broke off.
        self._batch_by_request: dict[str, _Batch] = {}
        for file, id, custom_ids in open_batches.load(self._server):
            self._batch_by_request |= dict.fromkeys(custom_ids, _Batch(file, id))
        self._tasks: dict[str, asyncio.Task[None]] = {}  # that wait for a batch, by its file
        self._uploads: set[asyncio.Task[None]] = set()
        self._ended: list[str] = []  # files of the batches whose replies were handed out

    async def post(self, body: dict[str, Any]) -> HttpResponse:
        """Return the reply to a request from the batch that has it, else from the next one.

        Raises TransportError where a batch ends without a reply to it, and RequestsStoppedError where the
        server has no batches.
        """
        custom_id = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        if custom_id in self._queued:
            return await asyncio.shield(self._queued[custom_id])
        future: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        batch = self._batch_by_request.pop(custom_id, None)
        if batch is not None:
            batch.waiting[custom_id] = future
            self._follow_later(batch)
        else:
            self._queued[custom_id] = future
            self._queue[custom_id] = _format_line(custom_id, body)
            self._send_later()
        return await future

    def forget_ended(self) -> None:
        """Forget the batches whose replies were handed out, and are cached by now."""
        for file in self._ended:
            self._open_batches.forget(file)

    async def close(self) -> None:
        """Close the connections. Batches that have not ended go on at the server."""
        for file, task in self._tasks.items():
            if not task.done():
                tqdm.write(
                    f"the batch of {file} goes on at the server: run this again for its replies", sys.stderr
                )
        for task in (*self._uploads, *self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._uploads, *self._tasks.values(), return_exceptions=True)
        await self._http.close()

    def _send_later(self) -> None:
        """Send the queue when no other request comes, or at once when it is long."""
        if self._timer is not None:
            self._timer.cancel()
        size = sum(map(len, self._queue.values())) if len(self._queue) % 1_000 == 0 else 0
        if len(self._queue) == MAX_REQUESTS or size > MAX_BYTES:
            self._send_queue()
        else:
            self._timer = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._send_queue)

    def _send_queue(self) -> None:
        lines, waiting = list(self._queue.values()), self._queued
        self._queue, self._queued = {}, {}
        task = asyncio.create_task(self._send(lines, waiting))
        self._uploads.add(task)
        task.add_done_callback(self._uploads.discard)

    async def _send(self, lines: list[bytes], waiting: _Waiting) -> None:
        """Upload requests, record them, and follow the batch of them."""
        form = aiohttp.FormData({"purpose": "batch"})
        form.add_field("file", b"".join(lines), filename="requests.jsonl", content_type="application/jsonl")
        try:
            response = await self._http.send("POST", "files", form)
            file = self._parse_id(response)
            if file is None:
                _answer(waiting, response)
                return
            self._open_batches.record(self._server, file, waiting)
        except Exception as error:
            _fail(waiting, error)
        else:
            self._follow_later(_Batch(file, None, waiting))

    def _follow_later(self, batch: _Batch) -> None:
        if batch.file not in self._tasks:
            self._tasks[batch.file] = asyncio.create_task(self._follow(batch))

    async def _follow(self, batch: _Batch) -> None:
        """Make a batch if it is not made yet, wait for its end, and hand out its replies.

        Where that breaks off, those that still wait look for their replies in the same batch again.
        """
        try:
            if batch.id is None and not await self._make(batch):
                return
            ended = await self._wait(batch)
            for name in ("output_file_id", "error_file_id"):
                if isinstance(ended.get(name), str):
                    async for line in self._http.iter_lines(f"files/{ended[name]}/content"):
                        hand_out(line, batch.waiting)
            _fail(batch.waiting, TransportError(describe_end(ended)))
            self._ended.append(batch.file)
        except Exception as error:
            waiting, batch.waiting = batch.waiting, {}
            self._batch_by_request |= {
                custom_id: batch for custom_id, future in waiting.items() if not future.done()
            }
            del self._tasks[batch.file]
            _fail(waiting, error)

    async def _make(self, batch: _Batch) -> bool:
        """Make a batch, unless an earlier run made it and was killed before it was recorded.

        Returns whether there is one; else the requests have the server's refusal as their reply.
        """
        listed = load_object(await self._http.send("GET", "batches")).get("data")
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("input_file_id") == batch.file:
                batch.id = str(one.get("id"))
        if batch.id is None:
            asked = {"input_file_id": batch.file, "endpoint": _COMPLETIONS, "completion_window": "24h"}
            response = await self._http.send("POST", "batches", asked)
            if response.status >= 500:  # it may be made all the same
                raise TransportError(f"a batch cannot be made: status {response.status}")
            batch.id = self._parse_id(response)
            if batch.id is None:
                self._open_batches.forget(batch.file)
                _answer(batch.waiting, response)
                return False
        self._open_batches.record_id(batch.file, batch.id)
        return True

    def _parse_id(self, response: HttpResponse) -> str | None:
        """Return the id of what was made, or None. Raises RequestsStoppedError where there are no batches."""
        if response.status in (404, 405):
            raise RequestsStoppedError(
                f"{self._server} has no batches (status {response.status})", f"set {ENV_PREFIX}MODE to ask"
            )
        made = load_object(response).get("id")
        return made if response.status in (200, 201) and isinstance(made, str) else None

    async def _wait(self, batch: _Batch) -> dict[str, Any]:
        """Look at a batch until it has ended, and tell people when its state changes."""
        pause, last_state, failures = _MIN_POLL, "", 0
        while failures < _MAX_FAILED_POLLS:
            state = await self._look(batch)
            if state.get("status") in _ENDED:
                return state
            failures = 0 if "status" in state else failures + 1
            if state and (description := describe_state(state)) != last_state:
                tqdm.write(f"batch {batch.id}: {description}", sys.stderr)
                last_state = description
            await asyncio.sleep(pause)
            pause = min(_MAX_POLL, pause * 1.5)
        raise TransportError(f"batch {batch.id} cannot be looked at")

    async def _look(self, batch: _Batch) -> dict[str, Any]:
        """Return the state of a batch; an empty one where the server does not tell it now."""
        try:
            response = await self._http.send("GET", f"batches/{batch.id}")
        except TransportError:
            return {}
        return {"status": "gone"} if response.status == 404 else load_object(response)


def _format_line(custom_id: str, body: dict[str, Any]) -> bytes:
    line = {"custom_id": custom_id, "method": "POST", "url": _COMPLETIONS, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def load_object(response: HttpResponse) -> dict[str, Any]:
    """Return the object of a response; an empty one where there is none."""
    try:
        value = load_json(response.body)
    except InvalidJsonError:
        return {}
    return value if isinstance(value, dict) else {}


def hand_out(line: bytes, waiting: _Waiting) -> None:
    """Give a request the reply that a line of results holds, if it waits for one."""
    try:
        value = load_json(line)
    except InvalidJsonError:
        return
    fields = value if isinstance(value, dict) else {}
    custom_id, reply = fields.get("custom_id"), fields.get("response")
    future = waiting.get(custom_id) if isinstance(custom_id, str) else None
    if future is None or future.done():
        return
    if isinstance(reply, dict) and isinstance(reply.get("status_code"), int):
        body = json.dumps(reply.get("body"), ensure_ascii=False).encode("utf-8", "replace")
        future.set_result(HttpResponse(reply["status_code"], {}, body))
    else:
        future.set_exception(TransportError(f"no reply in the batch: {json.dumps(fields.get('error'))}"))


def describe_state(state: dict[str, Any]) -> str:
    """Describe what a batch does, for people."""
    counts = state.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    return f"{state.get('status')}, {counts.get('completed', 0)} of {counts.get('total', '?')} requests done"


def describe_end(state: dict[str, Any]) -> str:
    """Describe why a batch that has ended has no reply to a request."""
    errors = f": {json.dumps(state['errors'])}" if state.get("errors") else ""
    return f"the batch is {state.get('status')}, without a reply to this request{errors}"


def _answer(waiting: _Waiting, response: HttpResponse) -> None:
    for future in waiting.values():
        if not future.done():
            future.set_result(response)


def _fail(waiting: _Waiting, error: Exception) -> None:
    for future in waiting.values():
        if not future.done():
            future.set_exception(error)
