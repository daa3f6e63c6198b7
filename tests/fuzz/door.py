"""A door, and an input through it: what it raised, and the time and memory that it took."""

import hashlib
import resource
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pipeline.core.errors import MemcurateError
from tests.fuzz.mutations import mutated

SECONDS = 5.0  # of the processor, for one input
MEGABYTES = 1024  # resident, at the most
_ROOMS = ("pipeline", "training", "stages")


@dataclass(frozen=True, slots=True)
class Door:
    """A place where text or bytes of strangers enter."""

    name: str
    seeds: Callable[[], Sequence[bytes]]  # valid inputs that are mutated
    enter: Callable[[bytes, Path], None]  # an input and an empty folder; MemcurateError is an answer
    allowed: tuple[type[Exception], ...] = ()  # other exceptions that are an answer here
    mutate: Callable[[bytes, Sequence[bytes], Random], bytes] = mutated
    share: float = 1.0  # of the time, beside the other doors


@dataclass(frozen=True, slots=True)
class Finding:
    """What an input did that a door does not stand."""

    what: str  # the same for all alike: exception and place
    detail: str

    def write(self, folder: Path, data: bytes) -> None:
        """Write it with its input into a folder, the first of its kind."""
        name = hashlib.sha256(self.what.encode()).hexdigest()[:12]
        if not (folder / f"{name}.txt").exists():
            (folder / f"{name}.bin").write_bytes(data)
            (folder / f"{name}.txt").write_text(f"{self.what}\n{self.detail}\n", encoding="utf-8")


def send(door: Door, data: bytes, scratch: Path) -> list[Finding]:
    """Send an input through a door. `scratch`: an empty folder, which is empty again afterwards."""
    found, before = [], _peak()
    start = time.process_time()
    try:
        door.enter(data, scratch)
    except (MemcurateError, *door.allowed):
        pass
    except BaseException as error:
        found.append(_describe(error))
    seconds = time.process_time() - start
    for path in scratch.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if seconds > SECONDS:
        found.append(Finding("too slow", f"{seconds:.1f} s"))
    if _peak() > MEGABYTES >= before:
        found.append(Finding("too much memory", f"{before} to {_peak()} MB"))
    return found


def _peak() -> int:
    """Return the megabytes that this process held at its peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _describe(error: BaseException) -> Finding:
    """Name the exception and the project's line that it came from, with the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(f"/{room}/" in frame.filename for room in _ROOMS)]
    last = (ours or frames)[-1]
    where = f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno}"
    text = "".join(traceback.format_exception(error, limit=-12))[-6_000:]
    return Finding(
        f"{type(error).__name__} at {where}", text.encode("utf-8", "backslashreplace").decode("utf-8")
    )
