"""A fault in a stage's processes at the n-th change of a file. Python imports this module when it starts.

MEMCURATE_TEST_FAULT is a JSON object: `folder`, below which changes are counted; `counter`, a file with a
byte for each, over all processes; `at`, the number of the change at which it comes (0: never); `action`, an
errno, `kill` of this process, `kill group` of its group, or `clock`. An errno is lasting: each change from
there on fails. After `clock` the time is years off, before or after.
"""

import json
import os
import signal
import sys
import time
from typing import Any

_CHANGES = frozenset(
    {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.symlink", "os.link"}
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_YEARS = 20 * 365 * 86_400.0


def _install(fault: dict[str, Any]) -> None:
    counter = os.open(fault["counter"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    is_busy = False

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal is_busy
        if is_busy or not _changes_a_file(event, arguments, fault["folder"]):
            return
        is_busy = True
        try:
            os.write(counter, b".")
            _act(fault, os.fstat(counter).st_size, arguments[0])
        finally:
            is_busy = False

    sys.addaudithook(audit)


def _changes_a_file(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "open":
        path, _, flags = arguments
        is_change = isinstance(flags, int) and bool(flags & _WRITES)
    else:
        path, is_change = arguments[0] if arguments else None, event in _CHANGES
    if not is_change or not isinstance(path, str | bytes | os.PathLike):
        return False
    return os.path.abspath(os.fsdecode(path)).startswith(folder)  # noqa: PTH100 (links stay)


def _act(fault: dict[str, Any], number: int, path: Any) -> None:
    action, at = fault["action"], fault["at"]
    if not at or number < at:
        return
    if isinstance(action, int):
        raise OSError(action, os.strerror(action), os.fsdecode(path))
    if number > at:
        return
    if action == "clock":
        offset = _YEARS if at % 2 else -_YEARS
        now = time.time
        time.time = lambda: now() + offset
    elif action == "kill group":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


if "MEMCURATE_TEST_FAULT" in os.environ and any(
    part.startswith("stages.") or "spawn_main" in part for part in sys.orig_argv
):
    _install(json.loads(os.environ["MEMCURATE_TEST_FAULT"]))
