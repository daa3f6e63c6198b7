"""The dependencies in pyproject.toml: every package that the code imports is declared and pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet

from tests.conftest import ROOT

PACKAGES = ("memcurate", "pipeline", "stages", "training")


def normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def list_imported_packages() -> set[str]:
    """List the top-level packages that the code imports, but for the standard library and its own.

    The code of exported packages is left out: each declares its requirements itself.
    """
    names: set[str] = set()
    paths = [path for package in PACKAGES for path in Path(ROOT / package).rglob("*.py")]
    for path in [path for path in paths if not path.is_relative_to(ROOT / "training" / "frameworks")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(PACKAGES) - sys.stdlib_module_names


def list_declared_packages() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        requirements += extra
    names = {normalize(re.split(r"[\[<>=~!; ]", requirement)[0]) for requirement in requirements}
    return names - {normalize(project["name"])}  # an extra may name another


def test_imported_packages_are_declared() -> None:
    distributions, declared = packages_distributions(), list_declared_packages()
    undeclared = {
        package
        for package in list_imported_packages()
        if not {normalize(name) for name in distributions.get(package, ())} & declared
    }
    assert undeclared == set()


def test_declared_packages_are_pinned() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert list_declared_packages() - {normalize(pin.partition("==")[0]) for pin in pins} == set()


def test_the_oldest_python_can_install_the_pins() -> None:
    """Debian 12 has 3.11.2: a pin that wants a later one makes `make setup` fail there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = {name: find_requires_python(name) for name in (pin.partition("==")[0] for pin in pins)}
    assert sum(map(bool, wanted.values())) > 100
    assert {name for name, spec in wanted.items() if not SpecifierSet(spec).contains("3.11.0")} == set()


def find_requires_python(name: str) -> str:
    """Return the Python versions that an installed package wants; any where it is not installed here."""
    try:
        return metadata(name).get("Requires-Python") or ""
    except PackageNotFoundError:
        return ""
