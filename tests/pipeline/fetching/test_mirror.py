"""The mirror: lookup by hash before cache and network, and errors of its list."""

import os
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import FetchCounts, fetch, mirror_from_environment
from tests.pipeline.fetching.factories import git_blob, make_file_spec, make_zip, read_folder, sha256

ARCHIVE = make_zip({"top/x.txt": b"inside"})


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    files = {"one/train.txt": b"of one", "two/train.txt": b"of two", "archive.bin": ARCHIVE}
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    lines = [f"{sha256(data)}  {path}\n" for path, data in files.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def make_blob_spec(locator: str, data: bytes) -> FileSpec:
    return FileSpec(locations=[FileLocation(locator=locator, git_blob=git_blob(data))])


def test_the_mirror_comes_before_the_cache_and_the_network(
    mirror: Path, closed: str, target: Path, cache: Path
) -> None:
    cache.mkdir()
    (cache / f"sha256-{sha256(b'of two')}").write_bytes(b"never looked at")
    wanted = make_file_spec(f"https://{closed}/train.json", b"of two")
    assert fetch([wanted], target, mirror=mirror, cache=cache) == FetchCounts(1, 6)
    assert read_folder(target) == {"train.json": b"of two"}
    assert [path.read_bytes() for path in cache.iterdir()] == [b"never looked at"]


def test_an_artifact_of_the_mirror_is_unpacked(mirror: Path, target: Path, cache: Path) -> None:
    fetch([make_file_spec("pypi:my-data==1.0!top/*", ARCHIVE)], target, mirror=mirror, cache=cache)
    assert read_folder(target) == {"x.txt": b"inside"}


def test_the_file_of_a_second_location_is_found_in_the_mirror(
    mirror: Path, closed: str, target: Path, cache: Path
) -> None:
    locations = [
        FileLocation(locator=f"https://{closed}/x", sha256="0" * 64),
        *make_blob_spec("file:train.txt", b"of one").locations,
    ]
    fetch([FileSpec(locations=locations)], target, mirror=mirror, cache=cache)
    assert read_folder(target) == {"train.txt": b"of one"}


def test_a_git_blob_id_selects_among_files_of_one_base_name(
    mirror: Path, closed: str, target: Path, cache: Path
) -> None:
    fetch([make_blob_spec(f"https://{closed}/any/train.txt", b"of two")], target, mirror=mirror, cache=cache)
    assert read_folder(target) == {"train.txt": b"of two"}


def test_a_file_of_the_same_name_and_another_blob_id_is_another_file(
    mirror: Path, closed: str, target: Path, cache: Path
) -> None:
    with pytest.raises(MemcurateError, match="no location gave it"):
        fetch(
            [make_blob_spec(f"https://{closed}/any/train.txt", b"of three")],
            target,
            mirror=mirror,
            cache=cache,
        )


@pytest.mark.parametrize("pin", ["sha256", "git_blob"])
def test_a_file_with_another_hash_than_listed_is_an_error_that_names_it(
    pin: str, mirror: Path, closed: str, target: Path, cache: Path
) -> None:
    locator = f"https://{closed}/train.txt"
    wanted = make_file_spec(locator, b"of one") if pin == "sha256" else make_blob_spec(locator, b"of one")
    (mirror / "one" / "train.txt").write_bytes(b"changed")
    with pytest.raises(MemcurateError, match=rf"mirror file {mirror}/one/train\.txt: its sha256 is"):
        fetch([wanted], target, mirror=mirror, cache=cache)


def test_a_listed_file_that_is_missing_is_named(mirror: Path, target: Path, cache: Path) -> None:
    (mirror / "one" / "train.txt").unlink()
    with pytest.raises(MemcurateError, match=r"one/train\.txt is in SHA256SUMS, but does not exist"):
        fetch([make_file_spec("file:x", b"of one")], target, mirror=mirror, cache=cache)


def test_a_missing_or_malformed_list_is_an_error(mirror: Path, target: Path, cache: Path) -> None:
    (mirror / "SHA256SUMS").write_text(f"{'0' * 64}  ok.txt\nnonsense\n")
    with pytest.raises(MemcurateError, match="line 2 of"):
        fetch([make_file_spec("file:x", b"x")], target, mirror=mirror, cache=cache)
    (mirror / "SHA256SUMS").unlink()
    with pytest.raises(MemcurateError, match="MEMCURATE_MIRROR_DIR"):
        fetch([make_file_spec("file:x", b"x")], target, mirror=mirror, cache=cache)


def test_the_environment_names_the_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEMCURATE_MIRROR_DIR", str(tmp_path))
    assert mirror_from_environment() == tmp_path
    monkeypatch.setenv("MEMCURATE_MIRROR_DIR", "")
    assert mirror_from_environment() is None


def test_every_real_corpus_of_the_mirror_is_found_by_both_hashes(
    closed: str, target: Path, cache: Path
) -> None:
    if not os.environ.get("MEMCURATE_MIRROR_DIR"):
        pytest.skip("set MEMCURATE_MIRROR_DIR to a folder of corpora to fetch real ones")
    real = mirror_from_environment()
    assert real is not None
    listed = [line.split("  ", 1) for line in (real / "SHA256SUMS").read_text().splitlines()]
    wanted = []
    for digest, path in listed:
        blob = git_blob((real / path).read_bytes())
        for kind, pin in (("sha", {"sha256": digest}), ("git", {"git_blob": blob})):
            location = FileLocation.model_validate({"locator": f"https://{closed}/{path}", **pin})
            wanted.append(FileSpec(locations=[location], subdir=f"{kind}/{Path(path).parent}"))
    counts = fetch(wanted, target, mirror=real, cache=cache)
    assert counts.files == 2 * len(listed) > 0
    for digest, path in listed:
        assert sha256((target / "sha" / path).read_bytes()) == digest
        assert sha256((target / "git" / path).read_bytes()) == digest
