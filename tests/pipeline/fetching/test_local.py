"""Files of one's own: patterns and folders, and compressed files."""

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import expand_local_files, fetch, hash_local_files
from tests.integration.project import tree


def spec(locator: str, subdir: str = "") -> FileSpec:
    return FileSpec(locations=[FileLocation(locator=locator)], subdir=subdir)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.md", "sub/a.txt", "sub/deep/c.txt", ".hidden", "sub/.git/x.txt"):
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(name)
    return tmp_path / "own"


def fetched(tmp_path: Path, *files: FileSpec) -> set[str]:
    target = tmp_path / "raw"
    target.mkdir()
    fetch(list(files), target, mirror=None, cache=tmp_path / "cache")
    return set(tree(target))


@pytest.mark.parametrize(
    ("locator", "names"),
    [
        ("file:own", {"a.txt", "b.md", "sub/a.txt", "sub/deep/c.txt"}),
        ("file:own/**", {"a.txt", "b.md", "sub/a.txt", "sub/deep/c.txt"}),
        ("file:own/*.txt", {"a.txt"}),
        ("file:own/**/*.txt", {"a.txt", "sub/a.txt", "sub/deep/c.txt"}),
        ("file:own/sub/*/c.txt", {"deep/c.txt"}),
        ("file:own/?.md", {"b.md"}),
        ("file:own/a.txt", {"a.txt"}),
    ],
)
def test_a_pattern_names_files_with_their_folders(
    locator: str, names: set[str], own: Path, tmp_path: Path
) -> None:
    assert fetched(tmp_path, spec(locator)) == names
    assert len(hash_local_files([spec(locator)])) == len(names)


def test_a_pattern_below_a_folder_of_the_target(own: Path, tmp_path: Path) -> None:
    assert fetched(tmp_path, spec("file:own/sub/**", "x")) == {"x/a.txt", "x/deep/c.txt"}


def test_a_pattern_without_files_is_an_error(own: Path) -> None:
    with pytest.raises(MemcurateError, match=r"file:own/\*\.csv: no file is there"):
        expand_local_files([spec("file:own/*.csv")])


def test_compressed_files_are_unpacked(own: Path, tmp_path: Path) -> None:
    (own / "a.jsonl.gz").write_bytes(gzip.compress(b"one\n"))
    with pa.output_stream(str(own / "b.jsonl.zst"), compression="zstd") as stream:
        stream.write(b"two\n" * 1000)
    with zipfile.ZipFile(own / "c.zip", "w") as archive:
        archive.writestr("d/e.txt", "three")
    names = ("a.jsonl.gz", "b.jsonl.zst", "c.zip")
    assert fetched(tmp_path, *(spec(f"file:own/{name}") for name in names)) == {
        "a.jsonl",
        "b.jsonl",
        "d/e.txt",
    }
    assert (tmp_path / "raw" / "a.jsonl").read_text() == "one\n"
    assert (tmp_path / "raw" / "b.jsonl").read_text() == "two\n" * 1000


@pytest.mark.parametrize("name", ["a.gz", "a.zst", "a.zip"])
def test_a_damaged_compressed_file_is_an_error(name: str, own: Path, tmp_path: Path) -> None:
    (own / name).write_bytes(b"not compressed")
    with pytest.raises(MemcurateError, match=name):
        fetched(tmp_path, spec(f"file:own/{name}"))


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_a_bomb_is_an_error(name: str, own: Path, tmp_path: Path) -> None:
    zeros = b"\0" * (1 << 24)
    with pa.output_stream(str(own / name), compression="gzip" if name.endswith("gz") else "zstd") as stream:
        for _ in range(20):
            stream.write(zeros)
    with pytest.raises(MemcurateError, match="unpacks to more"):
        fetched(tmp_path, spec(f"file:own/{name}"))
