"""Fixtures of the tests of frameworks."""

from pathlib import Path

import pytest

from tests.frameworks.virtual_environments import FrameworkVenv, install_project, make_framework_venv
from tests.training.conftest import playable  # a fixture

__all__ = ["playable", "verifiers_venv"]


@pytest.fixture(scope="session")
def verifiers_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of verifiers, with the project as it is here."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("frameworks")
    venv = make_framework_venv(cache, Path(__file__).with_name("verifiers.txt"), "verifiers")
    install_project(venv, tmp_path_factory.mktemp("project") / "copy")
    return venv
