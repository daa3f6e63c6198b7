"""Files and folders that appear whole, whoever else writes them, is killed, or has a disk that is full."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.errors import MemcurateError
from pipeline.folders import locked, whole_file, whole_folder, write_json, write_text
from pipeline.schema import Reject
from pipeline.storage import write_rows
from tests.conftest import ROOT, Mount
from tests.graph.project import tree

# Writes a file into a folder aside, says so, and waits for its end.
HOLDER = """
import sys, time
from pathlib import Path
from pipeline.folders import locked, whole_file, whole_folder
with {opened}(Path(sys.argv[1])) as aside:
    {write}
    print("ready", flush=True)
    time.sleep(60)
"""
FOLDER = HOLDER.format(opened="whole_folder", write="(aside / 'half').write_text('x')")
FILE = HOLDER.format(opened="whole_file", write="aside.write_text('x')")
LOCK = HOLDER.format(opened="locked", write="pass")

# Replaces a folder again and again by three files that hold the same number.
WRITER = """
import sys
from pathlib import Path
from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder, write_json
refused = 0
for number in range(60):
    try:
        with whole_folder(Path(sys.argv[1])) as folder:
            for name in "abc":
                write_json(folder / name, [sys.argv[2], number] * 1000)
    except MemcurateError:
        refused += 1
print(refused)
"""


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder() -> Iterator[Callable[[str, Path], subprocess.Popen[str]]]:
    """Starts a program that has something open, and waits until it has."""
    with ExitStack() as stack:

        def started(text: str, target: Path) -> subprocess.Popen[str]:
            process = stack.enter_context(program(text, target))
            stack.callback(process.kill)
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            return process

        yield started


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# Killed, and beside others


@pytest.mark.parametrize(("text", "whole"), [(FOLDER, whole_folder), (FILE, whole_file)])
def test_only_the_dead_are_removed(tmp_path: Path, holder, text: str, whole) -> None:  # type: ignore[no-untyped-def]
    """Of two that write beside the target one is killed: what the other wrote stays, and becomes whole."""
    target = tmp_path / "data" / "chunks" / "made"
    living, dead = holder(text, target), holder(text, target.with_name("other"))
    dead.kill()
    dead.wait()
    before = tree(tmp_path)
    assert sum("other" in path for path in before) == 2  # the half-written, and its lock
    with whole(target.with_name("third")) as aside:
        (aside / "rows" if whole is whole_folder else aside).write_text("y")
        assert not [path for path in tree(tmp_path) if "other" in path]
    kept = {path for path in before if "other" not in path}
    assert tree(tmp_path).keys() - kept == {"data/chunks/third" + "/rows" * (whole is whole_folder)}
    assert kept <= tree(tmp_path).keys()
    living.kill()


def test_nothing_is_left(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "data" / "chunks" / "made") as folder, whole_file(tmp_path / "x") as file:
        write_json(folder / "a", 1)
        file.write_text("x")
    with locked(tmp_path / "data" / "chunks" / "made"):
        write_text(tmp_path / "y", "y")
    assert everything(tmp_path) == {"data", "data/chunks", "data/chunks/made", "data/chunks/made/a", "x", "y"}


def test_writers_without_a_lock_never_mix(tmp_path: Path) -> None:
    """Three replace a folder again and again: in the end it is of one of them."""
    target = tmp_path / "data" / "chunks" / "made"
    writers = [program(WRITER, target, name) for name in "123"]
    refused = [int(writer.communicate()[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sum(refused) < 180
    assert len({(target / name).read_text() for name in "abc"}) == 1
    assert everything(tmp_path) == {
        "data",
        "data/chunks",
        "data/chunks/made",
        *(f"data/chunks/made/{n}" for n in "abc"),
    }


def test_a_second_waits_and_says_for_whom(tmp_path: Path, holder) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "data" / "chunks" / "made"
    first = holder(LOCK, target)
    second = program(LOCK, target)
    assert second.stderr is not None and second.stdout is not None
    assert second.stderr.readline() == f"{target}: waiting for process {first.pid}, which writes it\n"
    assert second.poll() is None
    first.kill()  # the system frees its lock
    assert second.stdout.readline() == "ready\n"
    second.kill()
    second.communicate()


def test_others_are_not_waited_for(tmp_path: Path, holder) -> None:  # type: ignore[no-untyped-def]
    holder(LOCK, tmp_path / "data" / "chunks" / "made")
    with locked(tmp_path / "data" / "chunks" / "other"), locked(tmp_path / "data" / "filtered" / "made"):
        pass


def test_a_change_by_another_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed over is what was written: here a file shrinks as it is moved."""
    target = tmp_path / "data" / "chunks" / "made"
    rename = Path.rename

    def shortened(path: Path, to: Path) -> Path:
        moved = rename(path, to)
        if (moved / "rows").exists():
            os.truncate(moved / "rows", 1)
        return moved

    monkeypatch.setattr(Path, "rename", shortened)
    with (
        pytest.raises(MemcurateError, match=f"{target} was changed by another process"),
        whole_folder(target) as folder,
    ):
        (folder / "rows").write_text("many")


@pytest.mark.parametrize(
    ("others", "told"), [(1, "3 rows were written, and 1 are there"), (0, "cannot be read")]
)
def test_rows_are_counted_in_the_file(tmp_path: Path, others: int, told: str) -> None:
    """Another puts a file of its own there, or something else, while this one writes."""
    path = tmp_path / "rejects.parquet"
    reject = Reject("made/1", "segment", "", "made", "short", "2 words", None)

    def rows() -> Iterator[Reject]:
        yield reject
        path.unlink()
        write_rows(path, Reject, [reject])
        if not others:
            path.write_bytes(b"PAR1")
        yield from (reject, reject)

    with pytest.raises(MemcurateError, match=f"{path}: .*{told}"):
        write_rows(path, Reject, rows())


# Disks


def test_a_full_disk(tmp_path: Path, disk: Mount) -> None:
    """The old output stays, nothing else does, and the message names the output."""
    disk(tmp_path)
    target = tmp_path / "data" / "chunks" / "made"
    with whole_folder(target) as folder:
        (folder / "rows").write_text("old")
    for text in ("x" * 300_000, "x" * 200_000 + "y" * 200_000):
        with (
            pytest.raises(MemcurateError, match=f"{target}: No space left.*free some space"),
            whole_folder(target) as folder,
        ):
            (folder / "rows").write_text(text)
    with pytest.raises(MemcurateError, match=f"{tmp_path}/x: No space left"):
        write_text(tmp_path / "x", "x" * 300_000)
    assert everything(tmp_path) == {"data", "data/chunks", "data/chunks/made", "data/chunks/made/rows"}
    assert (target / "rows").read_text() == "old"


def test_a_full_disk_met_by_another_language(tmp_path: Path) -> None:
    """Such as safetensors, whose exceptions are none of the system's."""
    target = tmp_path / "models" / "base"
    with pytest.raises(MemcurateError, match=f"{target}: No space left"), whole_folder(target):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
    with pytest.raises(RuntimeError, match="another"), whole_folder(target):
        raise RuntimeError("another")


def test_a_limit_of_file_size(tmp_path: Path) -> None:
    target = tmp_path / "data" / "made"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(MemcurateError, match=f"{target}: File too large.*ulimit -f"),
            whole_folder(target) as folder,
        ):
            (folder / "rows").write_text("x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not target.exists()


def test_a_read_only_disk(tmp_path: Path, disk: Mount) -> None:
    disk(tmp_path / "data", ",ro")
    for made in (whole_folder, whole_file, locked):
        target = tmp_path / "data" / "chunks" / "made"
        with (
            pytest.raises(MemcurateError, match=f"{tmp_path}/data.*: Read-only file system.*writable"),
            made(target),
        ):  # type: ignore[operator]
            pass


def test_a_folder_without_permission(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    target = tmp_path / "data" / "chunks" / "made"
    target.parent.mkdir(parents=True)
    target.parent.chmod(0o500)
    with pytest.raises(MemcurateError, match=f"{target}: Permission denied"), whole_folder(target):
        pass
    target.parent.chmod(0o700)


@pytest.mark.parametrize("how", ["mounted", "linked", "bound", "linked itself"])
def test_the_output_is_on_another_disk(tmp_path: Path, disk: Mount, how: str) -> None:
    """Where nothing can be moved to from beside the parent: the old output is replaced all the same."""
    room = tmp_path / "data" / "questions"
    room.parent.mkdir()
    target = room / "made"
    if how == "mounted":
        disk(room)
    elif how == "bound":  # the same disk, and still nothing can be moved across
        (tmp_path / "elsewhere").mkdir()
        room.mkdir()
        done = subprocess.run(
            ["mount", "--bind", tmp_path / "elsewhere", room], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("this user may not mount")
    elif how == "linked":
        disk(tmp_path / "other" / "disk")
        room.symlink_to(tmp_path / "other" / "disk")
    else:
        disk(tmp_path / "other")
        (tmp_path / "other" / "made").mkdir()
        room.mkdir()
        target.symlink_to(tmp_path / "other" / "made")
    try:
        for text in ("old", "new"):
            with locked(target), whole_folder(target) as folder:
                (folder / "rows").write_text(text)
                assert folder.stat().st_dev == target.parent.resolve().stat().st_dev or how == "linked itself"
        with pytest.raises(KeyError), whole_folder(target):
            raise KeyError
        assert (target / "rows").read_text() == "new"
        assert target.is_symlink() == (how == "linked itself") and room.is_symlink() == (how == "linked")
        assert not [path for path in everything(tmp_path) if ".partial" in path]
    finally:
        if how == "bound":
            subprocess.run(["umount", room], check=True)


def test_a_link_to_a_disk_that_is_not_there(tmp_path: Path) -> None:
    room = tmp_path / "data" / "questions"
    room.parent.mkdir()
    room.symlink_to(tmp_path / "gone" / "questions")
    with pytest.raises(
        MemcurateError, match=f"{room} is a link to {tmp_path}/gone/questions, which is not there"
    ):
        write_text(room / "x", "x")
    assert everything(tmp_path) == {"data", "data/questions"}


def test_a_file_where_a_folder_belongs(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with (
        pytest.raises(MemcurateError, match=f"{tmp_path}/data.*move"),
        whole_folder(tmp_path / "data" / "made"),
    ):
        pass


# Interrupted as the folder is put in place


def test_the_old_folder_is_back_when_the_new_one_does_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "data" / "chunks" / "made"
    write_text(target / "old", "x")
    rename = Path.rename

    def interrupted(path: Path, to: Path) -> Path:
        if to == target and (path / "new").exists():
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_folder(target) as folder:
        (folder / "new").write_text("y")
    assert everything(tmp_path) == {"data", "data/chunks", "data/chunks/made", "data/chunks/made/old"}


def test_two_writers_of_a_file_write_aside_under_names_of_their_own(tmp_path: Path) -> None:
    names: list[str] = []

    for _ in range(2):
        with whole_file(tmp_path / "made.csv") as aside:
            aside.write_text("x", encoding="utf-8")
            names.extend(path for path in everything(tmp_path) if ".partial/" in path)
    found = {match[0] for name in names if (match := re.search(r"made\.csv\.[0-9a-f]{16}", name))}
    assert len(found) == 2
    assert everything(tmp_path) == {"made.csv"}
