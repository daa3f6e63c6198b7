"""Kills and interrupts of a `dvc repro`, which runs one stage after the other."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import Popen, TimeoutExpired

from tests.faults.corpora import SOURCES
from tests.faults.kills import end_orphans
from tests.faults.sandbox import Sandbox, Stage
from tests.integration.project import BIN

_STEPS = ("fetch", "chunk", "question", "filter")  # of the repro of a source
_MAX_SECONDS = 5.0  # until an interrupted repro has ended: DVC waits for its stage
_MAX_STAGE_SECONDS = 60.0  # of a stage whose DVC was killed alone: it goes on to its end
_TIMEOUT = 300.0


@dataclass(frozen=True)
class ReproKill:
    """A signal to DVC alone, or to its group, in which the stage is."""

    source: str
    number: signal.Signals
    to: str  # dvc or group
    seconds: float  # after the start

    @property
    def stages(self) -> list[Stage]:
        """The stages of the repro, of which the first is `inputs`."""
        return [Stage("inputs"), *(Stage(step, self.source) for step in _STEPS)]

    def __str__(self) -> str:
        """Describe it in a line."""
        return f"{self.number.name} of the {self.to} after {self.seconds:.2f} s"


def draw_repro_kill(draw: Random, sandbox: Sandbox) -> ReproKill:
    """Draw a kill at any moment of the repro of a source."""
    source = draw.choice(sorted(SOURCES))
    number, to = draw.choice(
        [
            (signal.SIGKILL, "group"),
            (signal.SIGKILL, "dvc"),
            (signal.SIGINT, "group"),
            (signal.SIGTERM, "group"),
        ]
    )
    undisturbed = sum(sandbox.runs[Stage(step, source)].seconds for step in _STEPS)
    return ReproKill(source, number, to, draw.uniform(0, 3 + 2 * undisturbed))  # DVC takes its time, too


def kill_repro(sandbox: Sandbox, planned: ReproKill) -> Iterator[str]:
    """Run `dvc repro` of a source and kill it; yield what is wrong, also after one that runs to its end."""
    for stage in planned.stages:
        sandbox.remove_outputs(stage)
    (sandbox.folder / "dvc.lock").unlink(missing_ok=True)
    mark = f"{planned} {time.monotonic()}"
    process = _start(sandbox, planned, mark)
    time.sleep(planned.seconds)
    sent = time.monotonic()
    if process.poll() is None:
        (os.killpg if planned.to == "group" else os.kill)(process.pid, planned.number)
    yield from _wait(process)
    if planned.number != signal.SIGKILL and time.monotonic() - sent > _MAX_SECONDS:
        yield f"took {time.monotonic() - sent:.1f} s to end"
    yield from end_orphans(mark, _MAX_STAGE_SECONDS if planned.to == "dvc" else _MAX_SECONDS)
    _remove_broken_lock(sandbox.folder / ".dvc" / "tmp" / "rwlock")
    process = _start(sandbox, planned, mark)
    yield from _wait(process, is_whole=True)
    if process.returncode:
        return
    for stage in planned.stages:
        if sandbox.files(stage) != sandbox.runs[stage].files:
            yield f"afterwards other files of {stage.target}"
    if left := sandbox.leftovers():
        yield f"afterwards left {left[:5]}"


def _remove_broken_lock(path: Path) -> None:
    """Remove DVC's file of locks where DVC was killed while it wrote it, as DVC asks for."""
    with suppress(FileNotFoundError):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            path.unlink()


def _start(sandbox: Sandbox, planned: ReproKill, mark: str) -> "Popen[str]":
    """Start it without the run cache, which would give back the outputs of the last one."""
    shutil.rmtree(sandbox.folder / ".dvc" / "cache" / "runs", ignore_errors=True)
    return sandbox.start([BIN / "dvc", "repro", "--no-run-cache", planned.stages[-1].target], mark)


def _wait(process: "Popen[str]", is_whole: bool = False) -> Iterator[str]:
    """Wait for the end of a repro; yield what is wrong with it."""
    try:
        _, errors = process.communicate(timeout=_TIMEOUT)
    except TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        yield f"did not end within {_TIMEOUT:.0f} s"
        return
    if "Traceback" in errors:
        yield f"a traceback: {errors[-1500:]}"
    if is_whole and process.returncode:
        yield f"afterwards status {process.returncode}: {errors[-1500:]}"
