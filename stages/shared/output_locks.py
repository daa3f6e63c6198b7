"""Locks that a stage holds while it writes: one of each output, and DVC's own unless DVC runs the stage.

DVC removes the outputs of a stage before it runs, and hashes them afterwards; until then it holds them for
writing in `.dvc/tmp/rwlock`. A stage that is run without DVC holds its outputs in the same file: it waits for
DVC, and DVC refuses to touch them until it ends.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from time import sleep

from pipeline.core import interrupts
from pipeline.core.atomic import hold_lock
from pipeline.core.errors import MemcurateError

_POLL_SECONDS = 0.5  # between two attempts to take DVC's lock
_logger = logging.getLogger(__name__)


@contextmanager
def hold_outputs(output_dirs: Sequence[Path], metrics: Path) -> Iterator[None]:
    """Hold the output folders and the metrics file of a stage; wait while another process holds them.

    Raises MemcurateError where they cannot be locked.
    """
    with ExitStack() as stack:
        if "DVC_STAGE" not in os.environ:  # DVC sets it for what it runs, and holds the outputs itself
            _acquire_dvc_lock(stack, [*output_dirs, metrics])
        for folder in output_dirs:
            stack.enter_context(hold_lock(folder))
        yield


def _acquire_dvc_lock(stack: ExitStack, outputs: Sequence[Path]) -> None:
    here = Path.cwd()
    dvc_dir = next((folder / ".dvc" for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), None)
    if dvc_dir is None:
        return
    try:
        from dvc.config import Config
        from dvc.exceptions import DvcException
        from dvc.fs import localfs
        from dvc.lock import LockError
        from dvc.rwlock import RWLockFileCorruptedError, rwlock
    except ModuleNotFoundError:  # then no DVC runs here either
        return
    paths, command = [str(here / output) for output in outputs], " ".join(sys.orig_argv)
    waiting = False
    (dvc_dir / "tmp").mkdir(exist_ok=True)
    try:
        hardlink = Config(str(dvc_dir))["core"].get("hardlink_lock", False)
        while True:
            try:
                with interrupts.defer_signals():  # DVC writes its file in place: cut off, it is broken
                    lock = rwlock(str(dvc_dir / "tmp"), localfs, command, [], paths, hardlink)
                    lock.__enter__()
                    stack.callback(_release_dvc_lock, lock)
                return
            except RWLockFileCorruptedError:
                _remove_broken_dvc_lock(dvc_dir / "tmp", hardlink)
                continue
            except LockError as error:
                if not waiting:
                    _logger.info("waiting for DVC: %s", " ".join(str(error).split()))
                waiting = True
            sleep(_POLL_SECONDS)
    except DvcException as error:
        raise MemcurateError(f"{dvc_dir}: DVC's lock of the outputs cannot be taken: {error}") from error


def _release_dvc_lock(lock: AbstractContextManager[None]) -> None:
    from dvc.rwlock import RWLockFileCorruptedError

    # Where the file was broken and made anew in between, this process is not in it.
    with interrupts.defer_signals(), suppress(RWLockFileCorruptedError, AssertionError):
        lock.__exit__(None, None, None)


def _remove_broken_dvc_lock(folder: Path, hardlink: bool) -> None:
    """Remove DVC's file of locks, which a DVC that was killed while it wrote it left empty or cut off."""
    from dvc.lock import make_lock
    from dvc.rwlock import RWLOCK_FILE, RWLOCK_LOCK

    path = folder / RWLOCK_FILE
    with make_lock(str(folder / RWLOCK_LOCK), tmp_dir=str(folder), hardlink_lock=hardlink):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            _logger.warning("%s is broken by a DVC that was killed: it is made anew", path)
            path.unlink()
        except FileNotFoundError:
            pass  # another process was faster
