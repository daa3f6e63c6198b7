"""Unpacking of archives, tested through `fetch` with `file:` locators."""

import io
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.fetching import FetchCounts, fetch
from tests.pipeline.fetching.factories import make_file_spec, make_tar_gz, make_zip, read_folder

TREE = {"top/a/x.txt": b"one", "top/a/deep/y.txt": b"two!", "top/a/z.json": b"{}", "top/b/x.txt": b"three"}
MAKERS = [pytest.param(make_zip, id="zip"), pytest.param(make_tar_gz, id="tar.gz")]


def unpack(tmp_path: Path, target: Path, archive: bytes, glob: str, subdir: str = "") -> FetchCounts:
    path = tmp_path / "outer" / "archive"
    path.write_bytes(archive)
    return fetch(
        [make_file_spec(f"file:{path}!{glob}", archive, subdir)],
        target,
        mirror=None,
        cache=tmp_path / "cache",
    )


def list_files_outside(tmp_path: Path, target: Path) -> set[str]:
    """List the files outside the target, except the archive itself."""
    here = {path for path in tmp_path.rglob("*") if path.is_file() and target not in path.parents}
    return {str(path.relative_to(tmp_path)) for path in here} - {"outer/archive"}


@pytest.mark.parametrize("make", MAKERS)
def test_a_star_takes_files_of_one_folder_by_base_name(make, tmp_path: Path, target: Path) -> None:
    assert unpack(tmp_path, target, make(TREE), "*/a/*.txt") == FetchCounts(1, 3)
    assert read_folder(target) == {"x.txt": b"one"}


@pytest.mark.parametrize("make", MAKERS)
def test_two_stars_keep_folders_below_subdir(make, tmp_path: Path, target: Path) -> None:
    assert unpack(tmp_path, target, make(TREE), "top/a/**", subdir="put/here") == FetchCounts(3, 9)
    assert read_folder(target) == {
        "put/here/x.txt": b"one",
        "put/here/deep/y.txt": b"two!",
        "put/here/z.json": b"{}",
    }


@pytest.mark.parametrize("make", MAKERS)
def test_files_have_plain_permissions_and_no_time_of_the_archive(make, tmp_path: Path, target: Path) -> None:
    unpack(tmp_path, target, make(TREE), "top/a/x.txt")
    state = (target / "x.txt").stat()
    assert stat.S_IMODE(state.st_mode) == 0o644
    assert state.st_mtime > 1_600_000_000


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(make_zip({"./top/": b"", "./top/x.txt": b"one"}), id="zip"),
        pytest.param(make_tar_gz({"./top/x.txt": b"one"}, {"./top": tarfile.DIRTYPE}), id="tar.gz"),
    ],
)
def test_a_leading_dot_and_folder_entries_are_accepted(archive: bytes, tmp_path: Path, target: Path) -> None:
    unpack(tmp_path, target, archive, "top/**")
    assert read_folder(target) == {"x.txt": b"one"}


@pytest.mark.parametrize("path", ["../evil", "top/../../evil", "/evil", "top//evil", "..\\evil", "C:/evil"])
@pytest.mark.parametrize("glob", ["**", "*/evil", "ok"])
@pytest.mark.parametrize("make", MAKERS)
def test_a_member_that_leads_outside_is_refused(
    make, path: str, glob: str, tmp_path: Path, target: Path
) -> None:
    with pytest.raises(MemcurateError, match=r"refused.*not a plain path"):
        unpack(tmp_path, target, make({"ok": b"fine", path: b"evil"}), glob)
    assert list_files_outside(tmp_path, target) == set()
    assert b"evil" not in read_folder(target).values()


def test_a_link_in_a_zip_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="'top/link' is a link or a device"):
        unpack(tmp_path, target, make_zip({"top/x": b"one"}, links=("top/link",)), "top/*")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_refused(kind: bytes, tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="'top/special' is a link or a device"):
        unpack(tmp_path, target, make_tar_gz({"top/x": b"one"}, {"top/special": kind}), "top/*")


def test_a_link_that_the_glob_does_not_match_is_ignored(tmp_path: Path, target: Path) -> None:
    unpack(tmp_path, target, make_tar_gz({"top/x": b"one"}, {"top/special": tarfile.SYMTYPE}), "top/x")
    assert read_folder(target) == {"x": b"one"}


@pytest.mark.parametrize("make", MAKERS)
def test_a_truncated_archive_is_an_error_that_names_it(make, tmp_path: Path, target: Path) -> None:
    whole = make({"top/x.bin": bytes(range(256)) * 4096})
    with pytest.raises(MemcurateError, match="archive: the archive is truncated or damaged"):
        unpack(tmp_path, target, whole[: len(whole) * 2 // 3], "top/*")
    assert "x.bin" not in read_folder(target)


def test_a_flipped_byte_in_a_zip_is_an_error(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="truncated or damaged"):
        unpack(tmp_path, target, make_zip({"x": b"content"}).replace(b"content", b"contend"), "x")


def test_a_wrong_checksum_at_the_end_of_a_tar_gz_is_an_error(tmp_path: Path, target: Path) -> None:
    archive = bytearray(make_tar_gz({"x": b"content"}))
    archive[-8] ^= 1
    with pytest.raises(MemcurateError, match="truncated or damaged"):
        unpack(tmp_path, target, bytes(archive), "x")


@pytest.mark.parametrize("declared", [3, 3000])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_with_a_wrong_declared_size_is_an_error(
    declared: int, compression: int, tmp_path: Path, target: Path
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("x", b"ten bytes.")
        archive.filelist[0].file_size = declared
    with pytest.raises(MemcurateError, match="truncated or damaged"):
        unpack(tmp_path, target, buffer.getvalue(), "x")


def make_zip_bomb(compression: int, name: str = "x", size: int = 1 << 20, pieces: int = 300) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive, archive.open(name, "w") as member:
        for _ in range(pieces):
            member.write(bytes(size))
    return buffer.getvalue()


def make_tar_bomb(pieces: int = 300) -> bytes:
    """Build a tar.gz with a member of `pieces` MB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    info = tarfile.TarInfo("x")
    info.size = pieces << 20
    parts = [packer.compress(info.tobuf())]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(pieces)]
    return b"".join([*parts, packer.compress(bytes(1024)), packer.flush()])


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(make_zip_bomb(zipfile.ZIP_DEFLATED), id="zip"),
        pytest.param(make_zip_bomb(zipfile.ZIP_BZIP2), id="bzip2"),
        pytest.param(make_tar_bomb(), id="tar.gz"),
    ],
)
@pytest.mark.parametrize("glob", ["x", "**"])
def test_an_archive_bomb_is_refused(archive: bytes, glob: str, tmp_path: Path, target: Path) -> None:
    assert len(archive) < 1 << 20
    with pytest.raises(MemcurateError, match="archive: the archive unpacks to more than 268,435,456 bytes"):
        unpack(tmp_path, target, archive, glob)
    assert read_folder(target) == {}


def test_skipped_members_count_towards_the_limit(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="unpacks to more than"):
        unpack(tmp_path, target, make_tar_bomb(), "another")


def make_nameless_zip() -> bytes:
    """Build a zip of a member with an empty name, which zipfile reads but does not write."""
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(b"one"), 3, 3, 0, 0) + b"one"
    central = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, zlib.crc32(b"one"), 3, 3, 0, 0, 0, 0, 0, 0, 0
    )
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


def test_a_member_without_a_name_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="archive: the path '' is refused"):
        unpack(tmp_path, target, make_nameless_zip(), "**")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="is refused, because it is not a plain path"):
        unpack(tmp_path, target, make_zip({"n" * 300: b"one"}), "**")


def test_a_zip_with_a_wrong_offset_is_an_error(tmp_path: Path, target: Path) -> None:
    archive = bytearray(make_zip({"x": b"one"}))
    archive[-6:-2] = struct.pack("<I", len(archive) + 100)  # the offset of its list of members
    with pytest.raises(MemcurateError, match="truncated or damaged"):
        unpack(tmp_path, target, bytes(archive), "x")


def test_a_damaged_bzip2_member_is_an_error(tmp_path: Path, target: Path) -> None:
    archive = bytearray(make_zip_bomb(zipfile.ZIP_BZIP2, size=1000, pieces=1))
    start = archive.index(b"BZh")
    archive[start + 10 : start + 14] = b"\xff" * 4
    with pytest.raises(MemcurateError, match="truncated or damaged"):
        unpack(tmp_path, target, bytes(archive), "x")


def test_an_encrypted_zip_is_an_error(tmp_path: Path, target: Path) -> None:
    archive = bytearray(make_zip({"x": b"one"}))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(MemcurateError, match="encrypted"):
        unpack(tmp_path, target, bytes(archive), "x")


@pytest.mark.parametrize("make", MAKERS)
def test_two_members_of_one_final_name_are_an_error(make, tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match=r"'x\.txt' exists already"):
        unpack(tmp_path, target, make(TREE), "top/*/x.txt")


def test_a_file_where_another_needs_a_folder_is_an_error(tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match="'a/b' exists already"):
        unpack(tmp_path, target, make_zip({"a": b"file", "a/b": b"below it"}), "**")


@pytest.mark.parametrize("make", MAKERS)
def test_a_glob_that_matches_nothing_is_an_error_with_examples(make, tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match=r"no file matches 'top/\*\.csv' among its 4 \(top/a/x\.txt, "):
        unpack(tmp_path, target, make(TREE), "top/*.csv")


@pytest.mark.parametrize("data", [b"just text", b"P", b"\x1f\x8bnot really", b"PK\x03\x04not really"])
def test_a_file_that_is_not_an_archive_is_an_error(data: bytes, tmp_path: Path, target: Path) -> None:
    with pytest.raises(MemcurateError, match=r"neither a zip|truncated or damaged"):
        unpack(tmp_path, target, data, "*")
