"""What a sample of a source gives is shown in seconds, and what is wrong with it by file and place."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.project import BIN

BLOCK = '  {name}:\n    files: ["file:own/{file}"]\n'


@pytest.fixture
def folder(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a project with the params and the assets, and no files yet."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assets").symlink_to(assets)
    (tmp_path / "own").mkdir()
    return tmp_path


def add_source(folder: Path, name: str, file: str, *keys: str) -> None:
    """Write a source at the end of params.yaml, where `sources` is the last block."""
    with (folder / "params.yaml").open("a", encoding="utf-8") as params:
        params.write("\n" + BLOCK.format(name=name, file=file) + "".join(f"    {key}\n" for key in keys))


def test_the_format_of_the_docs_is_found_in_the_project_folder(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(# mail\.py.*?)```", (ROOT / "docs/own-data.md").read_text(), re.DOTALL)
    (folder / "mail.py").write_text(code, encoding="utf-8")
    (folder / "own" / "ann.txt").write_text(
        "2024-05-06 10:00 Ann: A café!\n2024-05-06 10:01 Bob: Yes.\nNo speaker\n" * 100, encoding="latin-1"
    )
    add_source(folder, "mail", "*.txt", 'format: "mail:Mail"', "encoding: latin-1")
    done = subprocess.run(
        [BIN / "memcurate", "preview", "mail"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mail: 1 file" in done.stdout and "line without a speaker 100" in done.stdout
