"""The folder of a training run: checkpoints, log and best weights, in runs/<hash of its inputs and settings>.

A killed run resumes from its own last complete checkpoint. One process at a time works in the folder.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from training.rl.task_pool import TaskOutcomes

_COMPLETE_MARKER = "whole"  # a file that is written into a checkpoint last


def hash_run(files: list[Path], settings: Mapping[str, Any]) -> str:
    """Return a hash of the files' bytes and of a run's other settings, 16 hexadecimal digits."""
    run_hash = blake2b(digest_size=8)
    for path in files:
        with path.open("rb") as file:
            run_hash.update(file_digest(file, "sha256").digest())
    run_hash.update(json.dumps(settings, sort_keys=True, default=str).encode())
    return run_hash.hexdigest()


class RunDir:
    """The folder of a run; `hold_lock` creates it."""

    def __init__(self, path: Path) -> None:
        """Name the paths in the folder; nothing is written."""
        self.path = path
        self.checkpoints_dir = path / "checkpoints"
        self.best_dir = path / "best"
        self.samples_dir = path / "samples"  # a file for each validation
        self.live_dir = path / "dvclive"  # curves up to now, of LiveCurves
        self._log_path = path / "log.jsonl"
        self._outcomes_path = path / "tasks.jsonl"

    @contextmanager
    def hold_lock(self) -> Iterator[None]:
        """Lock the folder for this process; raises MemcurateError where another process has locked it."""
        self.checkpoints_dir.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / "lock", timeout=0):
                yield
        except Timeout:
            raise MemcurateError(
                f"{self.path} is in use: another training run of the same data and params is running. "
                "Wait for it, or stop it."
            ) from None

    def find_last_checkpoint(self) -> Path | None:
        """Return the newest complete checkpoint, None without one; remove incomplete ones of a killed run."""
        complete = {}
        for path in self.checkpoints_dir.glob("checkpoint-*"):
            if (path / _COMPLETE_MARKER).exists():
                complete[int(path.name.split("-")[1])] = path
            else:
                shutil.rmtree(path)
        return complete[max(complete)] if complete else None

    def mark_complete(self, update: int) -> None:
        """Mark the checkpoint of an update as complete, and remove older ones."""
        (self.checkpoints_dir / f"checkpoint-{update}" / _COMPLETE_MARKER).touch()
        for path in self.checkpoints_dir.glob("checkpoint-*"):
            if int(path.name.split("-")[1]) < update:
                shutil.rmtree(path)

    def save_best(self, weights: Path) -> None:
        """Replace the best weights by a folder of weights, which is moved."""
        previous = self.best_dir.with_suffix(".before")
        shutil.rmtree(previous, ignore_errors=True)
        if self.best_dir.exists():
            self.best_dir.rename(previous)
        weights.rename(self.best_dir)
        shutil.rmtree(previous, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder of a finished run, so that the same run can be started anew.

        It gets another name first: a kill leaves no half of it, from which that run would go on.
        """
        removed = self.path.with_name(f"{self.path.name}.removed")
        shutil.rmtree(removed, ignore_errors=True)
        self.path.rename(removed)
        shutil.rmtree(removed)

    def log_metrics(self, update: int, metrics: Mapping[str, float]) -> None:
        """Add a line to the log."""
        with self._log_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"update": update, **metrics}) + "\n")

    def read_log(self) -> list[dict[str, float]]:
        """Return the lines of the log in order, without a last line that a killed run did not finish."""
        return _read_lines(self._log_path)

    def record_outcomes(self, outcomes: TaskOutcomes) -> None:
        """Add the tasks of a batch to the record that a pool by difficulty begins with."""
        with self._outcomes_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcomes)) + "\n")

    def read_outcomes(self) -> list[TaskOutcomes]:
        """Return the recorded tasks of all batches in order."""
        return [TaskOutcomes(**line) for line in _read_lines(self._outcomes_path)]

    def truncate_log(self, update: int) -> None:
        """Drop what was logged and recorded after an update: a killed run may have passed its checkpoint."""
        for path in (self._log_path, self._outcomes_path):
            kept = [line for line in _read_lines(path) if line["update"] <= update]
            write_text(path, "".join(json.dumps(line) + "\n" for line in kept))


def _read_lines(path: Path) -> list[dict[str, Any]]:
    lines = []
    if path.exists():
        with suppress(json.JSONDecodeError):
            for line in path.read_text(encoding="utf-8").splitlines():
                lines.append(json.loads(line))
    return lines
