"""`memcurate push`, to a server that stands for the dataset hub and keeps what it is sent."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stages.shared.paths import DATASET_DIR
from tests.stages.cli.factories import run_memcurate
from tests.stages.conftest import Make, Project


class Hub:
    """A dataset hub that creates repositories and stores small files of commits."""

    def __init__(self, refuses: bool) -> None:
        self.requests: list[tuple[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.created: dict[str, object] = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                hub.requests.append((self.command, path))
                self.close_connection = True
                if refuses:
                    self._send(401, {"error": "Invalid username or password."})
                else:
                    self._send(200, hub.make_reply(path, body))

            def _send(self, status: int, value: object) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def make_reply(self, path: str, body: bytes) -> object:
        """Return the reply to a request, by its path."""
        if path.endswith("/repos/create"):
            self.created = json.loads(body)
            return {"url": f"{self.url}/datasets/owner/name", "id": "1"}
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            return {
                "files": [
                    {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in wanted
                ]
            }
        if "/commit/" in path:
            for line in map(json.loads, body.decode().splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            return {"commitUrl": f"{self.url}/datasets/owner/name/commit/1", "commitOid": "1" * 40}
        if "/tree/" in path:
            return []
        return {"id": "owner/name", "sha": "0" * 40, "siblings": [], "private": False, "tags": []}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(params=[False])
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    hub = Hub(request.param)
    yield hub
    hub.close()


def test_push_sends_card_splits_and_rejects(dataset_project: Project, hub: Hub) -> None:
    done = run_memcurate(
        dataset_project, "push", "owner/name", "--private", HF_ENDPOINT=hub.url, HF_TOKEN="hf_token"
    )
    assert done.returncode == 0, done.stderr + str(hub.requests)
    assert "/commit/1" in done.stdout
    assert hub.created["type"] == "dataset" and hub.created["name"] == "name"
    folder = dataset_project.folder / DATASET_DIR
    assert hub.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"README.md", "train.parquet", "test.parquet", "rejects.parquet"} == hub.files.keys()


@pytest.mark.parametrize("hub", [True], indirect=True)
def test_a_refused_push_is_an_error(dataset_project: Project, hub: Hub) -> None:
    done = run_memcurate(dataset_project, "push", "owner/name", HF_ENDPOINT=hub.url, HF_TOKEN="hf_token")
    assert done.returncode == 1
    assert "owner/name was not published" in done.stderr and "Traceback" not in done.stderr
    assert hub.files == {}


def test_a_missing_dataset_is_an_error(make: Make) -> None:
    done = run_memcurate(make({}), "push", "owner/name")
    assert done.returncode == 1
    assert "dvc repro assemble" in done.stderr and "Traceback" not in done.stderr
