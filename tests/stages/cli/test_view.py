"""`memcurate view` on a history in git and DVC: the server's answers for each version."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient

from pipeline.viewer.server import create_app
from stages.cli.viewer_backend import ProjectBackend
from stages.shared.versions import Workspace
from tests.integration.project import BIN, dvc
from tests.ports import find_free_port
from tests.stages.history import write_made


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    port = find_free_port()
    command = [BIN / "memcurate", "view", "HEAD~1", "--port", str(port)]
    with subprocess.Popen(command, cwd=built, stdout=subprocess.DEVNULL) as server:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            with suppress(URLError):
                urlopen(address)
                break
            time.sleep(0.1)
        yield address
        server.terminate()


def request(address: str, path: str, **parameters: str) -> Any:
    with urlopen(f"{address}/api/{path}?{urlencode(parameters)}") as answer:
        return json.load(answer)


def test_named_versions_come_before_tags(address: str) -> None:
    """v0, where nothing was built, is left out."""
    assert request(address, "versions")["versions"] == ["workspace", "HEAD~1", "v2", "v1"]


@pytest.mark.parametrize(("version", "texts"), [("workspace", {"uno", "two"}), ("v1", {"one", "two"})])
def test_rows_are_those_of_the_version(address: str, version: str, texts: set[str]) -> None:
    rows = request(address, "rows", version=version, kind="chunks")["rows"]
    assert {row["text"].split()[1] for row in rows} == texts
    instance = request(address, "instance", version=version, id=rows[0]["instance"])
    assert instance["chunks"][0]["text"] == rows[0]["text"]


def test_changes_between_versions_are_served(address: str) -> None:
    (source,) = request(address, "changes", old="v1", new="workspace")
    assert source["rows"]["chunks"]["changed"] == 1 and source["reasons"][0] == "seed: 1 → 2"
    assert request(address, "episodes") == []


def test_an_unknown_version_in_a_request_is_an_error(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        request(address, "rows", version="v9", kind="chunks")
    assert "unknown version 'v9'" in json.load(refused.value)["error"]


def test_an_unknown_version_on_the_command_line_is_an_error(built: Path) -> None:
    done = subprocess.run(
        [BIN / "memcurate", "view", "v9"], cwd=built, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "unknown revision, tag or experiment 'v9'" in done.stderr


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that tests change, as the working directory."""
    project = shutil.copytree(built, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def client(project: Path) -> TestClient:
    return TestClient(create_app(ProjectBackend(["v1"])), base_url="http://127.0.0.1:8765")


def test_a_removed_dataset_is_an_error_until_it_is_back(project: Path, client: TestClient) -> None:
    rows, aside = "/api/rows?version=workspace&kind=chunks", project / "aside"
    (first, *_) = client.get(rows).json()["rows"]
    instance = f"/api/instance?version=workspace&id={first['instance']}"
    assert client.get(instance).status_code == 200
    (project / "data" / "dataset").rename(aside)
    for path in (rows, instance, "/api/reject?version=workspace&id=made/r"):
        answer = client.get(path)
        assert (
            answer.status_code == 404 and "data/dataset/train.parquet is not here" in answer.json()["error"]
        )
    assert client.get("/api/rows?version=v1&kind=chunks").status_code == 200
    aside.rename(project / "data" / "dataset")
    assert client.get(rows).json()["rows"][0] == first


def test_a_rebuilt_dataset_is_read_again(project: Path, client: TestClient) -> None:
    rows = "/api/rows?version=workspace&kind=chunks"
    assert {row["text"] for row in client.get(rows).json()["rows"]} == {"Opening.\nuno\n", "Opening.\ntwo\n"}
    write_made(project, "drei", seed=3)
    dvc(project, "repro")
    assert {row["text"] for row in client.get(rows).json()["rows"]} == {"Opening.\ndrei\n"}
    (changed,) = client.get("/api/changes?old=v1&new=workspace").json()
    assert changed["reasons"][0] == "seed: 1 → 3"
    path = project / "data" / "dataset" / "train.parquet"
    path.unlink()  # a link to DVC's cache, perhaps
    path.write_bytes(b"PAR1")
    assert client.get(rows).status_code == 404


def test_damaged_episodes_are_an_error(project: Path, client: TestClient) -> None:
    path = project / "data" / "evaluation" / "episodes" / "oracle.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1")
    for path_and_query in ("episodes", "episode?id=made/one"):
        answer = client.get(f"/api/{path_and_query}")
        assert (
            answer.status_code == 404
            and "oracle.parquet: cannot be read as Parquet" in answer.json()["error"]
        )


def test_requests_during_a_build_succeed_or_fail_with_an_error(project: Path, client: TestClient) -> None:
    """As in a build, the folder is replaced and dvc.lock is written in place."""
    stop = threading.Event()
    lock = (project / "dvc.lock").read_text(encoding="utf-8")

    def build() -> None:
        while not stop.is_set():
            shutil.rmtree(project / "data" / "dataset")
            shutil.copytree(project / "made" / "dataset", project / "data" / "dataset")
            (project / "dvc.lock").write_text("", encoding="utf-8")
            (project / "dvc.lock").write_text(lock, encoding="utf-8")

    builder = threading.Thread(target=build)
    builder.start()
    paths = ["rows?version=workspace&kind=chunks", "instance?version=workspace&id=made/two"]
    paths += ["changes?old=v1&new=workspace", "rows?version=v1&kind=questions"]
    try:
        answers = [client.get(f"/api/{path}") for _ in range(25) for path in paths]
    finally:
        stop.set()
        builder.join()
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 400, 404} and 200 in statuses
    assert all("error" in answer.json() for answer in answers if answer.status_code != 200)


def test_a_half_written_lock_is_read_again(project: Path) -> None:
    """A lock that stays half-written is an error of one line."""
    path, whole = Path("dvc.lock"), Path("dvc.lock").read_text(encoding="utf-8")
    for half in ("", whole[: len(whole) // 2] + "\n  - : {", "schema: '2.0'\n"):
        path.write_text(half, encoding="utf-8")
        timer = threading.Timer(0.5, path.write_text, [whole])
        timer.start()
        assert Workspace().dvc_lock["stages"].keys() == {"fetch@made", "assemble"}
        timer.join()
    path.write_text("stages: [", encoding="utf-8")
    done = subprocess.run([BIN / "memcurate", "view"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "memcurate: dvc.lock, line 1: not valid YAML" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_an_error(address: str, built: Path) -> None:
    port = address.rpartition(":")[2]
    command = [BIN / "memcurate", "view", "--port", port]
    done = subprocess.run(command, cwd=built, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"memcurate: --port {port}: another process listens")
    assert done.stderr.count("\n") == 1
