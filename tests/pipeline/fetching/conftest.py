"""A local server that can act as a package index, a hub or any host, and misbehave on demand."""

import base64
import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.pipeline.fetching.factories import PEM, sha256
from tests.ports import find_free_port


class Server:
    """A server of `bodies` by path, over https where it has a certificate.

    It counts requests, and can cut, delay, drip or redirect responses, or require a password.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.bodies: dict[str, bytes] = {}
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.cut: set[str] = set()
        self.delay = 0.0
        self.redirects: dict[str, str] = {}
        self.drips: set[str] = set()  # a byte of the body at a time
        self.stalls: set[str] = set()  # a byte of the headers at a time
        self.password: tuple[str, str] | None = None
        self._listed: dict[str, list[str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def publish(self, project: str, filename: str, data: bytes, listed: str | None = None) -> str:
        """Publish an artifact on the index, under its own hash or the one `listed`; return its path."""
        path = f"/files/{filename}"
        self.bodies[path] = data
        links = self._listed.setdefault(project, [])
        links.append(f'<a href="{path}#sha256={listed or sha256(data)}">{filename}</a>')
        self.bodies[f"/simple/{project}/"] = f"<html><body>{''.join(links)}</body></html>".encode()
        return path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def do_GET(self) -> None:
                server.requests[self.path] += 1
                server.headers[self.path] = dict(self.headers)
                body = server.bodies.get(self.path)
                if self.path in server.stalls:
                    self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000)
                elif self.path in server.redirects:
                    self.send_response(302)
                    self.send_header("Location", server.redirects[self.path])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif server.password and not self._is_authorized(server.password):
                    self.send_error(401)
                elif body is None:
                    self.send_error(404)
                else:
                    time.sleep(server.delay if self.path.startswith("/files/") else 0)
                    self.send_response(200)
                    self.send_header(
                        "Content-Type", "application/json" if "/api/" in self.path else "text/html"
                    )
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if self.path in server.drips:
                        self._drip(body)
                    else:
                        self.wfile.write(body[: len(body) // 2] if self.path in server.cut else body)
                self.close_connection = True

            def _drip(self, data: bytes) -> None:
                with suppress(OSError):  # the client gave up
                    for byte in data:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(0.02)

            def _is_authorized(self, password: tuple[str, str]) -> bool:
                expected = base64.b64encode(":".join(password).encode()).decode()
                return self.headers.get("Authorization") == f"Basic {expected}"

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that is the only configured package index."""
    running_server = Server()
    monkeypatch.setenv("PIP_INDEX_URL", f"{running_server.url}/simple")
    # A folder is never requested; without the variable pip would be run for its settings.
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///nowhere/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield running_server
    running_server.close()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server over https, without the index configuration."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(PEM)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running_server = Server(certificate)
    yield running_server
    running_server.close()


@pytest.fixture
def closed() -> str:
    """A host that refuses connections."""
    return f"127.0.0.1:{find_free_port()}"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "target"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
