"""A running server of the package for OpenEnv, and what its tests send to it."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.frameworks.virtual_environments import FrameworkVenv
from tests.ports import find_free_port

SCRIPTS = Path(__file__).parent
MAX_START_SECONDS = 600  # on a busy machine
MAX_IDLE_THREADS = 16  # of a server without sessions
MAX_END_SECONDS = 120  # of the threads of sessions that ended


@dataclass
class Server:
    """A running server of the package."""

    url: str
    process: int

    def read_status(self, key: str) -> int:
        """Return a number of /proc/PID/status, such as VmRSS in KB."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8")
        return int(re.findall(rf"^{key}:\s+(\d+)", status, re.MULTILINE)[0])

    def wait_for_idle(self) -> None:
        """Wait until the threads of all sessions have ended: a session has one."""
        deadline = time.monotonic() + MAX_END_SECONDS
        while (count := self.read_status("Threads")) > MAX_IDLE_THREADS:
            assert time.monotonic() < deadline, f"{count} threads are left"
            time.sleep(0.5)


@contextmanager
def serve(venv: FrameworkVenv, folder: Path, **env: str) -> Iterator[Server]:
    """Run the installed package's own command `server` until the block ends."""
    port = find_free_port()
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [venv.folder / "bin" / "server", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env={"HOME": str(venv.folder / "home"), "PATH": "/usr/bin:/bin", **env},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for_health(url, process, folder / "server.log")
            yield Server(url, process.pid)
        finally:
            process.terminate()
            process.wait(60)


def wait_for_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + MAX_START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-5000:]
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
                assert json.load(answer) == {"status": "healthy"}
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')[-5000:]}")


def run_script(venv: FrameworkVenv, folder: Path, script: Path, *arguments: str | Path) -> str:
    done = venv.run("python", script, *arguments, cwd=folder, timeout=3600)
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout


def play(venv: FrameworkVenv, folder: Path, server: Server, **config: Any) -> list[dict[str, Any]]:
    """Play episodes by the package's client, and return their prompts and last observations."""
    out = folder / "played.jsonl"
    path = folder / "play.json"
    path.write_text(json.dumps({"url": server.url, "out": str(out), **config}), encoding="utf-8")
    run_script(venv, folder, SCRIPTS / "openenv_play.py", path)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def send_frames(venv: FrameworkVenv, folder: Path, server: Server, connections: list[Any]) -> list[list[Any]]:
    """Send frames over connections that stay open together, and return the answers to each."""
    path = folder / "frames.json"
    path.write_text(json.dumps(connections), encoding="utf-8")
    url = f"{server.url.replace('http', 'ws')}/ws"
    answers: list[list[Any]] = json.loads(run_script(venv, folder, SCRIPTS / "openenv_frames.py", url, path))
    return answers


def reset_frame(**options: Any) -> str:
    return json.dumps({"type": "reset", "data": options})


def step_frame(**action: Any) -> str:
    return json.dumps({"type": "step", "data": action})


def request(url: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Send a GET, or a POST of JSON, and return status and content."""
    data = None if body is None else json.dumps(body).encode()
    sent = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
