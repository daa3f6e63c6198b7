"""`memcurate pin` looks up hashes on an index, a host and a hub, all acted by the local server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, load_params
from pipeline.fetching.pinning import is_pinned, resolve_pin
from tests.conftest import ROOT
from tests.integration.project import params_with
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import git_blob, sha256

REVISION = "0123456789abcdef0123456789abcdef01234567"
API = "/api/datasets/owner/name"


def test_a_local_file_is_pinned_by_its_hash(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    location = FileLocation(locator=f"file:{tmp_path}/x.txt")
    assert not is_pinned(location)
    assert resolve_pin(location) == FileLocation(locator=location.locator, sha256=sha256(b"x"))
    assert is_pinned(resolve_pin(location))


def test_a_version_is_pinned_by_its_wheel(server: Server) -> None:
    server.publish("my-data", "my_data-1.0.tar.gz", b"sdist")
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", b"wheel")
    server.publish("my-data", "my_data-2.0-py3-none-any.whl", b"newer")
    assert resolve_pin(FileLocation(locator="pypi:my-data==1.0!x.txt")).sha256 == sha256(b"wheel")
    with pytest.raises(MemcurateError, match=r"no version 3\.0"):
        resolve_pin(FileLocation(locator="pypi:my-data==3.0!x.txt"))


def test_a_changed_published_file_is_an_error(server: Server) -> None:
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", b"changed")
    with pytest.raises(MemcurateError, match=f"pinned to {sha256(b'x')}.*{sha256(b'changed')}"):
        resolve_pin(FileLocation(locator="pypi:my-data==1.0!x.txt", sha256=sha256(b"x")))


@pytest.mark.parametrize("algorithm", ["sha256", "git_blob"])
def test_a_changed_local_file_is_pinned_again(algorithm: str, tmp_path: Path) -> None:
    compute_hash = {"sha256": sha256, "git_blob": git_blob}[algorithm]
    path = tmp_path / "x.txt"
    path.write_bytes(b"changed")
    location = FileLocation.model_validate({"locator": f"file:{path}", algorithm: compute_hash(b"x")})
    assert not is_pinned(location)
    assert resolve_pin(location) == FileLocation.model_validate(
        {"locator": f"file:{path}", algorithm: compute_hash(b"changed")}
    )
    assert is_pinned(resolve_pin(location))
    path.unlink()
    assert is_pinned(location)  # a missing file has not changed


def test_an_index_without_a_valid_hash_is_an_error(server: Server) -> None:
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", b"wheel", listed="abc")
    with pytest.raises(MemcurateError, match="cannot be pinned"):
        resolve_pin(FileLocation(locator="pypi:my-data==1.0!x.txt"))


@pytest.mark.parametrize("large", [True, False])
def test_the_command_pins_a_branch_of_the_hub_once(large: bool, server: Server, tmp_path: Path) -> None:
    """Revision and hash are looked up once and written into the params, whose comments stay."""
    blob = {"type": "file", "path": "data/train.json", "size": 2, "oid": git_blob(b"[]")}
    if large:
        blob["lfs"] = {"oid": sha256(b"[]"), "size": 2, "pointerSize": 100}
    info = {
        "id": "owner/name",
        "sha": REVISION,
        "siblings": [],
        "private": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
    }
    server.bodies[f"{API}/revision/main"] = json.dumps(info).encode()
    server.bodies[f"{API}/paths-info/{REVISION}"] = json.dumps([blob]).encode()
    unpinned = [{"locations": [{"locator": "hf:owner/name@main/data/train.json"}]}]
    text = params_with({"sources.squad_dev.files": unpinned}) + "# a comment\n"
    (tmp_path / "params.yaml").write_text(text)
    done = run_pin(tmp_path, server)
    assert done.returncode == 0, done.stderr
    pin_line = f"sha256: {sha256(b'[]')}" if large else f"git_blob: {git_blob(b'[]')}"
    after = (tmp_path / "params.yaml").read_text()
    assert f"locator: hf:owner/name@{REVISION}/data/train.json\n" in after
    assert pin_line in after and after.endswith("# a comment\n")
    assert "every file is pinned" in run_pin(tmp_path, server).stdout
    assert server.requests[f"{API}/revision/main"] == 1


def test_the_command_pins_a_local_file_in_each_location(server: Server, tmp_path: Path) -> None:
    """One of two locations of a file is pinned; the params have Windows line ends and are a link."""
    (tmp_path / "x.json").write_bytes(b"one")
    locations = [{"locator": "file:x.json", "sha256": sha256(b"one")}, {"locator": "file:x.json"}]
    files = {
        "sources.gutenberg.files": [{"locations": locations[:1]}],
        "sources.squad_dev.files": [{"locations": locations[1:]}],
    }
    text = "# mine\n" + params_with(files) + "# the end"
    (tmp_path / "elsewhere.yaml").write_bytes(text.replace("\n", "\r\n").encode())
    (tmp_path / "params.yaml").symlink_to("elsewhere.yaml")
    unpinned = (tmp_path / "params.yaml").read_bytes()
    done = run_pin(tmp_path, server)
    assert done.returncode == 0, done.stderr
    first = (tmp_path / "params.yaml").read_bytes()
    line = f"\r\n      - locator: file:x.json\r\n        sha256: {sha256(b'one')}\r\n".encode()
    assert first.count(line) == 2
    assert first.replace(line, b"", 2) == unpinned.replace(line, b"", 1).replace(
        b"\r\n      - locator: file:x.json\r\n", b"", 1
    )
    assert (tmp_path / "params.yaml").is_symlink()
    assert "every file is pinned" in run_pin(tmp_path, server).stdout
    (tmp_path / "x.json").write_bytes(b"two")
    done = run_pin(tmp_path, server)
    assert f"{sha256(b'two')}, was {sha256(b'one')}" in done.stdout
    replaced = first.replace(sha256(b"one").encode(), sha256(b"two").encode())
    assert (tmp_path / "params.yaml").read_bytes() == replaced
    assert load_params(tmp_path / "params.yaml").sources["squad_dev"].files[0].locations[0].sha256 == sha256(
        b"two"
    )


def test_an_unreachable_hub_leaves_the_params_unchanged(server: Server, tmp_path: Path) -> None:
    unpinned = [{"locations": [{"locator": "hf:owner/name@main/data/train.json"}]}]
    text = params_with({"sources.squad_dev.files": unpinned})
    (tmp_path / "params.yaml").write_text(text)
    done = run_pin(tmp_path, server)
    assert done.returncode == 1
    assert "cannot be pinned" in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "params.yaml").read_text() == text


def run_pin(folder: Path, server: Server) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stages.cli.main import run; run()", "pin", "squad_dev"],
        cwd=folder,
        env={**os.environ, "HF_ENDPOINT": server.url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
