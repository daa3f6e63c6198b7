"""Fixtures of the tests of frameworks."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.text.tokens import TokenCounter, load_tokenizer
from tests.frameworks.virtual_environments import (
    FrameworkVenv,
    find_python,
    install_project,
    make_framework_venv,
)
from tests.training.conftest import Playable, playable  # a fixture
from tests.training.worlds import make_world_instance
from training.memory.schema import EpisodeInput

__all__ = [
    "count_tokens",
    "mixed_instances",
    "nemo_gym_venv",
    "openenv_venv",
    "playable",
    "skyrl_venv",
    "verifiers_venv",
    "verl_venv",
]

# Packages of verl's agent loops; its trainer needs more.
_VERL_PACKAGES = ("torch", "TransferQueue", "cachetools", "fastapi", "uvicorn", "requests")
# Packages of SkyRL's own generator; its trainer needs more.
_SKYRL_PACKAGES = ("skyrl-gym", "torch", "loguru", "omegaconf", "aiohttp", "tqdm")


@pytest.fixture
def count_tokens(assets: Path) -> TokenCounter:
    return load_tokenizer("o200k_base", assets).count


@pytest.fixture
def mixed_instances(playable: Playable) -> list[EpisodeInput]:
    """Real instances, and one whose facts change; all are of test.

    The second of each source has recorded replies of a model.
    """
    return [
        *playable("trec_coarse")[:2],
        *playable("squad_dev")[:2],
        replace(make_world_instance("a", per_ability=2), split="test"),
    ]


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


@pytest.fixture(scope="session")
def verl_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of verl, with the project as it is here."""
    return make_venv(pytestconfig, tmp_path_factory, "verl", *_VERL_PACKAGES)


@pytest.fixture(scope="session")
def nemo_gym_venv(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FrameworkVenv:
    """The virtual environment of NeMo Gym, which needs Python 3.12, with the project as it is here."""
    python = find_python("3.12")
    if python is None:
        pytest.skip("NeMo Gym needs Python 3.12, which is neither on PATH nor below ~/.pyenv/versions")
    return make_venv(pytestconfig, tmp_path_factory, "nemo-gym", python=python)


def make_venv(
    config: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    framework: str,
    *beside: str,
    python: Path = Path(sys.executable),
) -> FrameworkVenv:
    assert config.cache is not None
    pins = Path(__file__).with_name(f"{framework.replace('-', '_')}.txt")
    venv = make_framework_venv(config.cache.mkdir("frameworks"), pins, framework, *beside, python=python)
    install_project(venv, tmp_path_factory.mktemp("project") / "copy")
    return venv
