"""The download cache: one download per file, damaged entries, and folders that cannot be written."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import git_blob, make_file_spec, make_zip, read_folder, sha256

WHEEL = make_zip({"my_data/a.txt": b"first", "my_data/b.txt": b"second"})
FIRST = make_file_spec("pypi:my-data==1.0!my_data/a.txt", WHEEL)
SECOND = make_file_spec("pypi:my-data==1.0!my_data/b.txt", WHEEL)
SCRIPT = """
import sys
from pathlib import Path
from pipeline.fetching import fetch
from pipeline.core.params import FileSpec

print("ready", flush=True)
sys.stdin.readline()
fetch([FileSpec.model_validate_json(sys.argv[1])], Path(sys.argv[2]), mirror=None, cache=Path(sys.argv[3]))
"""


@pytest.fixture
def artifact(server: Server) -> str:
    return server.publish("my-data", "my_data-1.0-py3-none-any.whl", WHEEL)


def list_entries(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir() if path.suffix != ".lock"}


def test_an_artifact_of_two_sources_is_downloaded_once(
    server: Server, artifact: str, tmp_path: Path, cache: Path
) -> None:
    for source, wanted in (("one", FIRST), ("two", SECOND)):
        (tmp_path / source).mkdir()
        fetch([wanted], tmp_path / source, mirror=None, cache=cache)
    assert read_folder(tmp_path / "one") == {"a.txt": b"first"}
    assert read_folder(tmp_path / "two") == {"b.txt": b"second"}
    assert server.requests[artifact] == 1
    assert list_entries(cache) == {f"sha256-{sha256(WHEEL)}"}


def test_a_cached_file_needs_no_network(server: Server, artifact: str, tmp_path: Path, cache: Path) -> None:
    cache.mkdir()
    (cache / f"sha256-{sha256(WHEEL)}").write_bytes(WHEEL)
    (tmp_path / "one").mkdir()
    fetch([FIRST], tmp_path / "one", mirror=None, cache=cache)
    assert not server.requests


def test_a_cached_second_location_comes_before_the_network(
    server: Server, artifact: str, tmp_path: Path, cache: Path, target: Path
) -> None:
    cache.mkdir()
    (cache / f"git-blob-{git_blob(b'second')}").write_bytes(b"second")
    second = FileLocation(locator="https://nowhere.invalid/b.txt", git_blob=git_blob(b"second"))
    fetch([FileSpec(locations=[*SECOND.locations, second])], target, mirror=None, cache=cache)
    assert read_folder(target) == {"b.txt": b"second"}
    assert not server.requests


def test_two_concurrent_processes_download_once(
    server: Server, artifact: str, tmp_path: Path, cache: Path
) -> None:
    server.delay = 0.5
    running = []
    for source, wanted in (("one", FIRST), ("two", SECOND)):
        (tmp_path / source).mkdir()
        command = [sys.executable, "-c", SCRIPT, wanted.model_dump_json(), tmp_path / source, cache]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert read_folder(tmp_path / "one") | read_folder(tmp_path / "two") == {
        "a.txt": b"first",
        "b.txt": b"second",
    }
    assert server.requests[artifact] == 1


def test_a_damaged_entry_is_downloaded_again(
    server: Server, artifact: str, target: Path, cache: Path
) -> None:
    cache.mkdir()
    entry = cache / f"sha256-{sha256(WHEEL)}"
    entry.write_bytes(WHEEL[:-1])
    fetch([FIRST], target, mirror=None, cache=cache)
    assert read_folder(target) == {"a.txt": b"first"}
    assert entry.read_bytes() == WHEEL
    assert server.requests[artifact] == 1


def test_a_cut_download_leaves_nothing_and_the_next_attempt_succeeds(
    server: Server, artifact: str, target: Path, cache: Path
) -> None:
    server.cut.add(artifact)
    with pytest.raises(MemcurateError, match="or it broke"):
        fetch([FIRST], target, mirror=None, cache=cache)
    assert read_folder(target) == {}
    assert list_entries(cache) == set()
    server.cut.clear()
    fetch([FIRST], target, mirror=None, cache=cache)
    assert read_folder(target) == {"a.txt": b"first"}


def test_a_cache_that_cannot_be_written_is_an_error(artifact: str, target: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MemcurateError, match=r"reading or writing failed.*MEMCURATE_CACHE_DIR"):
        fetch([FIRST], target, mirror=None, cache=tmp_path / "file" / "cache")


def test_a_complete_cache_is_only_read(server: Server, artifact: str, target: Path, cache: Path) -> None:
    """A read-only cache works: here no lock can be made, because a folder has its name."""
    cache.mkdir()
    (cache / f"sha256-{sha256(WHEEL)}").write_bytes(WHEEL)
    (cache / f".sha256-{sha256(WHEEL)}.lock").mkdir()
    before = {path.name for path in cache.iterdir()}
    fetch([FIRST], target, mirror=None, cache=cache)
    assert read_folder(target) == {"a.txt": b"first"}
    assert {path.name for path in cache.iterdir()} == before
    assert not server.requests


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")
def test_a_cache_of_another_user_is_read(artifact: str, tmp_path: Path) -> None:
    """An intact file is read; for a missing file the error names the cache and its variable."""
    work = Path(tempfile.mkdtemp())
    work.chmod(0o777)
    (work / "cache").mkdir(mode=0o755)
    (work / "cache" / f"sha256-{sha256(WHEEL)}").write_bytes(WHEEL)
    for wanted, expected in (
        (FIRST, ""),
        (make_file_spec("pypi:my-data==1.0!x", b"other"), "MEMCURATE_CACHE_DIR"),
    ):
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            status = 1
            with suppress(BaseException):
                (work / "target").mkdir(exist_ok=True)
                message = ""
                try:
                    fetch([wanted], work / "target", mirror=None, cache=work / "cache")
                except MemcurateError as error:
                    message = str(error)
                status = (
                    0
                    if (expected in message and str(work / "cache") in message if expected else not message)
                    else 1
                )
            os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
    assert read_folder(work / "target") == {"a.txt": b"first"}
    shutil.rmtree(work)


@pytest.mark.parametrize("variable", ["MEMCURATE_CACHE_DIR", "MEMCURATE_MIRROR_DIR"])
def test_an_unknown_home_folder_is_an_error(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "~nobody-of-this-name/x")
    with pytest.raises(MemcurateError, match=f"{variable} is '~nobody-of-this-name/x'.*HOME"):
        default_cache() if variable == "MEMCURATE_CACHE_DIR" else mirror_from_environment()


def test_the_environment_names_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEMCURATE_CACHE_DIR", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("MEMCURATE_CACHE_DIR")
    assert default_cache().parts[-2:] == ("memcurate", "downloads")
