"""Atomic writes hold with concurrent writers, killed writers and full disks."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.core.atomic import atomic_file, atomic_folder, hold_lock, write_json, write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject
from pipeline.core.storage import write_rows
from tests.conftest import ROOT, Mount
from tests.integration.project import tree

# Writes a staged file, prints "ready", and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from pipeline.core.atomic import atomic_file, atomic_folder, hold_lock
with {opened}(Path(sys.argv[1])) as aside:
    {write}
    print("ready", flush=True)
    time.sleep(60)
"""
FOLDER = HOLDER.format(opened="atomic_folder", write="(aside / 'half').write_text('x')")
FILE = HOLDER.format(opened="atomic_file", write="aside.write_text('x')")
LOCK = HOLDER.format(opened="hold_lock", write="pass")

# Replaces a folder repeatedly by three files that hold the same number.
WRITER = """
import sys
from pathlib import Path
from pipeline.core.errors import MemcurateError
from pipeline.core.atomic import atomic_folder, write_json
refused = 0
for number in range(60):
    try:
        with atomic_folder(Path(sys.argv[1])) as folder:
            for name in "abc":
                write_json(folder / name, [sys.argv[2], number] * 1000)
    except MemcurateError:
        refused += 1
print(refused)
"""


def start_program(text: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder() -> Iterator[Callable[[str, Path], subprocess.Popen[str]]]:
    """A function that starts a program with a staged target, and waits until it is ready."""
    with ExitStack() as stack:

        def start_and_wait(text: str, target: Path) -> subprocess.Popen[str]:
            process = stack.enter_context(start_program(text, target))
            stack.callback(process.kill)
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            return process

        yield start_and_wait


def list_entries(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# Concurrent and killed writers


@pytest.mark.parametrize(("text", "atomic"), [(FOLDER, atomic_folder), (FILE, atomic_file)])
def test_only_leftovers_of_killed_writers_are_removed(tmp_path: Path, holder, text: str, atomic) -> None:  # type: ignore[no-untyped-def]
    """Of two writers beside the target one is killed; the other's staged files stay."""
    target = tmp_path / "data" / "chunks" / "made"
    live_writer, killed_writer = holder(text, target), holder(text, target.with_name("other"))
    killed_writer.kill()
    killed_writer.wait()
    before = tree(tmp_path)
    assert sum("other" in path for path in before) == 2  # the staged file, and its lock
    with atomic(target.with_name("third")) as aside:
        (aside / "rows" if atomic is atomic_folder else aside).write_text("y")
        assert not [path for path in tree(tmp_path) if "other" in path]
    kept = {path for path in before if "other" not in path}
    assert tree(tmp_path).keys() - kept == {"data/chunks/third" + "/rows" * (atomic is atomic_folder)}
    assert kept <= tree(tmp_path).keys()
    live_writer.kill()


def test_no_staging_folder_or_lock_is_left(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "data" / "chunks" / "made") as folder, atomic_file(tmp_path / "x") as file:
        write_json(folder / "a", 1)
        file.write_text("x")
    with hold_lock(tmp_path / "data" / "chunks" / "made"):
        write_text(tmp_path / "y", "y")
    assert list_entries(tmp_path) == {
        "data",
        "data/chunks",
        "data/chunks/made",
        "data/chunks/made/a",
        "x",
        "y",
    }


def test_files_of_unlocked_writers_never_mix(tmp_path: Path) -> None:
    """Three writers replace a folder repeatedly: in the end all files are from one of them."""
    target = tmp_path / "data" / "chunks" / "made"
    writers = [start_program(WRITER, target, name) for name in "123"]
    refused = [int(writer.communicate()[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sum(refused) < 180
    assert len({(target / name).read_text() for name in "abc"}) == 1
    assert list_entries(tmp_path) == {
        "data",
        "data/chunks",
        "data/chunks/made",
        *(f"data/chunks/made/{n}" for n in "abc"),
    }


def test_a_second_process_waits_and_names_the_lock_holder(tmp_path: Path, holder) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "data" / "chunks" / "made"
    first = holder(LOCK, target)
    second = start_program(LOCK, target)
    assert second.stderr is not None and second.stdout is not None
    assert second.stderr.readline() == f"{target}: waiting for process {first.pid}, which writes it\n"
    assert second.poll() is None
    first.kill()  # the system frees its lock
    assert second.stdout.readline() == "ready\n"
    second.kill()
    second.communicate()


def test_locks_of_other_targets_are_not_waited_for(tmp_path: Path, holder) -> None:  # type: ignore[no-untyped-def]
    holder(LOCK, tmp_path / "data" / "chunks" / "made")
    with (
        hold_lock(tmp_path / "data" / "chunks" / "other"),
        hold_lock(tmp_path / "data" / "filtered" / "made"),
    ):
        pass


def test_a_change_by_another_process_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that shrinks as it is moved is detected."""
    target = tmp_path / "data" / "chunks" / "made"
    rename = Path.rename

    def rename_and_truncate(path: Path, to: Path) -> Path:
        moved = rename(path, to)
        if (moved / "rows").exists():
            os.truncate(moved / "rows", 1)
        return moved

    monkeypatch.setattr(Path, "rename", rename_and_truncate)
    with (
        pytest.raises(MemcurateError, match=f"{target} was changed by another process"),
        atomic_folder(target) as folder,
    ):
        (folder / "rows").write_text("many")


@pytest.mark.parametrize(
    ("others", "expected"), [(1, "3 rows were written, but 1 are there"), (0, "cannot be read")]
)
def test_the_number_of_rows_is_checked_in_the_written_file(
    tmp_path: Path, others: int, expected: str
) -> None:
    """Another process replaces the file while rows are written."""
    path = tmp_path / "rejects.parquet"
    reject = Reject("made/1", "segment", "", "made", "short", "2 words", None)

    def rows() -> Iterator[Reject]:
        yield reject
        path.unlink()
        write_rows(path, Reject, [reject])
        if not others:
            path.write_bytes(b"PAR1")
        yield from (reject, reject)

    with pytest.raises(MemcurateError, match=f"{path}: .*{expected}"):
        write_rows(path, Reject, rows())


# Disks


def test_a_full_disk_leaves_the_old_output(tmp_path: Path, disk: Mount) -> None:
    """The old output stays, nothing else is left, and the message names the output."""
    disk(tmp_path)
    target = tmp_path / "data" / "chunks" / "made"
    with atomic_folder(target) as folder:
        (folder / "rows").write_text("old")
    for text in ("x" * 300_000, "x" * 200_000 + "y" * 200_000):
        with (
            pytest.raises(MemcurateError, match=f"{target}: No space left.*free some space"),
            atomic_folder(target) as folder,
        ):
            (folder / "rows").write_text(text)
    with pytest.raises(MemcurateError, match=f"{tmp_path}/x: No space left"):
        write_text(tmp_path / "x", "x" * 300_000)
    assert list_entries(tmp_path) == {"data", "data/chunks", "data/chunks/made", "data/chunks/made/rows"}
    assert (target / "rows").read_text() == "old"


def test_a_full_disk_is_recognised_in_errors_of_other_libraries(tmp_path: Path) -> None:
    """Safetensors, for example, raises exceptions that are not OSErrors."""
    target = tmp_path / "models" / "base"
    with pytest.raises(MemcurateError, match=f"{target}: No space left"), atomic_folder(target):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
    with pytest.raises(RuntimeError, match="another"), atomic_folder(target):
        raise RuntimeError("another")


def test_a_file_size_limit_is_an_error_with_advice(tmp_path: Path) -> None:
    target = tmp_path / "data" / "made"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(MemcurateError, match=f"{target}: File too large.*ulimit -f"),
            atomic_folder(target) as folder,
        ):
            (folder / "rows").write_text("x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not target.exists()


def test_a_read_only_disk_is_an_error_with_advice(tmp_path: Path, disk: Mount) -> None:
    disk(tmp_path / "data", ",ro")
    for made in (atomic_folder, atomic_file, hold_lock):
        target = tmp_path / "data" / "chunks" / "made"
        with (
            pytest.raises(MemcurateError, match=f"{tmp_path}/data.*: Read-only file system.*writable"),
            made(target),
        ):  # type: ignore[operator]
            pass


def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    target = tmp_path / "data" / "chunks" / "made"
    target.parent.mkdir(parents=True)
    target.parent.chmod(0o500)
    with pytest.raises(MemcurateError, match=f"{target}: Permission denied"), atomic_folder(target):
        pass
    target.parent.chmod(0o700)


@pytest.mark.parametrize("mount_type", ["mounted", "linked", "bound", "linked itself"])
def test_output_on_another_disk_is_replaced(tmp_path: Path, disk: Mount, mount_type: str) -> None:
    """The old output is also replaced where nothing can be moved to it from beside its parent."""
    parent = tmp_path / "data" / "questions"
    parent.parent.mkdir()
    target = parent / "made"
    if mount_type == "mounted":
        disk(parent)
    elif mount_type == "bound":  # the same disk, and still nothing can be moved across
        (tmp_path / "elsewhere").mkdir()
        parent.mkdir()
        done = subprocess.run(
            ["mount", "--bind", tmp_path / "elsewhere", parent], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("this user may not mount")
    elif mount_type == "linked":
        disk(tmp_path / "other" / "disk")
        parent.symlink_to(tmp_path / "other" / "disk")
    else:
        disk(tmp_path / "other")
        (tmp_path / "other" / "made").mkdir()
        parent.mkdir()
        target.symlink_to(tmp_path / "other" / "made")
    try:
        for text in ("old", "new"):
            with hold_lock(target), atomic_folder(target) as folder:
                (folder / "rows").write_text(text)
                assert (
                    folder.stat().st_dev == target.parent.resolve().stat().st_dev
                    or mount_type == "linked itself"
                )
        with pytest.raises(KeyError), atomic_folder(target):
            raise KeyError
        assert (target / "rows").read_text() == "new"
        assert target.is_symlink() == (mount_type == "linked itself") and parent.is_symlink() == (
            mount_type == "linked"
        )
        assert not [path for path in list_entries(tmp_path) if ".partial" in path]
    finally:
        if mount_type == "bound":
            subprocess.run(["umount", parent], check=True)


def test_a_link_to_a_missing_disk_is_an_error(tmp_path: Path) -> None:
    parent = tmp_path / "data" / "questions"
    parent.parent.mkdir()
    parent.symlink_to(tmp_path / "gone" / "questions")
    with pytest.raises(
        MemcurateError, match=f"{parent} is a link to {tmp_path}/gone/questions, which is not there"
    ):
        write_text(parent / "x", "x")
    assert list_entries(tmp_path) == {"data", "data/questions"}


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with (
        pytest.raises(MemcurateError, match=f"{tmp_path}/data.*move"),
        atomic_folder(tmp_path / "data" / "made"),
    ):
        pass


# Interrupted moves


def test_an_interrupted_move_restores_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    write_text(target / "old", "x")
    rename = Path.rename

    def interrupted_rename(path: Path, to: Path) -> Path:
        if to == target and (path / "new").exists():
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", interrupted_rename)
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as folder:
        (folder / "new").write_text("y")
    assert list_entries(tmp_path) == {"data", "data/chunks", "data/chunks/made", "data/chunks/made/old"}


def test_writers_of_one_file_have_separate_staging_folders(tmp_path: Path) -> None:
    names: list[str] = []

    for _ in range(2):
        with atomic_file(tmp_path / "made.csv") as aside:
            aside.write_text("x", encoding="utf-8")
            names.extend(path for path in list_entries(tmp_path) if ".partial/" in path)
    found = {match[0] for name in names if (match := re.search(r"made\.csv\.[0-9a-f]{16}", name))}
    assert len(found) == 2
    assert list_entries(tmp_path) == {"made.csv"}
