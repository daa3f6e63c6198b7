"""Kills and interrupts of a stage: at a moment that is drawn, or at a change of a file."""

import importlib.util
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import Popen, TimeoutExpired

from tests.faults.sandbox import Sandbox, Stage, is_worker, processes_of

_MAX_SECONDS = 2.0  # until an interrupted stage has ended
# Until the workers of a killed one have, by engine; Ray's give up after 60.
_MAX_ORPHAN_SECONDS = {"local": 5.0, "ray": 75.0}
_RAY_SECONDS = 10.0  # until Ray has started
_ON_RAY = {"chunk", "question", "filter", "assemble"}  # stages whose tasks it runs
_HAS_RAY = importlib.util.find_spec("ray") is not None
_STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


@dataclass(frozen=True)
class Kill:
    """A signal to the leader, to one of its workers, or to the whole group of a stage."""

    number: signal.Signals
    to: str  # leader, worker or group
    seconds: float | None = None  # after the start; None: at a change
    change: int = 0  # of a file, at which the process that makes it kills itself, or its group
    engine: str = "local"

    def __str__(self) -> str:
        """Describe it in a line."""
        when = f"at change {self.change}" if self.seconds is None else f"after {self.seconds:.2f} s"
        return f"{self.number.name} of the {self.to} {when}{' on Ray' if self.engine == 'ray' else ''}"


def draw_kill(draw: Random, sandbox: Sandbox, stage: Stage) -> Kill:
    """Draw a kill: half of them at changes of files, just before a rename, a removal or an opening."""
    run = sandbox.runs[stage]
    if _HAS_RAY and stage.name in _ON_RAY and draw.random() < 0.05:
        number = draw.choice([signal.SIGKILL, signal.SIGINT])
        seconds = draw.uniform(0, _RAY_SECONDS + run.seconds)
        return Kill(number, "leader", seconds, engine="ray")
    if draw.random() < 0.5:
        to = draw.choice(["leader", "group"])
        return Kill(signal.SIGKILL, to, change=draw.randint(1, run.changes))
    number = draw.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
    to = draw.choice(["leader", "group", "worker"] if number == signal.SIGKILL else ["leader", "group"])
    return Kill(number, to, seconds=draw.uniform(0, 1.05 * run.seconds))


def kill(sandbox: Sandbox, stage: Stage, planned: Kill, keep_old: bool) -> Iterator[str]:
    """Run a stage and kill it; yield what is wrong afterwards. `keep_old`: its old output is there before."""
    if not keep_old:
        sandbox.remove_outputs(stage)
    mark = f"{stage.target} {planned} {time.monotonic()}"
    action = "kill group" if planned.to == "group" else "kill"
    fault = None if planned.seconds is not None else {"at": planned.change, "action": action}
    process = sandbox.start(stage.command, mark, fault, engine=planned.engine)
    sent = time.monotonic()
    if planned.seconds is not None:
        time.sleep(planned.seconds)
        if planned.number in _STATUS:
            _wait_for_handlers(process)
        sent = time.monotonic()
        _send(planned, process, mark)
    try:
        _, errors = process.communicate(timeout=120)
    except TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        yield "did not end within 120 s"
        return
    if planned.number in _STATUS:
        yield from _check_interrupt(
            stage, planned.number, process.returncode, time.monotonic() - sent, errors
        )
        if sandbox.staged_files():
            yield f"left {sandbox.staged_files()}"
    if "Traceback" in errors:
        yield f"a traceback: {errors}"
    yield from check_end(sandbox, stage, mark, _MAX_ORPHAN_SECONDS[planned.engine])


def _wait_for_handlers(process: "Popen[str]") -> None:
    """Wait until the process handles interrupts: before, Python itself is starting."""
    while process.poll() is None:
        with suppress(OSError):
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
            if caught >> (signal.SIGTERM - 1) & 1:
                return
        time.sleep(0.005)


def _send(planned: Kill, process: "Popen[str]", mark: str) -> None:
    with suppress(ProcessLookupError):
        if planned.to == "group":
            os.killpg(process.pid, planned.number)
        elif planned.to == "leader":
            process.send_signal(planned.number)
        else:
            for worker in [one for one in processes_of(mark) if is_worker(one)][:1]:
                worker.send_signal(planned.number)


def _check_interrupt(
    stage: Stage, number: signal.Signals, status: int, seconds: float, errors: str
) -> Iterator[str]:
    """Yield what is wrong with the end; the work can be over when the signal comes."""
    if seconds > _MAX_SECONDS:
        yield f"took {seconds:.1f} s to end"
    if status == 0:
        return
    if status != _STATUS[number]:
        yield f"status {status} after {number.name}: {errors}"
    elif errors.splitlines()[-1:] != [f"{stage.target}: {_WORDS[number]}"]:
        yield f"said {errors!r}"


def check_end(
    sandbox: Sandbox, stage: Stage, mark: str, seconds: float = _MAX_ORPHAN_SECONDS["local"]
) -> Iterator[str]:
    """Yield what is wrong after a disturbed run, whose processes have some seconds, and after a whole one."""
    yield from end_orphans(mark, seconds)
    if broken := sandbox.broken_outputs(stage):
        yield f"half-written: {broken}"
    try:
        run = sandbox.run(stage)
    except AssertionError as error:
        yield f"afterwards: {error}"
        return
    if run.files != sandbox.runs[stage].files:
        names = sorted(dict(run.files.items() ^ sandbox.runs[stage].files.items()))
        yield f"afterwards other files: {names[:5]}"


def end_orphans(mark: str, seconds: float) -> Iterator[str]:
    """Yield a line where processes of a run go on after some seconds, and kill them."""
    end = time.monotonic() + seconds
    while (alive := processes_of(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    if alive:
        yield f"goes on: {[' '.join(one.cmdline()) for one in alive]}"
    for one in alive:
        one.kill()
