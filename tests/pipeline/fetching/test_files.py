"""Fetching files: the order of locations, local files, and final names."""

import gzip
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import FetchCounts, fetch, hash_local_files
from pipeline.fetching.files import _fetch_from
from pipeline.fetching.locators import HttpsLocator
from pipeline.fetching.verify import Pin
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import git_blob, make_file_spec, make_zip, read_folder, sha256


def test_the_second_location_is_tried_when_the_first_is_unreachable(
    server: Server, closed: str, target: Path, cache: Path
) -> None:
    wheel = make_zip({"my_data/x.txt": b"x"})
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", wheel)
    first = FileLocation(locator=f"https://{closed}/x.txt", git_blob=git_blob(b"x"))
    second = FileLocation(locator="pypi:my-data==1.0!my_data/x.txt", sha256=sha256(wheel))
    assert fetch([FileSpec(locations=[first, second])], target, mirror=None, cache=cache) == FetchCounts(1, 1)
    assert read_folder(target) == {"x.txt": b"x"}


def test_a_wrong_hash_is_an_error_even_when_another_location_has_the_file(
    server: Server, tmp_path: Path, target: Path, cache: Path
) -> None:
    pinned = make_zip({"x.txt": b"x"})
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", b"other bytes", listed=sha256(pinned))
    (tmp_path / "good.zip").write_bytes(pinned)
    locations = [
        FileLocation(locator="pypi:my-data==1.0!x.txt", sha256=sha256(pinned)),
        FileLocation(locator=f"file:{tmp_path}/good.zip!x.txt", sha256=sha256(pinned)),
    ]
    with pytest.raises(MemcurateError, match=f"its sha256 is {sha256(b'other bytes')}"):
        fetch([FileSpec(locations=locations)], target, mirror=None, cache=cache)
    assert read_folder(target) == {}


def test_when_all_fail_each_location_is_listed_with_its_reason(
    server: Server, closed: str, tmp_path: Path, target: Path, cache: Path
) -> None:
    locations = [
        FileLocation(locator=f"https://{closed}/x.txt", sha256="0" * 64),
        FileLocation(locator="pypi:my-data==1.0!x.txt", sha256="1" * 64),
        FileLocation(locator=f"file:{tmp_path}/missing", sha256="2" * 64),
    ]
    with pytest.raises(MemcurateError) as caught:
        fetch([FileSpec(locations=locations)], target, mirror=None, cache=cache)
    message = str(caught.value)
    assert message.index(f"https://{closed}/x.txt\n    no connection") < message.index(
        "has no project 'my-data'"
    )
    assert f"file {tmp_path}/missing does not exist" in message
    assert "MEMCURATE_MIRROR_DIR" in message
    assert "MEMCURATE_CACHE_DIR" in message


def test_an_https_file_is_streamed_into_the_cache_and_verified(
    server: Server, tmp_path: Path, cache: Path
) -> None:
    server.bodies["/x.txt"] = b"content"
    locator = HttpsLocator("the locator", f"{server.url}/x.txt", None)
    good = Pin("git-blob", git_blob(b"content"))
    assert _fetch_from(locator, good, cache) == cache / f"git-blob-{git_blob(b'content')}"
    with pytest.raises(MemcurateError, match=r"the locator: its git-blob is"):
        _fetch_from(locator, Pin("git-blob", git_blob(b"other")), cache)
    assert server.requests["/x.txt"] == 2


def test_a_local_file_is_read_where_it_is_from_the_working_directory(
    tmp_path: Path, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x.txt").write_bytes(b"mine")
    wanted = make_file_spec("file:mine/x.txt", b"mine", subdir="kept")
    assert fetch([wanted], target, mirror=None, cache=cache) == FetchCounts(1, 4)
    assert read_folder(target) == {"kept/x.txt": b"mine"}
    assert not cache.exists()


@pytest.mark.parametrize("pin", ["sha256", "git_blob"])
def test_a_local_file_with_another_hash_is_an_error(
    pin: str, tmp_path: Path, target: Path, cache: Path
) -> None:
    (tmp_path / "x.txt").write_bytes(b"changed")
    digest = sha256(b"mine") if pin == "sha256" else git_blob(b"mine")
    location = FileLocation.model_validate({"locator": f"file:{tmp_path}/x.txt", pin: digest})
    with pytest.raises(MemcurateError, match=rf"x\.txt changed: .*{digest} is pinned.*`memcurate pin`"):
        fetch([FileSpec(locations=[location])], target, mirror=None, cache=cache)
    assert read_folder(target) == {}


def test_a_copy_elsewhere_does_not_hide_that_a_local_file_changed(
    tmp_path: Path, target: Path, cache: Path
) -> None:
    cache.mkdir()
    (cache / f"sha256-{sha256(b'mine')}").write_bytes(b"mine")
    wanted = make_file_spec(f"file:{tmp_path}/x.txt", b"mine")
    fetch([wanted], target, mirror=None, cache=cache)  # a missing file has not changed
    assert read_folder(target) == {"x.txt": b"mine"}
    other = make_file_spec(f"file:{tmp_path}/x.txt", b"other")
    with pytest.raises(MemcurateError, match=f"x.txt does not exist, and no copy .* in the cache {cache}: "):
        fetch([other], target, mirror=None, cache=cache)
    (tmp_path / "x.txt").write_bytes(b"changed")
    (target / "x.txt").unlink()
    with pytest.raises(MemcurateError, match=r"x\.txt changed"):
        fetch([wanted], target, mirror=None, cache=cache)


def test_a_local_file_without_a_hash_is_read_as_it_is(tmp_path: Path, target: Path, cache: Path) -> None:
    location = FileLocation(locator=f"file:{tmp_path}/x.txt")
    with pytest.raises(MemcurateError, match=f"^{tmp_path}/x.txt does not exist: restore it, or take it out"):
        fetch([FileSpec(locations=[location])], target, mirror=None, cache=cache)
    (tmp_path / "x.txt").write_bytes(b"one")
    assert hash_local_files([FileSpec(locations=[location])]) == {location.locator: sha256(b"one")}
    fetch([FileSpec(locations=[location])], target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.txt": b"one"}


def test_local_files_are_hashed_as_they_are_now(tmp_path: Path) -> None:
    """The hash is the current one; of a missing file its pin, so that it does not look changed."""
    (tmp_path / "there").write_bytes(b"now")
    locations = [
        FileLocation(locator=f"file:{tmp_path}/there", sha256=sha256(b"then")),
        FileLocation(locator=f"file:{tmp_path}/there!*.json", git_blob=git_blob(b"then")),
        FileLocation(locator=f"file:{tmp_path}/gone", git_blob=git_blob(b"then")),
        FileLocation(locator=f"file:{tmp_path}/never"),
        FileLocation(locator="https://host/x.txt", sha256="0" * 64),
    ]
    assert list(
        hash_local_files([FileSpec(locations=locations[:2]), FileSpec(locations=locations[2:])]).items()
    ) == [
        (f"file:{tmp_path}/there", sha256(b"now")),
        (f"file:{tmp_path}/there!*.json", git_blob(b"now")),
        (f"file:{tmp_path}/gone", git_blob(b"then")),
        (f"file:{tmp_path}/never", None),
    ]


def test_git_blob_ids_are_those_of_git(tmp_path: Path, target: Path, cache: Path) -> None:
    # `printf 'hello\n' | git hash-object --stdin`
    (tmp_path / "x.txt").write_bytes(b"hello\n")
    location = FileLocation(
        locator=f"file:{tmp_path}/x.txt", git_blob="ce013625030ba8dba906f756967f9e9ca394464a"
    )
    fetch([FileSpec(locations=[location])], target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.txt": b"hello\n"}


def test_an_empty_file_is_an_error(tmp_path: Path, target: Path, cache: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"")
    with pytest.raises(MemcurateError, match="the file is empty"):
        fetch([make_file_spec(f"file:{tmp_path}/x.txt", b"")], target, mirror=None, cache=cache)


def test_a_tar_file_without_a_glob_stays_whole(tmp_path: Path, target: Path, cache: Path) -> None:
    data = gzip.compress(b"a", mtime=0)
    (tmp_path / "x.tar.gz").write_bytes(data)
    fetch([make_file_spec(f"file:{tmp_path}/x.tar.gz", data)], target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.tar.gz": data}


def test_two_files_of_one_final_name_are_an_error(tmp_path: Path, target: Path, cache: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_bytes(folder.encode())
    files = [make_file_spec(f"file:{tmp_path}/{folder}/x.txt", folder.encode()) for folder in ("a", "b")]
    with pytest.raises(MemcurateError, match=r"'x\.txt' exists already"):
        fetch(files, target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.txt": b"a"}


@pytest.mark.parametrize("subdir", ["../up", "/absolute", "a//b"])
def test_subdir_stays_below_the_target(subdir: str, tmp_path: Path, target: Path, cache: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    with pytest.raises(MemcurateError, match="`subdir`"):
        fetch([make_file_spec(f"file:{tmp_path}/x.txt", b"x", subdir)], target, mirror=None, cache=cache)
    assert read_folder(target) == {}


@pytest.mark.parametrize(
    "location",
    [
        FileLocation(locator="https://host/x.txt"),
        FileLocation(locator=f"hf:owner/name@{'0' * 40}/x.txt"),
        FileLocation(locator="hf:owner/name@main/x.txt", sha256="0" * 64),
    ],
)
def test_a_location_without_a_pin_is_refused(location: FileLocation, target: Path, cache: Path) -> None:
    with pytest.raises(MemcurateError, match=r"unpinned.*memcurate pin"):
        fetch([FileSpec(locations=[location])], target, mirror=None, cache=cache)
    assert read_folder(target) == {}


def test_an_error_in_the_last_locator_is_raised_before_the_first_fetch(
    tmp_path: Path, target: Path, cache: Path
) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    files = [make_file_spec(f"file:{tmp_path}/x.txt", b"x"), make_file_spec("hf:owner/name@main/x.txt", b"x")]
    with pytest.raises(MemcurateError, match="unpinned"):
        fetch(files, target, mirror=None, cache=cache)
    assert read_folder(target) == {}
