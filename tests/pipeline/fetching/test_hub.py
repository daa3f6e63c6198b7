"""The hub, acted by the local server; each test runs a process, because the endpoint is read on import."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.integration.project import params_with
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import git_blob, read_folder

REVISION = "0123456789abcdef0123456789abcdef01234567"
PATH = f"/datasets/owner/name/resolve/{REVISION}/data/train.json"
SCRIPT = """
import sys
from pathlib import Path
from pipeline.core.errors import MemcurateError
from pipeline.fetching import fetch
from pipeline.core.params import FileLocation, FileSpec

locator, blob, target, cache = sys.argv[1:]
wanted = FileSpec(locations=[FileLocation(locator=locator, git_blob=blob)])
try:
    fetch([wanted], Path(target), mirror=None, cache=Path(cache))
except MemcurateError as error:
    sys.exit(str(error))
"""


def fetch_from(server: Server, data: bytes, target: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    locator = f"hf:owner/name@{REVISION}/data/train.json"
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, locator, git_blob(data), target, cache],
        env={**os.environ, "HF_ENDPOINT": server.url, "HF_TOKEN": "hf_token"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_file_is_requested_at_its_revision_with_the_token(
    server: Server, target: Path, cache: Path
) -> None:
    server.bodies[PATH] = b"[]"
    done = fetch_from(server, b"[]", target, cache)
    assert done.returncode == 0, done.stderr
    assert read_folder(target) == {"train.json": b"[]"}
    assert server.headers[PATH]["Authorization"] == "Bearer hf_token"


def test_a_missing_file_is_an_error_without_traceback(server: Server, target: Path, cache: Path) -> None:
    done = fetch_from(server, b"[]", target, cache)
    assert done.returncode == 1
    assert "the server answered 404" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_changed_at_a_pinned_revision_is_refused(
    server: Server, target: Path, cache: Path
) -> None:
    """It is refused, with the expected and the found hash."""
    server.bodies[PATH] = b"[1]"
    done = fetch_from(server, b"[]", target, cache)
    assert done.returncode == 1
    assert git_blob(b"[]") in done.stderr and git_blob(b"[1]") in done.stderr
    assert read_folder(target) == {} and "Traceback" not in done.stderr


def test_the_hub_is_not_left_for_http(
    server: Server, secure: Server, target: Path, cache: Path, tmp_path: Path
) -> None:
    """This holds for the file and for its pin, and the token is not sent."""
    api = "/api/datasets/owner/name/revision/main"
    server.bodies |= {PATH: b"[]", api: b"{}"}
    secure.redirects |= {path: f"{server.url}{path}" for path in (PATH, api)}
    done = fetch_from(secure, b"[]", target, cache)
    assert done.returncode == 1
    assert f"leads from https to {server.url}{PATH}" in done.stderr
    (tmp_path / "params.yaml").write_text(
        params_with({"sources.squad_dev.files": [{"locations": [{"locator": "hf:owner/name@main/x.json"}]}]})
    )
    pinned = subprocess.run(
        [sys.executable, "-c", "from stages.cli.main import run; run()", "pin", "squad_dev"],
        cwd=tmp_path,
        env={**os.environ, "HF_ENDPOINT": secure.url, "HF_TOKEN": "hf_token", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert pinned.returncode == 1
    assert f"leads from https to {server.url}{api}" in pinned.stderr
    assert not server.requests
