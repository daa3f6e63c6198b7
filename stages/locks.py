"""What a stage holds while it writes: a lock of each output, and DVC's own where DVC does not run the stage.

DVC removes the outputs of a stage before it runs, and hashes them afterwards; until then it holds them for
writing in `.dvc/tmp/rwlock`. A stage that is run without DVC holds its outputs in the same file: it waits for
DVC, and DVC refuses to touch them until it ends.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep

from pipeline.errors import MemcurateError
from pipeline.folders import locked

_SECONDS = 0.5  # between two looks at DVC's lock


@contextmanager
def held(folders: Sequence[Path], metrics: Path) -> Iterator[None]:
    """Hold the output folders and the metrics file of a stage; wait while another process holds them.

    Raises MemcurateError where they cannot be locked.
    """
    with ExitStack() as stack:
        if "DVC_STAGE" not in os.environ:  # DVC sets it for what it runs, and holds the outputs itself
            _hold_in_dvc(stack, [*folders, metrics])
        for folder in folders:
            stack.enter_context(locked(folder))
        yield


def _hold_in_dvc(stack: ExitStack, outputs: Sequence[Path]) -> None:
    here = Path.cwd()
    room = next((folder / ".dvc" for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), None)
    if room is None:
        return
    try:
        from dvc.config import Config
        from dvc.exceptions import DvcException
        from dvc.fs import localfs
        from dvc.lock import LockError
        from dvc.rwlock import rwlock
    except ModuleNotFoundError:  # then no DVC runs here either
        return
    paths, command = [str(here / output) for output in outputs], " ".join(sys.orig_argv)
    waiting = False
    (room / "tmp").mkdir(exist_ok=True)
    try:
        hardlink = Config(str(room))["core"].get("hardlink_lock", False)
        while True:
            try:
                stack.enter_context(rwlock(str(room / "tmp"), localfs, command, [], paths, hardlink))
                return
            except LockError as error:
                if not waiting:
                    print(f"waiting for DVC: {' '.join(str(error).split())}", file=sys.stderr)
                waiting = True
            sleep(_SECONDS)
    except DvcException as error:
        raise MemcurateError(f"{room}: the outputs cannot be held against DVC: {error}") from error
