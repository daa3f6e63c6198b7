"""Faults of the machine while a stage runs: disks, rights, handles, memory, and the clock."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.kills import check_end
from tests.faults.sandbox import Sandbox, Stage

_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE)
_MAX_SECONDS = 120.0


@dataclass(frozen=True)
class MachineFault:
    """A fault of the machine, as it is told, and how it is made."""

    name: str
    detail: str
    injected: dict[str, Any] | None = None  # as in injected/sitecustomize.py
    limits: tuple[str, ...] = ()  # options of prlimit
    disk: Callable[[], AbstractContextManager[Callable[[], None]]] = field(default=nullcontext)  # type: ignore[assignment]
    after: float | None = None  # seconds until the disk becomes read-only

    def __str__(self) -> str:
        """Describe it in a line."""
        return f"{self.name}: {self.detail}"


def draw_fault(draw: Random, sandbox: Sandbox, stage: Stage, may_mount: bool) -> MachineFault:
    """Draw a fault; those of real disks where this user `may_mount`."""
    kinds = [_draw_errno, _draw_clock, _draw_handles, _draw_file_size, _draw_memory]
    if may_mount:
        kinds += [_draw_full_disk, _draw_read_only_disk]
    return draw.choice(kinds)(draw, sandbox, stage)


def _draw_errno(draw: Random, sandbox: Sandbox, stage: Stage) -> MachineFault:
    number, at = draw.choice(_ERRNOS), draw.randint(1, sandbox.runs[stage].changes)
    detail = f"{os.strerror(number)} from change {at} on"
    return MachineFault("failing disk", detail, {"at": at, "action": number})


def _draw_clock(draw: Random, sandbox: Sandbox, stage: Stage) -> MachineFault:
    at = draw.randint(1, sandbox.runs[stage].changes)
    return MachineFault("clock", f"20 years off from change {at} on", {"at": at, "action": "clock"})


def _draw_handles(draw: Random, *_: object) -> MachineFault:
    count = draw.randint(16, 64)
    return MachineFault("few handles", f"{count} open files", limits=(f"--nofile={count}",))


def _draw_file_size(draw: Random, *_: object) -> MachineFault:
    size = draw.randint(0, 200_000)
    return MachineFault("small files", f"at most {size:,} bytes", limits=(f"--fsize={size}",))


def _draw_memory(draw: Random, *_: object) -> MachineFault:
    megabytes = draw.randint(700, 2500)  # with less, OpenBLAS ends the process while it is imported
    return MachineFault("little memory", f"{megabytes} MB", limits=(f"--as={megabytes << 20}",))


def _draw_full_disk(draw: Random, sandbox: Sandbox, stage: Stage) -> MachineFault:
    folder, size = _draw_folder(draw, sandbox, stage), 4096 * draw.randint(1, 50)
    return MachineFault("full disk", f"{folder.name} of {size:,} bytes", disk=lambda: _mount(folder, size))


def _draw_read_only_disk(draw: Random, sandbox: Sandbox, stage: Stage) -> MachineFault:
    folder, seconds = _draw_folder(draw, sandbox, stage), draw.uniform(0, sandbox.runs[stage].seconds)
    detail = f"{folder.name} after {seconds:.2f} s"
    return MachineFault("read-only disk", detail, disk=lambda: _mount(folder, 64 << 20), after=seconds)


def _draw_folder(draw: Random, sandbox: Sandbox, stage: Stage) -> Path:
    outputs = [
        output.parent for output in stage.outputs if output.parent not in (Path("data"), Path("models"))
    ]
    return sandbox.folder / draw.choice([*outputs, Path("data/parts"), Path("temporary"), Path("runs")])


@contextmanager
def _mount(folder: Path, size: int) -> Iterator[Callable[[], None]]:
    """Mount a disk of its own on a folder; yield a function that makes it read-only."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield lambda: _remount_read_only(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _remount_read_only(folder: Path) -> None:
    """Make a disk read-only, once no file on it is open for writing; give up after a second."""
    for _ in range(100):
        if not subprocess.run(
            ["mount", "-o", "remount,ro", folder], check=False, capture_output=True
        ).returncode:
            return
        time.sleep(0.01)


def disturb(sandbox: Sandbox, stage: Stage, fault: MachineFault) -> Iterator[str]:
    """Run a stage with a fault of the machine; yield what is wrong then, and once the cause is gone."""
    sandbox.remove_outputs(stage)
    mark = f"{stage.target} {fault} {time.monotonic()}"
    prefix = ["prlimit", *fault.limits, "--"] if fault.limits else []
    with fault.disk() as make_read_only:
        process = sandbox.start(stage.command, mark, fault.injected, prefix)
        if fault.after is not None:
            time.sleep(fault.after)
            make_read_only()
        try:
            _, errors = process.communicate(timeout=_MAX_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            yield f"did not end within {_MAX_SECONDS:.0f} s"
            errors = ""
        yield from _check_answer(sandbox, stage, process.returncode, errors)
    yield from check_end(sandbox, stage, mark)


def _check_answer(sandbox: Sandbox, stage: Stage, status: int, errors: str) -> Iterator[str]:
    """Yield what is wrong with a run's end: it is well, or it is one line that says what happened."""
    if status == 0:
        if sandbox.files(stage) != sandbox.runs[stage].files:
            yield "ended well with other files"
    elif status != 1 or not (errors.splitlines() or [""])[-1].startswith(f"{stage.target}: "):
        yield f"status {status}: {errors[-1500:]}"
    if "Traceback" in errors and status == 1:
        yield f"a traceback: {errors[-1500:]}"
