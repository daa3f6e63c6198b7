"""A server of chat completions on this machine that gives each prompt the reply of a function."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MAX_WAITING = 128  # connections that come at once


class ReplyServer(ThreadingHTTPServer):
    """A server that lets all sessions of a test connect together."""

    request_queue_size = MAX_WAITING


# Of a request's body, to a text or a message; or to the ids of tokens, for vLLM's endpoint of tokens.
Choose = Callable[[dict[str, Any]], str | dict[str, Any] | list[int]]


@contextmanager
def serve_replies(choose: Choose) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve until the block ends; yield the base URL, and the list of the bodies of all requests.

    Where `choose` raises KeyError, the prompt is not known and the request fails with status 422.
    """
    requests: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if not content:  # a message such as "this session has ended"
                return self.answer(200, {})
            body = json.loads(content)
            requests.append(body)
            try:
                chosen = choose(body)
            except KeyError as error:
                return self.answer(422, {"error": {"message": f"unknown prompt: {error}"}})
            message = chosen if isinstance(chosen, dict) else {"role": "assistant", "content": chosen}
            found: dict[str, Any] = {"message": message}
            if isinstance(chosen, list):
                found = {"token_ids": chosen}
            elif "prompt" in body:  # of the endpoint of completions
                found = {"text": chosen}
            choice = {"index": 0, "finish_reason": "stop", **found}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            head = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
            return self.answer(200, {**head, "choices": [choice], "usage": usage})

        def answer(self, status: int, value: dict[str, Any]) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ReplyServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", requests
        finally:
            server.shutdown()
            thread.join()
