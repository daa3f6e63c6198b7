"""`memcurate export` of a package: its files, its version, and what it is read by."""

import ast
import json
import shutil
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows, write_rows
from stages.cli.export_environment import export_environment
from stages.shared.paths import DATASET_DIR
from tests.conftest import ROOT
from tests.integration.project import change_params
from tests.stages.cli.factories import run_memcurate
from tests.stages.conftest import Project
from training.environment import DEFAULT_PARAMS, EnvPackage

FRAMEWORKS = sorted(path.name for path in (ROOT / "training" / "frameworks").iterdir())
# The folder of a package's files of data.
DATA = {**dict.fromkeys(["verifiers", "skyrl", "verl", "nemo_gym"], "memcurate_memory"), "openenv": "data"}


def export(project: Project, folder: str, framework: str = "verifiers") -> Path:
    done = run_memcurate(project, "export", folder, "--format", framework.replace("_", "-"))
    assert done.returncode == 0, done.stderr
    return project.folder / folder


def list_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_package_has_the_dataset_its_card_and_a_version_by_hash(
    dataset_project: Project, framework: str
) -> None:
    out, again = (export(dataset_project, name, framework) for name in ("out", "again"))
    assert list_files(out) == list_files(again)
    project = tomllib.loads((out / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = EnvPackage(out / DATA[framework])
    assert project["version"] == package.version and package.version in (out / "README.md").read_text("utf-8")
    dataset = dataset_project.folder / DATASET_DIR
    for name in ("train.parquet", "test.parquet", "README.md"):
        assert (package.folder / "dataset" / name).read_bytes() == (dataset / name).read_bytes()
    env = package.make_env("test")
    rows = list(read_rows(dataset / "test.parquet", Instance))
    assert [one.id for one in env.instances] == [row.id for row in rows]
    assert env.reset(0).num_steps == len(rows[0].chunks)
    assert package.read_split("test") is env.instances  # shared by all environments
    assert package.splits == ["train", "test"]


def test_the_version_changes_with_the_data_and_the_params(dataset_project: Project) -> None:
    versions = {EnvPackage(export(dataset_project, "out") / DATA["verifiers"]).version}
    path = dataset_project.folder / DATASET_DIR / "train.parquet"
    write_rows(path, Instance, list(read_rows(path, Instance))[1:])
    versions.add(EnvPackage(export(dataset_project, "out") / DATA["verifiers"]).version)
    change_params(dataset_project.folder, {"rewards.content_weight": 0.2})
    package = EnvPackage(export(dataset_project, "out") / DATA["verifiers"])
    assert len(versions | {package.version}) == 3
    assert package.weights["content"] == 0.2
    assert "| content | 0.2 |" in (package.folder.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_version_changes_with_the_code(
    dataset_project: Project, framework: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    frameworks = tmp_path / "training" / "frameworks"
    shutil.copytree(ROOT / "training" / "frameworks", frameworks)
    monkeypatch.setattr(resources, "files", lambda package: tmp_path / package)
    monkeypatch.chdir(dataset_project.folder)
    before = export_environment(Path("out"), framework, DEFAULT_PARAMS).version
    module = next(frameworks.glob(f"{framework}/**/__init__.py"))
    module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert export_environment(Path("out"), framework, DEFAULT_PARAMS).version != before


def test_a_changed_or_missing_file_is_an_error(dataset_project: Project) -> None:
    folder = export(dataset_project, "out") / DATA["verifiers"]
    card = folder / "dataset" / "README.md"
    card.write_text("other", encoding="utf-8")
    with pytest.raises(MemcurateError, match=r"dataset/README.md has the SHA-256 \w+, but .* pins"):
        EnvPackage(folder).make_env("train")
    card.unlink()
    with pytest.raises(MemcurateError, match=r"README.md cannot be read .*: install the package again"):
        EnvPackage(folder).make_env("train")
    manifest = folder / "environment.json"
    for text in ("{", "[]", json.dumps(json.loads(manifest.read_text("utf-8")) | {"format": 2})):
        manifest.write_text(text, encoding="utf-8")
        with pytest.raises(MemcurateError, match=r"environment.json cannot be read .*`memcurate export`"):
            EnvPackage(folder)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"answer.backend": "local", "answer.model": "models/mine"}, "answer.backend"),
        ({"rewards.judge": {"name": "judge", "revision": "1"}}, "rewards.judge"),
    ],
)
def test_params_that_name_a_model_are_an_error(
    dataset_project: Project, changes: dict[str, object], key: str
) -> None:
    change_params(dataset_project.folder, changes)
    done = run_memcurate(dataset_project, "export", "out", "--format", "verifiers")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"params key {key} names a model, which the package cannot load" in done.stderr


def test_a_readme_of_another_origin_stays(dataset_project: Project) -> None:
    out = dataset_project.folder / "out"
    out.mkdir()
    (out / "README.md").write_text("mine", encoding="utf-8")
    done = run_memcurate(dataset_project, "export", "out", "--format", "verifiers")
    assert done.returncode == 1 and "was not written by memcurate" in done.stderr
    assert list_files(out) == {"README.md": b"mine"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_code_of_a_package_imports_the_environment_alone(framework: str) -> None:
    imported = set()
    for path in (ROOT / "training" / "frameworks" / framework).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module or "")
    rooms = {
        name for name in imported if name.partition(".")[0] in ("memcurate", "pipeline", "stages", "training")
    }
    assert rooms == {"memcurate.env"}
