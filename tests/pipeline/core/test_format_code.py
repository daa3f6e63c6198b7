"""The hashes of a format's code: of its file and what it imports of the project, and of nothing else."""

import sys
from pathlib import Path

import pytest

from pipeline.core.format_code import hash_format_code


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which Python finds modules in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_a_file_imports_of_the_project_belongs_to_it(project: Path) -> None:
    (project / "fmt_a.py").write_text(
        "import json\nimport numpy\nfrom pipeline.core import ids\ndef read():\n    import fmt_b\n"
    )
    (project / "fmt_b.py").write_text("from fmt_pkg.inner import value\nimport fmt_a\n")
    (project / "fmt_pkg").mkdir()
    (project / "fmt_pkg" / "__init__.py").write_text("")
    (project / "fmt_pkg" / "inner.py").write_text("value = 1\n")
    (project / "fmt_c.py").write_text("")
    first = hash_format_code("fmt_a:A")
    assert list(first) == ["fmt_a.py", "fmt_b.py", "fmt_pkg"]
    assert "fmt_a" not in sys.modules
    (project / "fmt_pkg" / "__pycache__").mkdir()
    (project / "fmt_pkg" / "__pycache__" / "x.pyc").write_text("x")
    (project / "fmt_c.py").write_text("changed = 1\n")
    assert hash_format_code("fmt_a:A") == first
    (project / "fmt_pkg" / "words.json").write_text("[]")
    second = hash_format_code("fmt_a:A")
    assert {path for path in first if first[path] != second[path]} == {"fmt_pkg"}


def test_a_plain_folder_is_no_package(project: Path) -> None:
    """Raw files may stand beside the class."""
    (project / "fmt_own" / "code").mkdir(parents=True)
    (project / "fmt_own" / "raw.txt").write_text("text")
    (project / "fmt_own" / "code" / "mail.py").write_text("from . import words\nfrom .words import x\n")
    (project / "fmt_own" / "code" / "words.py").write_text("x = 1\n")
    assert list(hash_format_code("fmt_own.code.mail:Mail")) == [
        "fmt_own/code/mail.py",
        "fmt_own/code/words.py",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fmt_none:A", {"fmt_none": None}),
        ("fmt_none.inner:A", {"fmt_none.inner": None}),
        (":A", {"": None}),
        ("no_such_entry_point", {}),
    ],
)
def test_a_format_that_is_not_there(name: str, expected: dict[str, None], project: Path) -> None:
    assert hash_format_code(name) == expected


def test_a_file_with_an_error_has_a_hash(project: Path) -> None:
    (project / "fmt_bad.py").write_text("def (")
    assert hash_format_code("fmt_bad:A")["fmt_bad.py"]
