"""The README's example of one's own texts, built with the real dvc by its own blocks."""

import json
import re
from pathlib import Path

import pytest

from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from tests.conftest import ROOT
from tests.integration.conftest import Build
from tests.integration.project import BIN, copy_repository, dvc, run

pytestmark = pytest.mark.slow

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _own_texts_blocks() -> dict[str, str]:
    """Return the blocks of the section by language; "": the last without one, the commands."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Add your own texts\n")[2]
    return dict(_BLOCK.findall(section.partition("\n## ")[0]))


def _write_texts(path: Path, book: str) -> None:
    """Write twelve parts of a book as texts, of which each fills several chunks."""
    path.parent.mkdir()
    rows = [
        {"title": f"Part {number}", "text": book[20_000 * number : 20_000 * (number + 1)]}
        for number in range(12)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_own_texts_as_the_readme_says(builds: list[Build], tmp_path: Path) -> None:
    project = copy_repository(tmp_path / "project")
    blocks = _own_texts_blocks()
    book = (builds[0].project / "data/raw/gutenberg/austen-persuasion.txt").read_text(encoding="utf-8")
    _write_texts(project / "texts" / "my_texts.jsonl", book)
    enabled, sources = re.split(r"^sources:\n", blocks["yaml"], flags=re.MULTILINE)
    params = (project / "params.yaml").read_text(encoding="utf-8")
    params = params.replace("enabled_sources:\n", enabled, 1) + sources
    (project / "params.yaml").write_text(params, encoding="utf-8")
    (project / "pipeline" / "sources" / "my_texts.py").write_text(blocks["python"], encoding="utf-8")
    write_review = blocks[""].partition("\n")[0]
    run(project, "sh", "-c", write_review)
    dvc(project, "repro", "filter@my_texts")
    instances = list(read_rows(project / "data/filtered/my_texts/instances.parquet", Instance))
    assert {instance.split for instance in instances} == {"train", "test"}
    assert sum(len(instance.questions) for instance in instances) > 20
    assert instances[0].document in run(project, BIN / "memcurate", "show", instances[0].id)
