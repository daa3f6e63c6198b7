"""A copy of this repository whose params change, and what its rebuilds ran."""

import json
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.core.environment import PII_SECRET_VARIABLE
from tests.conftest import ROOT
from tests.integration.project import BIN, copy_repository, environment, run, tree
from tests.soak.corpus import write_corpus

Params = dict[str, Any]

TARGET = "report"
_PII_SECRET = "a secret of the tests, for pseudonyms"
_TIMEOUT = 1800  # seconds of a rebuild
_INPUTS = "inputs/dvc.yaml:inputs"


@dataclass(frozen=True)
class Rebuild:
    """A `dvc repro`, and its result."""

    output: str
    is_complete: bool
    ran: frozenset[str]  # stages, without the stage inputs, which always runs
    cached: frozenset[str]  # stages whose outputs came from DVC's run cache
    seconds: float


def make_project(folder: Path, starter: bool) -> Path:
    """Copy the repository into a new folder, with the generated sources in place of the starter set."""
    project = copy_repository(folder)
    if not starter:
        use_corpus(project)
    return project


def use_corpus(project: Path) -> None:
    """Write the generated sources, and a params.yaml of them with the other blocks of the project's own."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values.pop("defaults")
    profile = values["training"]["profile"]
    values["training"]["profiles"] = {profile: values["training"]["profiles"][profile]}
    values["sources"] = write_corpus(project)
    values["enabled_sources"] = list(values["sources"])
    values["split"] = {"test_fraction": 0.25, "max_document_fraction": 0.5}
    write_params(project, values)


def read_params(project: Path) -> Params:
    """Return params.yaml as plain values."""
    values: Params = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    return values


def write_params(project: Path, values: Params) -> None:
    """Write params.yaml."""
    (project / "params.yaml").write_text(format_yaml(values), encoding="utf-8")


def format_yaml(values: Params) -> str:
    """Return params as YAML, without anchors."""
    return yaml.safe_dump(json.loads(json.dumps(values)), sort_keys=False, allow_unicode=True)


def rebuild(project: Path, workers: int, use_run_cache: bool = True) -> Rebuild:
    """Run `dvc repro` up to the report, with 1 or 2 workers."""
    start = time.perf_counter()
    command = [BIN / "dvc", "repro", *([] if use_run_cache else ["--no-run-cache"]), TARGET]
    done = subprocess.run(
        command,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_TIMEOUT,
        env={**environment(project), "MEMCURATE_WORKERS": str(workers), PII_SECRET_VARIABLE: _PII_SECRET},
    )
    return Rebuild(
        output=done.stdout,
        is_complete=done.returncode == 0,
        ran=frozenset(_find_stages(done.stdout, r"Running stage '([^']+)'")),
        cached=frozenset(_find_stages(done.stdout, r"Stage '([^']+)' is cached")),
        seconds=time.perf_counter() - start,
    )


def _find_stages(output: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, output)) - {_INPUTS}


def find_error(output: str) -> str:
    """Return the error of a rebuild that failed: the lines between the last stage's start and DVC's own."""
    lines = output.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(("> ", "Running stage"))]
    ours = [line for line in lines[max(starts, default=-1) + 1 :] if line.strip()]
    own = [
        line for line in ours if not line.startswith(("ERROR: failed to reproduce", "To track the changes"))
    ]
    return "\n".join(own) or output[-2_000:]


@dataclass(frozen=True)
class Snapshot:
    """What the stages depend on and made, as hashes: to tell which of them had a reason to run."""

    params: Params
    files: Mapping[str, str]  # below data/


def take_snapshot(project: Path) -> Snapshot:
    """Hash all data of a project."""
    return Snapshot(
        read_params(project), {f"data/{path}": one for path, one in tree(project / "data").items()}
    )


def locked_outputs(project: Path, stages: Iterable[str]) -> dict[str, Any]:
    """Return the outputs of some stages in dvc.lock."""
    locked = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {stage: locked[stage]["outs"] for stage in stages}


def data_stages(params: Params) -> set[str]:
    """Return the names of the stages up to the report."""
    steps = ("fetch", "chunk", "question", "filter", "parity")
    per_source = {f"{step}@{source}" for step in steps for source in params["enabled_sources"]}
    return {"assets", "assemble", TARGET, *per_source}


def find_reasonless(project: Path, ran: Iterable[str], before: Snapshot, after: Snapshot) -> list[str]:
    """Return the stages that ran although none of their params and dependencies in dvc.yaml changed."""
    graph = yaml.safe_load((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    differing = {
        path for path in {*before.files, *after.files} if before.files.get(path) != after.files.get(path)
    }
    reasonless = []
    for stage in sorted(ran):
        step, _, source = stage.partition("@")
        block = graph[step].get("do", graph[step])
        dependencies = [dep.replace("${item}", source) for dep in block["deps"]]
        has_reason = any(
            path == dep or path.startswith(f"{dep}/") for path in differing for dep in dependencies
        ) or any(
            _get(before.params, key) != _get(after.params, key) if file is None else file in differing
            for file, key in _list_params(block["params"], source)
        )
        if not has_reason:
            reasonless.append(stage)
    return reasonless


def _list_params(listed: list[Any], source: str) -> Iterator[tuple[str | None, str]]:
    """Yield (file or None for params.yaml, key or "" for the whole file)."""
    for entry in listed:
        if isinstance(entry, str):
            yield None, entry
            continue
        for file, keys in entry.items():
            for key in keys or [""]:
                yield file.replace("${item}", source), key


def _get(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def commit(project: Path) -> None:
    """Commit all that git tracks, so that `git status` shows what a rebuild leaves behind."""
    run(project, "git", "add", "--all")
    run(project, "git", "commit", "--quiet", "--allow-empty", "--message", "first")
