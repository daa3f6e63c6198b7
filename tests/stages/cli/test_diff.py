"""`memcurate diff` between versions of a small dataset in the real git and DVC."""

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.integration.project import BIN, dvc, run
from tests.stages.history import commit, write_made


def diff(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "memcurate", "diff", *arguments], cwd=project, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A copy that tests change."""
    return shutil.copytree(built, tmp_path / "project")


@pytest.mark.parametrize("versions", [("v1", "v2"), ("v1",), ("HEAD~1", "HEAD")])
def test_versions_are_tags_revisions_and_the_workspace(built: Path, versions: tuple[str, ...]) -> None:
    done = diff(built, *versions, "--json")
    assert done.returncode == 0, done.stderr
    (source,) = json.loads(done.stdout)["sources"].values()
    assert source["rows"]["instances"] == {
        "old": 2,
        "new": 2,
        "added": 0,
        "removed": 0,
        "changed": 1,
        "moved": 0,
    }
    assert source["causes"]["params"] == [{"key": "seed", "old": 1, "new": 2}]
    assert source["causes"]["raw_files"] == ["data/raw/made/a.txt"]


def test_an_experiment_is_a_version(project: Path) -> None:
    write_made(project, "uno", "two", "three")
    dvc(project, "exp", "run", "--name", "more")
    run(project, "git", "checkout", "--quiet", ".")
    (source,) = json.loads(diff(project, "v2", "more", "--json").stdout)["sources"].values()
    assert source["rows"]["instances"]["added"] == 1


def test_exit_code_and_html_page(built: Path, tmp_path: Path) -> None:
    page = tmp_path / "diff.html"
    done = diff(built, "v1", "v2", "--exit-code", "--html", str(page))
    assert done.returncode == 1 and "<h1>v1 → v2</h1>" in page.read_text(encoding="utf-8")
    same = diff(built, "v2", "--exit-code")
    assert same.returncode == 0 and "no row differs" in same.stdout


def test_diff_changes_nothing(built: Path) -> None:
    before = run(built, "git", "status", "--porcelain"), (built / "dvc.lock").read_text(encoding="utf-8")
    diff(built, "v1", "v2")
    assert before == (
        run(built, "git", "status", "--porcelain"),
        (built / "dvc.lock").read_text(encoding="utf-8"),
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("v9",), ["unknown revision, tag or experiment 'v9'", "git tag"]),
        (("v0",), ["version v0 has no dvc.lock", "nothing was built"]),
        (("v1", "--source", "other"), ["neither version has a source 'other'", "they have made"]),
    ],
)
def test_an_unknown_version_or_source_is_an_error(
    built: Path, arguments: tuple[str, ...], expected: list[str]
) -> None:
    done = diff(built, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in expected if part not in done.stderr] == [], done.stderr


def test_a_folder_that_is_not_a_project_is_an_error(tmp_path: Path) -> None:
    done = diff(tmp_path, "v1")
    assert done.returncode == 1 and "not in a project of git and DVC" in done.stderr


def test_data_is_fetched_from_the_remote(project: Path, tmp_path: Path) -> None:
    """The workspace has a remote that was added after the versions were committed. Without it, an error."""
    cache, remote = project / ".dvc" / "cache" / "files", tmp_path / "store" / "files"
    dvc(project, "remote", "add", "--default", "store", tmp_path / "store")
    shutil.copytree(cache, remote)
    shutil.rmtree(cache)
    fetched = diff(project, "v1", "v2", "--json")
    (source,) = json.loads(fetched.stdout)["sources"].values()
    assert source["rows"]["instances"]["changed"] == 1
    assert source["causes"]["raw_files"] == ["data/raw/made/a.txt"]
    shutil.rmtree(cache)
    shutil.rmtree(remote)
    done = diff(project, "v1")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "data/dataset of version v1 is in no cache or remote" in done.stderr
    assert "dvc push" in done.stderr and "git checkout" in done.stderr


def test_an_older_schema_version_is_an_error(project: Path) -> None:
    path = project / "made" / "dataset" / "train.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata({"memcurate.schema": "1"}), path)
    commit(project, "v3")
    done = diff(project, "v3", "v2")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "version v3" in done.stderr and "schema version 1" in done.stderr
