"""A source's own file that changes: the next `dvc repro` sees it, with the real dvc and no other source."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.project import BIN, change_params, copy_repository, dvc, dvc_json, ran, run

pytestmark = pytest.mark.slow

SOURCES = ("trec_coarse", "trec_fine")
FETCHED = [f"fetch@{source}" for source in SOURCES]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The repository as it lies here, without data, with two sources of own files."""
    folder = copy_repository(tmp_path / "project")
    files = {source: [{"locations": [{"locator": f"file:own/{source}.txt"}]}] for source in SOURCES}
    change_params(
        folder,
        {
            "enabled_sources": list(SOURCES),
            **{f"sources.{source}.files": files[source] for source in SOURCES},
        },
    )
    (folder / "own").mkdir()
    for source in SOURCES:
        (folder / "own" / f"{source}.txt").write_text("one\n")
    return folder


def refused(project: Path) -> str:
    """What a `dvc repro` says that fails."""
    done = subprocess.run(
        [BIN / "dvc", "repro", *FETCHED],
        cwd=project,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": str(project), "HOME": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_a_file_of_ones_own_that_changed(project: Path) -> None:
    """Without a hash its source is built anew, and no other; with one, it is told what to run."""
    own, raw = (project / folder / "trec_coarse.txt" for folder in ("own", "data/raw/trec_coarse"))
    assert ran(dvc(project, "repro", *FETCHED)) == set(FETCHED)
    assert ran(dvc(project, "repro", *FETCHED)) == set()
    own.write_text("two\n")
    assert ran(dvc(project, "repro", *FETCHED)) == {"fetch@trec_coarse"}
    assert raw.read_text() == "two\n"

    run(project, BIN / "memcurate", "pin", "trec_coarse")
    assert ran(dvc(project, "repro", *FETCHED)) == {"fetch@trec_coarse"}  # its params are others
    own.write_text("three\n")
    told = refused(project)
    assert "file:own/trec_coarse.txt changed" in told and "`memcurate pin`" in told
    assert "Traceback" not in told
    assert "was " in run(project, BIN / "memcurate", "pin", "trec_coarse")
    assert ran(dvc(project, "repro", *FETCHED)) == {"fetch@trec_coarse"}
    assert raw.read_text() == "three\n"

    own.unlink()  # as in a clone: what is pinned is not taken for changed
    assert ran(dvc(project, "repro", *FETCHED)) == set()
    assert dvc_json(project, "status", *FETCHED) == {}
