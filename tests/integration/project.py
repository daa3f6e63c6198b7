"""Folders with a params.yaml of their own, clones of this repository, and the real dvc in them."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

BIN = Path(sys.executable).parent
REMOVED = object()


def changed(values: Any, changes: Mapping[str, object]) -> Any:
    """Params with other values at dotted keys; REMOVED takes a key away. Nothing is shared by two keys."""
    values = json.loads(json.dumps(values))
    for key, value in changes.items():
        *path, last = (int(part) if part.isdigit() else part for part in key.split("."))
        node = values
        for part in path:
            node = node[part]
        if value is REMOVED:
            del node[last]
        else:
            node[last] = value
    return values


def params_with(changes: Mapping[str, object], path: Path = ROOT / "params.yaml") -> str:
    """The text of a params.yaml that is `path`'s but for the changes."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return yaml.safe_dump(changed(values, changes), sort_keys=False, allow_unicode=True)


def change_params(project: Path, changes: Mapping[str, object]) -> None:
    """Change the params.yaml of a project in place."""
    path = project / "params.yaml"
    path.write_text(params_with(changes, path), encoding="utf-8")


def run(project: Path, *command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command in a project, by the virtual environment's programs; give what it printed.

    The code is the project's own.
    """
    done = subprocess.run(
        command,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**environment(project), **(env or {})},
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}"
    return done.stdout


def environment(project: Path) -> dict[str, str]:
    """The variables of a command in a project: the virtual environment's programs, and the project's code."""
    return {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(project),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(project / ".dvc" / "tmp" / "site"),
        **{f"GIT_{who}_NAME": "tests" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "tests@example.org" for who in ("AUTHOR", "COMMITTER")},
    }


def clone(source: Path, target: Path) -> Path:
    """What is committed in `source`, and nothing else."""
    run(source, "git", "clone", "--quiet", source, target)
    return target


def copy_repository(target: Path) -> Path:
    """Copy the code and params as they lie here, without data or lock, into a new dvc project."""
    target.mkdir()
    for name in ("pipeline", "stages", "training", "inputs", "reviews"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "dvc.lock"))
    for name in ("params.yaml", "dvc.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, target)
    run(target, "git", "init", "--quiet")
    dvc(target, "init", "--quiet")
    return target


def dvc(project: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run dvc in a project; give what it printed."""
    return run(project, BIN / "dvc", *arguments, env=env)


def dvc_json(project: Path, *arguments: str) -> Any:
    """What dvc prints as JSON, on its last line."""
    return json.loads(dvc(project, *arguments, "--json").splitlines()[-1])


def ran(output: str) -> set[str]:
    """The stages that a `dvc repro` says it ran, but for inputs, which runs each time."""
    return set(re.findall(r"Running stage '([^']+)':", output)) - {"inputs/dvc.yaml:inputs"}


def tree(folder: Path) -> dict[str, str]:
    """The files below a folder, by path, as hashes of their bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
