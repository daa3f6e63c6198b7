"""Tasks of a stage: each writes a part into a folder of its own, and is not run again after a kill.

A task's folder is named by what shapes it: the code, the params and the bytes that it reads. So a stage that
was killed goes on where it was, and one with other inputs runs all its tasks.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pipeline
from pipeline.core.errors import MemcurateError
from pipeline.core.parallel import map_shards
from pipeline.core.remote import AnyPath, RemotePath, new_folder

MANIFEST_FILE = "manifest.json"
_READ_BYTES = 1 << 20
_KEPT_DIGESTS = 64  # of files
_LIBRARIES = (
    "beautifulsoup4",
    "markdownify",
    "nltk",
    "numpy",
    "pyarrow",
    "pydantic",
    "spacy",
    "tiktoken",
    "toktok-rs",
)


@dataclass(frozen=True, slots=True)
class FileRange:
    """The bytes [start, end) of a file; None: to the end."""

    path: Path
    start: int
    end: int | None


class Task(Protocol):
    """A small picklable value whose `repr` tells it from the other tasks."""

    @property
    def inputs(self) -> "Sequence[AnyPath | FileRange]":
        """The files, or ranges of files, that the task reads."""


T = TypeVar("T", bound=Task)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The folder of a task's parts, and its manifest: a JSON object without rows."""

    folder: AnyPath
    manifest: dict[str, Any]


def run_tasks(
    function: Callable[[T, Path], dict[str, Any]],
    tasks: Sequence[T],
    work_dir: AnyPath,
    description: str,
) -> Iterator[TaskResult]:
    """Run tasks in worker processes, and yield their results in the order of the tasks.

    Args:
        function: Writes the parts of a task into an empty folder and returns its manifest. It is picklable.
        tasks: In the order of their results.
        work_dir: The folder or address of the tasks' folders, which the caller removes when its output is in
            place.
        description: Names the tasks in the progress bar.

    Raises:
        Whatever `function` raises.
    """
    shape = f"{function.__module__}.{function.__qualname__}\x1f{_code_hash()}"
    run = partial(_run_task, function, shape, work_dir)
    yield from map_shards(run, tasks, description)


def _run_task(
    function: Callable[[T, Path], dict[str, Any]],
    shape: str,
    work_dir: AnyPath,
    task: T,
) -> TaskResult:
    digest = blake2b(f"{shape}\x1f{task!r}".encode(), digest_size=16)
    for path in task.inputs:
        _hash_file(path, digest)
    folder = work_dir / digest.hexdigest()
    if not (folder / MANIFEST_FILE).exists():
        with new_folder(folder, last=MANIFEST_FILE) as staged:
            # Without `indent`, which a slower encoder writes: counts of words are large.
            (staged / MANIFEST_FILE).write_text(json.dumps(function(task, staged)), encoding="utf-8")
    return TaskResult(folder, json.loads((folder / MANIFEST_FILE).read_bytes()))


def _hash_file(path: AnyPath | FileRange, digest: "blake2b") -> None:
    """Add a file, or a range of it, to a hash. Raises MemcurateError when it cannot be read."""
    if isinstance(path, RemotePath):
        digest.update(path.read_bytes())
        return
    if isinstance(path, FileRange):
        _hash_range(path, digest)
        return
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    digest.update(_file_digest(path, status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(_KEPT_DIGESTS)
def _file_digest(path: Path, *_: int) -> bytes:
    """Return the hash of a file, which many tasks read; it is read again where its other arguments differ."""
    digest = blake2b(digest_size=16)
    _hash_range(FileRange(path, 0, None), digest)
    return digest.digest()


def _hash_range(part: FileRange, digest: "blake2b") -> None:
    remaining = sys.maxsize if part.end is None else part.end - part.start
    try:
        file = part.path.open("rb")
    except OSError as error:
        raise _unreadable(part.path, error) from error
    with file:
        file.seek(part.start)
        while block := file.read(min(_READ_BYTES, remaining)):
            digest.update(block)
            remaining -= len(block)


def _unreadable(path: Path, error: OSError) -> MemcurateError:
    return MemcurateError(f"{path} cannot be read ({error.strerror}): rebuild it with `dvc repro`")


@cache
def _code_hash() -> str:
    """Return a hash of the package `pipeline` and of the versions of the libraries that shape parts."""
    digest = blake2b(digest_size=16)
    root = Path(pipeline.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        _hash_range(FileRange(path, 0, None), digest)
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()
