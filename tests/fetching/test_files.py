"""The order of places, local files, and names."""

import gzip
from pathlib import Path

import pytest

from pipeline.errors import MemcurateError
from pipeline.fetching import FetchCounts, fetch, local_digests
from pipeline.fetching.files import _bring
from pipeline.fetching.locators import Https
from pipeline.fetching.verify import Pin
from pipeline.params import File, Place
from tests.fetching.conftest import Server
from tests.fetching.making import content, git_blob, one_file, sha256, zip_of


def test_the_second_place_is_tried_when_the_first_is_unreachable(
    server: Server, closed: str, target: Path, cache: Path
) -> None:
    wheel = zip_of({"my_data/x.txt": b"x"})
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", wheel)
    first = Place(locator=f"https://{closed}/x.txt", git_blob=git_blob(b"x"))
    second = Place(locator="pypi:my-data==1.0!my_data/x.txt", sha256=sha256(wheel))
    assert fetch([File(places=[first, second])], target, mirror=None, cache=cache) == FetchCounts(1, 1)
    assert content(target) == {"x.txt": b"x"}


def test_a_mismatch_is_an_error_even_when_another_place_would_do(
    server: Server, tmp_path: Path, target: Path, cache: Path
) -> None:
    pinned = zip_of({"x.txt": b"x"})
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", b"other bytes", listed=sha256(pinned))
    (tmp_path / "good.zip").write_bytes(pinned)
    places = [
        Place(locator="pypi:my-data==1.0!x.txt", sha256=sha256(pinned)),
        Place(locator=f"file:{tmp_path}/good.zip!x.txt", sha256=sha256(pinned)),
    ]
    with pytest.raises(MemcurateError, match=f"its sha256 is {sha256(b'other bytes')}"):
        fetch([File(places=places)], target, mirror=None, cache=cache)
    assert content(target) == {}


def test_when_all_fail_each_place_is_listed_with_its_reason(
    server: Server, closed: str, tmp_path: Path, target: Path, cache: Path
) -> None:
    places = [
        Place(locator=f"https://{closed}/x.txt", sha256="0" * 64),
        Place(locator="pypi:my-data==1.0!x.txt", sha256="1" * 64),
        Place(locator=f"file:{tmp_path}/missing", sha256="2" * 64),
    ]
    with pytest.raises(MemcurateError) as caught:
        fetch([File(places=places)], target, mirror=None, cache=cache)
    told = str(caught.value)
    assert told.index(f"https://{closed}/x.txt\n    no connection") < told.index("has no project 'my-data'")
    assert f"there is no file {tmp_path}/missing" in told
    assert "MEMCURATE_MIRROR" in told
    assert "MEMCURATE_CACHE" in told


def test_an_https_place_is_streamed_into_the_cache_and_verified(
    server: Server, tmp_path: Path, cache: Path
) -> None:
    server.bodies["/x.txt"] = b"content"
    locator = Https("the locator", f"{server.url}/x.txt", None)
    good = Pin("git-blob", git_blob(b"content"))
    assert _bring(locator, good, cache) == cache / f"git-blob-{git_blob(b'content')}"
    with pytest.raises(MemcurateError, match=r"the locator: its git-blob is"):
        _bring(locator, Pin("git-blob", git_blob(b"other")), cache)
    assert server.requests["/x.txt"] == 2


def test_a_local_file_is_read_in_place_from_the_current_folder(
    tmp_path: Path, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x.txt").write_bytes(b"mine")
    wanted = one_file("file:mine/x.txt", b"mine", into="kept")
    assert fetch([wanted], target, mirror=None, cache=cache) == FetchCounts(1, 4)
    assert content(target) == {"kept/x.txt": b"mine"}
    assert not cache.exists()


@pytest.mark.parametrize("pin", ["sha256", "git_blob"])
def test_a_local_file_with_another_hash_is_an_error(
    pin: str, tmp_path: Path, target: Path, cache: Path
) -> None:
    (tmp_path / "x.txt").write_bytes(b"changed")
    digest = sha256(b"mine") if pin == "sha256" else git_blob(b"mine")
    place = Place.model_validate({"locator": f"file:{tmp_path}/x.txt", pin: digest})
    with pytest.raises(MemcurateError, match=rf"x\.txt changed: .*{digest} is pinned.*`memcurate pin`"):
        fetch([File(places=[place])], target, mirror=None, cache=cache)
    assert content(target) == {}


def test_a_copy_elsewhere_does_not_hide_that_a_local_file_changed(
    tmp_path: Path, target: Path, cache: Path
) -> None:
    cache.mkdir()
    (cache / f"sha256-{sha256(b'mine')}").write_bytes(b"mine")
    wanted = one_file(f"file:{tmp_path}/x.txt", b"mine")
    fetch([wanted], target, mirror=None, cache=cache)  # there is no file, so it cannot have changed
    assert content(target) == {"x.txt": b"mine"}
    (tmp_path / "x.txt").write_bytes(b"changed")
    (target / "x.txt").unlink()
    with pytest.raises(MemcurateError, match=r"x\.txt changed"):
        fetch([wanted], target, mirror=None, cache=cache)


def test_a_local_file_without_a_hash_is_taken_as_it_is(tmp_path: Path, target: Path, cache: Path) -> None:
    place = Place(locator=f"file:{tmp_path}/x.txt")
    with pytest.raises(MemcurateError, match=f"there is no file {tmp_path}/x.txt"):
        fetch([File(places=[place])], target, mirror=None, cache=cache)
    (tmp_path / "x.txt").write_bytes(b"one")
    assert local_digests([File(places=[place])]) == {place.locator: sha256(b"one")}
    fetch([File(places=[place])], target, mirror=None, cache=cache)
    assert content(target) == {"x.txt": b"one"}
    (tmp_path / "x.txt").write_bytes(b"")
    with pytest.raises(MemcurateError, match="the file is empty"):
        fetch([File(places=[place])], target, mirror=None, cache=cache)


def test_hashes_of_local_files(tmp_path: Path) -> None:
    """As they are now; where there is none, its pin, so that it does not look changed."""
    (tmp_path / "there").write_bytes(b"now")
    places = [
        Place(locator=f"file:{tmp_path}/there", sha256=sha256(b"then")),
        Place(locator=f"file:{tmp_path}/there!*.json", git_blob=git_blob(b"then")),
        Place(locator=f"file:{tmp_path}/gone", git_blob=git_blob(b"then")),
        Place(locator=f"file:{tmp_path}/never"),
        Place(locator="https://host/x.txt", sha256="0" * 64),
    ]
    assert list(local_digests([File(places=places[:2]), File(places=places[2:])]).items()) == [
        (f"file:{tmp_path}/there", sha256(b"now")),
        (f"file:{tmp_path}/there!*.json", git_blob(b"now")),
        (f"file:{tmp_path}/gone", git_blob(b"then")),
        (f"file:{tmp_path}/never", None),
    ]


def test_git_blob_ids_are_those_of_git(tmp_path: Path, target: Path, cache: Path) -> None:
    # `printf 'hello\n' | git hash-object --stdin`
    (tmp_path / "x.txt").write_bytes(b"hello\n")
    place = Place(locator=f"file:{tmp_path}/x.txt", git_blob="ce013625030ba8dba906f756967f9e9ca394464a")
    fetch([File(places=[place])], target, mirror=None, cache=cache)
    assert content(target) == {"x.txt": b"hello\n"}


def test_an_empty_file_is_an_error(tmp_path: Path, target: Path, cache: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"")
    with pytest.raises(MemcurateError, match="the file is empty"):
        fetch([one_file(f"file:{tmp_path}/x.txt", b"")], target, mirror=None, cache=cache)


@pytest.mark.parametrize(
    ("name", "data"), [("x.zip", zip_of({"a": b"a"})), ("x.tar.gz", gzip.compress(b"a", mtime=0))]
)
def test_an_archive_without_a_glob_stays_whole(
    name: str, data: bytes, tmp_path: Path, target: Path, cache: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    fetch([one_file(f"file:{tmp_path}/{name}", data)], target, mirror=None, cache=cache)
    assert content(target) == {name: data}


def test_two_files_of_one_final_name_are_an_error(tmp_path: Path, target: Path, cache: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_bytes(folder.encode())
    files = [one_file(f"file:{tmp_path}/{folder}/x.txt", folder.encode()) for folder in ("a", "b")]
    with pytest.raises(MemcurateError, match=r"'x\.txt' is there already"):
        fetch(files, target, mirror=None, cache=cache)
    assert content(target) == {"x.txt": b"a"}


@pytest.mark.parametrize("into", ["../up", "/absolute", "a//b"])
def test_into_stays_below_the_target(into: str, tmp_path: Path, target: Path, cache: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    with pytest.raises(MemcurateError, match="`into`"):
        fetch([one_file(f"file:{tmp_path}/x.txt", b"x", into)], target, mirror=None, cache=cache)
    assert content(target) == {}


@pytest.mark.parametrize(
    "place",
    [
        Place(locator="https://host/x.txt"),
        Place(locator=f"hf:owner/name@{'0' * 40}/x.txt"),
        Place(locator="hf:owner/name@main/x.txt", sha256="0" * 64),
    ],
)
def test_what_is_not_pinned_is_refused(place: Place, target: Path, cache: Path) -> None:
    with pytest.raises(MemcurateError, match=r"unpinned.*memcurate pin"):
        fetch([File(places=[place])], target, mirror=None, cache=cache)
    assert content(target) == {}


def test_a_mistake_in_the_last_locator_is_told_before_the_first_is_fetched(
    tmp_path: Path, target: Path, cache: Path
) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    files = [one_file(f"file:{tmp_path}/x.txt", b"x"), one_file("hf:owner/name@main/x.txt", b"x")]
    with pytest.raises(MemcurateError, match="unpinned"):
        fetch(files, target, mirror=None, cache=cache)
    assert content(target) == {}
