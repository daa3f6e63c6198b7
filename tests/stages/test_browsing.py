"""`memcurate browse` on a history that git and dvc keep: what its server finds of each version."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.graph.project import BIN


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [BIN / "memcurate", "browse", "HEAD~1", "--port", str(port)]
    with subprocess.Popen(command, cwd=built, stdout=subprocess.DEVNULL) as server:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            with suppress(URLError):
                urlopen(address)
                break
            time.sleep(0.1)
        yield address
        server.terminate()


def ask(address: str, path: str, **parameters: str) -> Any:
    with urlopen(f"{address}/api/{path}?{urlencode(parameters)}") as answer:
        return json.load(answer)


def test_versions(address: str) -> None:
    """Those asked for come before tags; v0, where nothing was built, is left out."""
    assert ask(address, "versions")["versions"] == ["workspace", "HEAD~1", "v2", "v1"]


@pytest.mark.parametrize(("version", "texts"), [("workspace", {"uno", "two"}), ("v1", {"one", "two"})])
def test_rows_of_a_version(address: str, version: str, texts: set[str]) -> None:
    rows = ask(address, "rows", version=version, kind="chunks")["rows"]
    assert {row["text"].split()[1] for row in rows} == texts
    instance = ask(address, "instance", version=version, id=rows[0]["instance"])
    assert instance["chunks"][0]["text"] == rows[0]["text"]


def test_changes(address: str) -> None:
    (source,) = ask(address, "changes", old="v1", new="workspace")
    assert source["rows"]["chunks"]["changed"] == 1 and source["reasons"][0] == "seed: 1 → 2"
    assert ask(address, "episodes") == []


def test_what_there_is_not(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        ask(address, "rows", version="v9", kind="chunks")
    assert "no version 'v9'" in json.load(refused.value)["error"]


def test_a_version_that_there_is_not(built: Path) -> None:
    done = subprocess.run(
        [BIN / "memcurate", "browse", "v9"], cwd=built, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "no revision, tag or experiment 'v9'" in done.stderr
