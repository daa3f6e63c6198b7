"""The folder of a training run: checkpoints, log and best weights, below runs/<hash of all that shapes it>.

A killed run goes on from its own last whole checkpoint. One process at a time works in the folder.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.errors import MemcurateError
from pipeline.folders import write_text

_WHOLE = "whole"  # a file that is written into a checkpoint last


def run_hash(files: list[Path], shaping: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of the files' bytes and of what else shapes a run."""
    made = blake2b(digest_size=8)
    for path in files:
        with path.open("rb") as file:
            made.update(file_digest(file, "sha256").digest())
    made.update(json.dumps(shaping, sort_keys=True, default=str).encode())
    return made.hexdigest()


class RunFolder:
    """See above."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.best = path / "best"
        self.samples = path / "samples"  # a file for each validation
        self._log = path / "log.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process. Raises MemcurateError when another holds it."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / "lock", timeout=0):
                yield
        except Timeout:
            raise MemcurateError(
                f"{self.path} is in use: another training of the same data and params is running. "
                "Wait for it, or end it."
            ) from None

    def last_checkpoint(self) -> Path | None:
        """The newest whole checkpoint; what a killed run left half-written is removed."""
        found = {}
        for path in self.checkpoints.glob("checkpoint-*"):
            if (path / _WHOLE).exists():
                found[int(path.name.split("-")[1])] = path
            else:
                shutil.rmtree(path)
        return found[max(found)] if found else None

    def mark_whole(self, update: int) -> None:
        """Say that the checkpoint of an update is written to its end; older ones go."""
        (self.checkpoints / f"checkpoint-{update}" / _WHOLE).touch()
        for path in self.checkpoints.glob("checkpoint-*"):
            if int(path.name.split("-")[1]) < update:
                shutil.rmtree(path)

    def keep_best(self, weights: Path) -> None:
        """Put the folder of weights in the place of the best ones."""
        aside = self.best.with_suffix(".before")
        shutil.rmtree(aside, ignore_errors=True)
        if self.best.exists():
            self.best.rename(aside)
        weights.rename(self.best)
        shutil.rmtree(aside, ignore_errors=True)

    def finished(self) -> None:
        """Remove the folder: what a run made is elsewhere, and the same run may be asked for anew."""
        shutil.rmtree(self.path)

    def note(self, update: int, figures: Mapping[str, float]) -> None:
        """Add a line to the log."""
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"update": update, **figures}) + "\n")

    def log(self) -> list[dict[str, float]]:
        """The lines of the log, in order, but for one that a killed run left unfinished."""
        lines: list[dict[str, float]] = []
        if self._log.exists():
            with suppress(json.JSONDecodeError):
                for line in self._log.read_text(encoding="utf-8").splitlines():
                    lines.append(json.loads(line))
        return lines

    def forget_after(self, update: int) -> None:
        """Drop what was logged after an update, where a killed run was further than its checkpoint."""
        kept = [line for line in self.log() if line["update"] <= update]
        write_text(self._log, "".join(json.dumps(line) + "\n" for line in kept))
