"""Artifacts of package indexes: selection by hash, credentials, and the configured indexes."""

import logging
from pathlib import Path

import pypi_simple
import pytest

from pipeline.core.errors import MemcurateError
from pipeline.fetching import FetchCounts, fetch
from pipeline.fetching.indexes import PackageIndex, list_indexes
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import make_file_spec, make_tar_gz, make_zip, read_folder, sha256

WHEEL = make_zip({"my_data/x.json": b"wheel", "my_data-1.0.dist-info/METADATA": b""})
SDIST = make_tar_gz({"my_data-1.0/src/my_data/x.json": b"sdist", "my_data-1.0/setup.py": b"raise SystemExit"})


@pytest.fixture
def index(server: Server) -> Server:
    server.publish("my-data", "my_data-0.9-py3-none-any.whl", make_zip({"my_data/x.json": b"old"}))
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", WHEEL)
    server.publish("my-data", "my_data-1.0.tar.gz", SDIST)
    return server


def fetch_error(locator: str, data: bytes, target: Path, cache: Path) -> str:
    with pytest.raises(MemcurateError) as caught:
        fetch([make_file_spec(locator, data)], target, mirror=None, cache=cache)
    assert read_folder(target) == {}
    return str(caught.value)


def test_the_hash_selects_the_wheel(index: Server, target: Path, cache: Path) -> None:
    counts = fetch(
        [make_file_spec("pypi:my-data==1.0!my_data/*.json", WHEEL)], target, mirror=None, cache=cache
    )
    assert counts == FetchCounts(1, 5)
    assert read_folder(target) == {"x.json": b"wheel"}
    assert index.requests["/files/my_data-1.0.tar.gz"] == 0


def test_the_hash_selects_the_sdist(index: Server, target: Path, cache: Path) -> None:
    fetch([make_file_spec("pypi:My_Data==1.0.0!*/src/**", SDIST)], target, mirror=None, cache=cache)
    assert read_folder(target) == {"my_data/x.json": b"sdist"}


def test_a_download_is_reported_with_name_and_size(
    index: Server, target: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pipeline")
    fetch([make_file_spec("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    assert caplog.messages == [f"downloaded pypi:my-data==1.0!my_data/*: {len(WHEEL) / 1e6:.1f} MB"]


def test_bytes_other_than_pinned_are_an_error_and_not_kept(index: Server, target: Path, cache: Path) -> None:
    index.bodies["/files/my_data-1.0.tar.gz"] = SDIST + b"more"
    message = fetch_error("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)
    assert f"its sha256 is {sha256(SDIST + b'more')}" in message
    assert f"{sha256(SDIST)} is pinned" in message
    assert not [path for path in cache.iterdir() if path.suffix != ".lock"]


def test_an_unknown_project_version_or_hash_is_an_error(index: Server, target: Path, cache: Path) -> None:
    assert "has no project 'other'" in fetch_error("pypi:other==1.0!x", WHEEL, target, cache)
    assert "has no version 2.0 of my-data" in fetch_error("pypi:my-data==2.0!x", WHEEL, target, cache)
    message = fetch_error("pypi:my-data==1.0!x", b"another", target, cache)
    assert "none of its files of my-data==1.0 has the pinned sha256" in message
    assert f"my_data-1.0.tar.gz {sha256(SDIST)}" in message


def test_the_hash_of_another_version_is_refused(index: Server, target: Path, cache: Path) -> None:
    assert "none of its files of my-data==0.9" in fetch_error("pypi:my-data==0.9!x", WHEEL, target, cache)


def test_a_listed_file_that_is_missing_is_an_error(index: Server, target: Path, cache: Path) -> None:
    del index.bodies["/files/my_data-1.0.tar.gz"]
    assert "the server answered 404" in fetch_error("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)


def test_a_page_that_is_not_an_index_is_an_error(index: Server, target: Path, cache: Path) -> None:
    page = '<html><head><meta name="pypi:repository-version" content="9.0"></head></html>'
    index.bodies["/simple/my-data/"] = page.encode()
    assert "not a page of a simple index" in fetch_error("pypi:my-data==1.0!x", WHEEL, target, cache)


def test_a_git_blob_id_cannot_select_an_artifact(target: Path, cache: Path) -> None:
    wanted = make_file_spec("pypi:my-data==1.0!x", WHEEL)
    location = wanted.locations[0].model_copy(update={"sha256": None, "git_blob": "0" * 40})
    with pytest.raises(MemcurateError, match="by sha256"):
        fetch([wanted.model_copy(update={"locations": [location]})], target, mirror=None, cache=cache)


def test_an_extra_index_is_used_after_the_main_one(
    index: Server, closed: str, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere {index.url}/simple/")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{closed}/simple")
    fetch([make_file_spec("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.json": b"wheel"}


def test_credentials_of_the_index_are_used_and_never_shown(
    index: Server, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.password = ("me", "secr@t")
    # pragma: allowlist nextline secret
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secr%40t@{index.host}/simple")
    fetch([make_file_spec("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    assert read_folder(target) == {"x.json": b"wheel"}
    # pragma: allowlist nextline secret
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:wrongword@{index.host}/simple")
    (target / "x.json").unlink()
    message = fetch_error("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)
    assert "the server answered 401" in message
    assert "wrongword" not in message


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("https://one.invalid/files/x", True),
        ("HTTPS://ONE.invalid:443/files/x", True),
        ("https://two.invalid/files/x", False),
        ("http://one.invalid/files/x", False),
        ("https://one.invalid:8443/files/x", False),
        ("https://one.invalid.two.invalid/files/x", False),
        ("https://one.invalid@two.invalid/files/x", False),
        ("ftp://one.invalid/files/x", False),
    ],
)
def test_credentials_stay_at_the_origin_of_the_index(url: str, is_sent: bool) -> None:
    index = PackageIndex("https://one.invalid/simple", ("me", "secret"))
    assert index.auth_for(url) == (("me", "secret") if is_sent else None)


def test_a_link_from_an_https_index_to_http_is_refused(
    server: Server, secure: Server, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its credentials are not sent either."""
    filename = "my_data-1.0-py3-none-any.whl"
    server.bodies[f"/files/{filename}"] = WHEEL
    link = f'<a href="{server.url}/files/{filename}#sha256={sha256(WHEEL)}">{filename}</a>'
    secure.bodies["/simple/my-data/"] = f"<html><body>{link}</body></html>".encode()
    secure.password = ("me", "secret")
    # pragma: allowlist nextline secret
    monkeypatch.setenv("PIP_INDEX_URL", f"https://me:secret@{secure.host}/simple")
    message = fetch_error("pypi:my-data==1.0!my_data/*.json", WHEEL, target, cache)
    assert f"leads from https to {server.url}/files/{filename}" in message
    assert "secret" not in message
    assert not server.requests


def test_the_error_of_a_malformed_index_url_hides_its_password(
    target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pragma: allowlist nextline secret
    for url in ("https://me:secret@[one/simple", "https://me:secret@one.invalid:port/simple"):
        monkeypatch.setenv("PIP_INDEX_URL", url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///folder")
        message = fetch_error("pypi:x==1!x", b"x", target, cache)
        assert "package index is malformed" in message
        assert "secret" not in message


class TestConfiguredIndexes:
    """The indexes that the environment and pip's configuration name."""

    @pytest.fixture(autouse=True)
    def _bare(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        self.config = tmp_path / "pip.conf"
        monkeypatch.setenv("PIP_CONFIG_FILE", str(self.config))

    def urls(self) -> list[str]:
        return [index.url for index in list_indexes()]

    def test_pips_configuration_is_read(self) -> None:
        self.config.write_text(
            "[global]\nindex-url = https://main.invalid/simple\n"
            "extra-index-url = file:///folder\n    http://extra.invalid/simple\n"
        )
        assert self.urls() == ["https://main.invalid/simple", "http://extra.invalid/simple"]

    def test_the_environment_comes_before_pips_configuration(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config.write_text(
            "[global]\nindex-url = https://main.invalid/simple\nextra-index-url = file:///f\n"
        )
        monkeypatch.setenv("UV_INDEX_URL", "https://uv-old.invalid/simple")
        assert self.urls() == ["https://uv-old.invalid/simple"]
        monkeypatch.setenv("UV_DEFAULT_INDEX", "named=https://uv.invalid/simple")
        assert self.urls() == ["https://uv.invalid/simple"]
        monkeypatch.setenv("PIP_INDEX_URL", "https://pip.invalid/simple")
        assert self.urls() == ["https://pip.invalid/simple"]

    def test_without_pip_and_settings_the_default_index_is_used(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
        assert self.urls() == [pypi_simple.PYPI_SIMPLE_ENDPOINT]

    def test_folders_alone_are_an_error(
        self, monkeypatch: pytest.MonkeyPatch, target: Path, cache: Path
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "file:///folder")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///folder")
        assert "no package index with an http(s) URL" in fetch_error("pypi:x==1!x", b"x", target, cache)
