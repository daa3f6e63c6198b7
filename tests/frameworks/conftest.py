"""Fixtures of the tests of frameworks."""

from pathlib import Path

import pytest

from pipeline.text.tokens import TokenCounter, load_tokenizer
from tests.frameworks.virtual_environments import FrameworkVenv, install_project, make_framework_venv
from tests.training.conftest import playable  # a fixture

__all__ = ["count_tokens", "openenv_venv", "playable", "skyrl_venv", "verifiers_venv"]

# What SkyRL's own generator needs, of what its trainer does.
_SKYRL_PACKAGES = ("skyrl-gym", "torch", "loguru", "omegaconf", "aiohttp", "tqdm")


@pytest.fixture
def count_tokens(assets: Path) -> TokenCounter:
    return load_tokenizer("o200k_base", assets).count


@pytest.fixture(scope="session")
def verifiers_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of verifiers, with the project as it is here."""
    return make_venv(pytestconfig, tmp_path_factory, "verifiers")


@pytest.fixture(scope="session")
def openenv_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of OpenEnv with TRL, with the project as it is here."""
    return make_venv(pytestconfig, tmp_path_factory, "openenv", "trl")


@pytest.fixture(scope="session")
def skyrl_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of SkyRL-Gym and SkyRL's generator, with the project as it is here."""
    return make_venv(pytestconfig, tmp_path_factory, "skyrl", *_SKYRL_PACKAGES)


def make_venv(
    config: pytest.Config, tmp_path_factory: pytest.TempPathFactory, framework: str, *beside: str
) -> FrameworkVenv:
    assert config.cache is not None
    pins = Path(__file__).with_name(f"{framework}.txt")
    venv = make_framework_venv(config.cache.mkdir("frameworks"), pins, framework, *beside)
    install_project(venv, tmp_path_factory.mktemp("project") / "copy")
    return venv
