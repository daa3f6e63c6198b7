"""A version has the rejects of the sources that it was assembled of."""

from pathlib import Path

import pytest

from pipeline.core.schema import Reject
from pipeline.core.storage import write_rows
from stages.shared.versions import Workspace

LOCK = """schema: '2.0'
stages:
  fetch@kept: {cmd: x}
  fetch@disabled: {cmd: x}
"""
ASSEMBLED = "  assemble: {cmd: x, params: {params.yaml: {enabled_sources: [kept]}}}\n"


@pytest.mark.parametrize(("lock", "names"), [(LOCK + ASSEMBLED, ["kept"]), (LOCK, ["disabled", "kept"])])
def test_rejects_of_disabled_sources_are_left_out(
    lock: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.lock").write_text(lock)
    for name in ("kept", "disabled"):
        (tmp_path / "data" / "chunks" / name).mkdir(parents=True)
        write_rows(tmp_path / "data" / "chunks" / name / "rejects.parquet", Reject, [])
    assert Workspace().reject_files() == [Path("data/chunks", name, "rejects.parquet") for name in names]
