"""The documentation: generated references are current, and the site builds without a warning."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.generate_reference import pages


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", ["commands.md", "params.md"])
def test_the_generated_reference_is_committed(generated: dict[str, str], name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == generated[name], "run `make docs`"


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    """A page out of the navigation, or a link to a missing page or heading, is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for page in ("index.html", "reference/params/index.html", "CHANGELOG/index.html"):
        assert (tmp_path / "site" / page).exists()


def test_each_file_that_the_threat_model_names_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/]+\.py\b", text))
    assert len(named) > 20
    missing = [
        name for name in named if not (ROOT / name).exists() and not list((ROOT / "tests").rglob(name))
    ]
    assert missing == []
