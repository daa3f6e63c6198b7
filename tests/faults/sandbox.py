"""A small project whose stages are disturbed, and what each stage writes when nothing disturbs it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from pipeline.core.atomic import PARTIAL
from stages.shared.paths import (
    BASE_MODEL_DIR,
    PARTS_DIR,
    RUNS_DIR,
    STAGE_OUTPUTS,
    TRAINING_DIR,
    metrics_path,
)
from tests.conftest import ROOT
from tests.faults.corpora import SOURCES, write_corpora
from tests.integration.project import copy_repository, environment, params_with, run, tree
from tests.training.rl.factories import write_small_model
from tests.training.tokenizer_factories import make_byte_level_tokenizer

_INJECTED = Path(__file__).parent / "injected"
# Files in TRAINING_DIR that hold times.
_TIMES = re.compile(r"(?:_seconds|_fraction|_per_second|step_time)\.tsv\Z|\A(?:metrics|statistics)\.json\Z")
_MARK = "MEMCURATE_TEST_RUN"  # a variable that all processes of one run have
_PROFILE = "training.profiles.cpu"
_CHANGED_PARAMS = {
    "sources": SOURCES,
    "enabled_sources": sorted(SOURCES),
    "shard_mb": 1,
    "dataset.eval_only_sources": [],
    "dataset.baseline_version": None,
    "evaluation.baselines": ["empty_memory", "scripted"],
    "evaluation.capacities": [0.05],
    f"{_PROFILE}.sources": None,
    f"{_PROFILE}.generation": {"max_prompt_tokens": 8000, "max_completion_tokens": 24, "temperature": 1.0},
    f"{_PROFILE}.memory": {"core_tokens": 16, "max_prompt_entries": 2},
    f"{_PROFILE}.warm_start.num_rows": 4,
    f"{_PROFILE}.trained_layers": 1,
}


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.yaml, with its source if it has one."""

    name: str
    source: str = ""

    @property
    def target(self) -> str:
        """The stage as DVC and the error lines name it."""
        return f"{self.name}@{self.source}" if self.source else self.name

    @property
    def command(self) -> list[str]:
        """The command that runs it, as in dvc.yaml."""
        return [sys.executable, "-m", f"stages.{self.name}", *([self.source] if self.source else [])]

    @property
    def outputs(self) -> list[Path]:
        """What it writes."""
        metrics = metrics_path(self.name, self.source or None)
        return [*(folder / self.source for folder in STAGE_OUTPUTS[self.name]), metrics]


@dataclass
class Undisturbed:
    """A run of a stage without a fault."""

    seconds: float
    changes: int  # of files, as injected/sitecustomize.py counts them
    files: dict[str, str]  # hash of each output file, by path


@dataclass
class Sandbox:
    """The project, with the undisturbed runs of its stages."""

    folder: Path
    runs: dict[Stage, Undisturbed] = field(default_factory=dict)

    @property
    def temporary(self) -> Path:
        """The folder for temporary files of its processes."""
        return self.folder / "temporary"

    @property
    def ray_folder(self) -> Path:
        """The folder of Ray's sessions, which are its own to keep."""
        return self.folder.parent / "ray"

    def start(
        self,
        command: Sequence[str | Path],
        mark: str,
        fault: Mapping[str, Any] | None = None,
        prefix: Sequence[str] = (),
        engine: str = "local",
    ) -> "subprocess.Popen[str]":
        """Start a command as a group of its own; `prefix` goes before it, such as limits of the shell."""
        variables = {
            **environment(self.folder),
            _MARK: mark,
            "PYTHONPATH": f"{_INJECTED}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MEMCURATE_WORKERS": "2",
            "MEMCURATE_ENGINE": engine,
            "RAY_TMPDIR": str(self.ray_folder),
            "RAY_USAGE_STATS_ENABLED": "0",
            "TMPDIR": str(self.ray_folder if engine == "ray" else self.temporary),
            "OMP_NUM_THREADS": "1",
        }
        variables.pop("MEMCURATE_TEST_FAULT", None)
        if fault is not None:
            counter = self.folder / "changes"
            counter.unlink(missing_ok=True)
            variables["MEMCURATE_TEST_FAULT"] = json.dumps(
                {"folder": f"{self.folder}{os.sep}", "counter": str(counter), **fault}
            )
        return subprocess.Popen(
            [*prefix, *command],
            cwd=self.folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, stage: Stage) -> Undisturbed:
        """Run a stage to its end. Raises AssertionError where it fails, or leaves a process or a file."""
        start = time.monotonic()
        process = self.start(stage.command, mark := f"{stage.target} {start}", {"at": 0, "action": "kill"})
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, f"{stage.target}: status {process.returncode}: {errors}"
        assert not processes_of(mark), f"{stage.target}: a process goes on"
        assert not (left := self.leftovers()), f"{stage.target} left {left[:5]}"
        seconds = time.monotonic() - start
        return Undisturbed(seconds, (self.folder / "changes").stat().st_size, self.files(stage))

    def files(self, stage: Stage) -> dict[str, str]:
        """Return the hash of each file of a stage's outputs, without those that hold times."""
        return {name: one for output in stage.outputs for name, one in self._files_of(output)}

    def _files_of(self, output: Path) -> Iterator[tuple[str, str]]:
        path = self.folder / output
        if path.is_file():
            yield str(output), hashlib.sha256(path.read_bytes()).hexdigest()
        for name, content in tree(path).items() if path.is_dir() else ():
            if output != TRAINING_DIR or not _TIMES.search(name):
                yield f"{output}/{name}", content

    def broken_outputs(self, stage: Stage) -> list[str]:
        """List the outputs of a stage that are there, and not those of the undisturbed run."""
        whole = self.runs[stage].files
        broken = []
        for output in stage.outputs:
            expected = {name: one for name, one in whole.items() if Path(name).is_relative_to(output)}
            found = dict(self._files_of(output))
            if found != expected and (self.folder / output).exists():
                broken.append(str(output))
        return broken

    def remove_outputs(self, stage: Stage) -> None:
        """Remove the outputs of a stage, as DVC does before it runs one."""
        for output in stage.outputs:
            path = self.folder / output
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)

    def leftovers(self) -> list[str]:
        """List what no finished run leaves: staged files, parts, checkpoints and temporary files."""
        found = [*self.staged_files(), *map(str, self.temporary.iterdir())]
        for folder in (PARTS_DIR, RUNS_DIR):
            found += [str(path) for path in (self.folder / folder).rglob("*") if path.is_file()]
        return found

    def staged_files(self) -> list[str]:
        """List what lies in the folders of writers that are not finished, and these folders."""
        folders = list(self.folder.rglob(PARTIAL))
        return [str(path) for folder in folders for path in (folder, *folder.rglob("*"))]

    def clear(self) -> None:
        """Remove what a finished run should not have left, so that the next one shows its own."""
        for path in self.folder.rglob(PARTIAL):
            shutil.rmtree(path)
        for folder in (PARTS_DIR, RUNS_DIR):
            shutil.rmtree(self.folder / folder, ignore_errors=True)
        shutil.rmtree(self.temporary)
        self.temporary.mkdir()


def make_sandbox(folder: Path, assets: Path, stages: Sequence[Stage]) -> Iterator[tuple[Sandbox, Stage]]:
    """Make the project, run its stages, and yield each as it is done."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    copy_repository(folder)
    write_corpora(folder)
    (folder / "params.yaml").write_text(params_with(_CHANGED_PARAMS), encoding="utf-8")
    (folder / "dvc.yaml").write_text(params_with({"stages.assets.frozen": True}, ROOT / "dvc.yaml"))
    (folder / "data").mkdir()
    (folder / "data" / "assets").symlink_to(assets)
    (folder / "metrics").mkdir()
    (folder / "metrics" / "assets.json").write_text("{}")  # an output of the frozen stage
    run(folder, "git", "commit", "--quiet", "--message", "first")  # of what DVC added
    _write_base_model(folder / BASE_MODEL_DIR)
    sandbox = Sandbox(folder)
    sandbox.temporary.mkdir()
    sandbox.ray_folder.mkdir()
    for stage in stages:
        sandbox.runs[stage] = sandbox.run(stage)
        yield sandbox, stage


def _write_base_model(folder: Path) -> None:
    """Write a small random model whose tokens are mostly bytes."""
    tokenizer = make_byte_level_tokenizer(added=())
    folder.mkdir(parents=True)
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    write_small_model(folder, len(tokenizer), positions=8192, pad=pad, end=end)
    tokenizer.save_pretrained(folder)


def list_stages() -> list[Stage]:
    """List the stages that are disturbed, in the order in which they need each other."""
    of_sources = [
        Stage(name, source)
        for name in ("fetch", "chunk", "question", "filter", "parity")
        for source in SOURCES
    ]
    whole = ("assemble", "report", "evaluate", "warm_start", "train", "evaluate_trained")
    return [Stage("inputs"), *of_sources, *map(Stage, whole)]


def is_worker(process: psutil.Process) -> bool:
    """Return whether a process runs tasks; others keep count of semaphores, or have ended."""
    try:
        return any("spawn_main" in part for part in process.cmdline())
    except psutil.Error:
        return False


def processes_of(mark: str) -> list[psutil.Process]:
    """Return the processes of a run that are alive."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
