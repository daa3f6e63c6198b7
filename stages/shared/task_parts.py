"""The folder of the parts that a stage's tasks write."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.core import interrupts
from pipeline.core.atomic import PARTIAL
from pipeline.core.errors import MemcurateError
from pipeline.core.remote import AnyPath, path_from_environment
from pipeline.core.tasks import MANIFEST_FILE
from stages.shared.paths import PARTS_DIR


@contextmanager
def task_parts(stage: str, source: str) -> Iterator[AnyPath]:
    """Yield the folder, and remove it when the stage ends, with or without an error.

    It is in the folder or at the address that MEMCURATE_PARTS_DIR names, else in PARTS_DIR. It stays when the
    stage is killed or interrupted: the next run goes on with the parts that are there.
    """
    folder = (path_from_environment("MEMCURATE_PARTS_DIR") or PARTS_DIR) / stage / source
    try:
        yield folder
    except BaseException as error:
        interrupts.kill_workers()
        with suppress(MemcurateError):  # the first error says more
            _remove(folder, keeps_whole_parts=not isinstance(error, Exception))
        raise
    _remove(folder)


def _remove(folder: AnyPath, keeps_whole_parts: bool = False) -> None:
    if isinstance(folder, Path):
        _remove_local(folder, keeps_whole_parts)
    elif not keeps_whole_parts:
        folder.remove(first=MANIFEST_FILE)


def _remove_local(folder: Path, keeps_whole_parts: bool) -> None:
    shutil.rmtree(folder.parent / PARTIAL / folder.name, ignore_errors=True)
    for path in [*folder.glob("*"), *folder.glob(".*")]:
        if not (keeps_whole_parts and (path / MANIFEST_FILE).exists()):
            # First, so that a part of which a kill leaves some files does not count as whole.
            with suppress(OSError):
                (path / MANIFEST_FILE).unlink()
            shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):  # there are parts
        folder.rmdir()
    with suppress(OSError):  # there are parts
        (folder.parent / PARTIAL).rmdir()
    with suppress(OSError):
        folder.parent.rmdir()
        folder.parent.parent.rmdir()
