"""Parts that are removed: a kill in between leaves none that counts as whole."""

import shutil
from pathlib import Path

import pytest

from pipeline.core.tasks import MANIFEST_FILE
from stages.shared.paths import PARTS_DIR
from stages.shared.task_parts import task_parts


def test_a_half_removed_part_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    part = PARTS_DIR / "filter" / "made" / "part"
    part.mkdir(parents=True)
    for name in (MANIFEST_FILE, "rejects.arrow"):
        (part / name).touch()
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)  # killed before it removes a file
        with task_parts("filter", "made"):
            pass
    assert [path.name for path in part.iterdir()] == ["rejects.arrow"]
