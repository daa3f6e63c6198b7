from pathlib import Path

import pypi_simple
import pytest

from pipeline.errors import MemcurateError
from pipeline.fetching import FetchCounts, fetch
from pipeline.fetching.indexes import Index, indexes
from tests.fetching.conftest import Server
from tests.fetching.making import content, one_file, sha256, tar_gz_of, zip_of

WHEEL = zip_of({"my_data/x.json": b"wheel", "my_data-1.0.dist-info/METADATA": b""})
SDIST = tar_gz_of({"my_data-1.0/src/my_data/x.json": b"sdist", "my_data-1.0/setup.py": b"raise SystemExit"})


@pytest.fixture
def index(server: Server) -> Server:
    server.publish("my-data", "my_data-0.9-py3-none-any.whl", zip_of({"my_data/x.json": b"old"}))
    server.publish("my-data", "my_data-1.0-py3-none-any.whl", WHEEL)
    server.publish("my-data", "my_data-1.0.tar.gz", SDIST)
    return server


def failure(locator: str, data: bytes, target: Path, cache: Path) -> str:
    with pytest.raises(MemcurateError) as caught:
        fetch([one_file(locator, data)], target, mirror=None, cache=cache)
    assert content(target) == {}
    return str(caught.value)


def test_the_hash_decides_for_the_wheel(index: Server, target: Path, cache: Path) -> None:
    counts = fetch([one_file("pypi:my-data==1.0!my_data/*.json", WHEEL)], target, mirror=None, cache=cache)
    assert counts == FetchCounts(1, 5)
    assert content(target) == {"x.json": b"wheel"}
    assert index.requests["/files/my_data-1.0.tar.gz"] == 0


def test_the_hash_decides_for_the_sdist(index: Server, target: Path, cache: Path) -> None:
    fetch([one_file("pypi:My_Data==1.0.0!*/src/**", SDIST)], target, mirror=None, cache=cache)
    assert content(target) == {"my_data/x.json": b"sdist"}


def test_a_download_is_told_with_name_and_size(
    index: Server, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch([one_file("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    told = capsys.readouterr()
    assert told.err == f"downloaded pypi:my-data==1.0!my_data/*: {len(WHEEL) / 1e6:.1f} MB\n"
    assert told.out == ""


def test_bytes_other_than_pinned_are_an_error_and_not_kept(index: Server, target: Path, cache: Path) -> None:
    index.bodies["/files/my_data-1.0.tar.gz"] = SDIST + b"more"
    told = failure("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)
    assert f"its sha256 is {sha256(SDIST + b'more')}" in told
    assert f"{sha256(SDIST)} is pinned" in told
    assert not [path for path in cache.iterdir() if path.suffix != ".lock"]


def test_no_such_project_version_or_hash(index: Server, target: Path, cache: Path) -> None:
    assert "has no project 'other'" in failure("pypi:other==1.0!x", WHEEL, target, cache)
    assert "has no version 2.0 of my-data" in failure("pypi:my-data==2.0!x", WHEEL, target, cache)
    told = failure("pypi:my-data==1.0!x", b"another", target, cache)
    assert "none of its files of my-data==1.0 has the pinned sha256" in told
    assert f"my_data-1.0.tar.gz {sha256(SDIST)}" in told


def test_the_hash_of_another_version_does_not_do(index: Server, target: Path, cache: Path) -> None:
    assert "none of its files of my-data==0.9" in failure("pypi:my-data==0.9!x", WHEEL, target, cache)


def test_a_listed_file_that_is_gone(index: Server, target: Path, cache: Path) -> None:
    del index.bodies["/files/my_data-1.0.tar.gz"]
    assert "the server answered 404" in failure("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)


def test_a_page_that_is_no_index(index: Server, target: Path, cache: Path) -> None:
    page = '<html><head><meta name="pypi:repository-version" content="9.0"></head></html>'
    index.bodies["/simple/my-data/"] = page.encode()
    assert "not a simple index's page" in failure("pypi:my-data==1.0!x", WHEEL, target, cache)


def test_a_git_blob_id_cannot_choose_an_artifact(target: Path, cache: Path) -> None:
    wanted = one_file("pypi:my-data==1.0!x", WHEEL)
    place = wanted.places[0].model_copy(update={"sha256": None, "git_blob": "0" * 40})
    with pytest.raises(MemcurateError, match="by sha256"):
        fetch([wanted.model_copy(update={"places": [place]})], target, mirror=None, cache=cache)


def test_an_extra_index_is_asked_after_the_first(
    index: Server, closed: str, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere {index.url}/simple/")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{closed}/simple")
    fetch([one_file("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    assert content(target) == {"x.json": b"wheel"}


def test_credentials_of_the_index_are_used_and_never_told(
    index: Server, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.password = ("me", "secr@t")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secr%40t@{index.host}/simple")
    fetch([one_file("pypi:my-data==1.0!my_data/*", WHEEL)], target, mirror=None, cache=cache)
    assert content(target) == {"x.json": b"wheel"}
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:wrongword@{index.host}/simple")
    (target / "x.json").unlink()
    told = failure("pypi:my-data==1.0!*/setup.py", SDIST, target, cache)
    assert "the server answered 401" in told
    assert "wrongword" not in told


@pytest.mark.parametrize(
    ("url", "given"),
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
def test_credentials_stay_at_the_origin_of_the_index(url: str, given: bool) -> None:
    index = Index("https://one.invalid/simple", ("me", "secret"))
    assert index.auth_for(url) == (("me", "secret") if given else None)


def test_an_index_over_https_leads_to_no_file_over_http(
    server: Server, secure: Server, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor do its credentials follow."""
    filename = "my_data-1.0-py3-none-any.whl"
    server.bodies[f"/files/{filename}"] = WHEEL
    link = f'<a href="{server.url}/files/{filename}#sha256={sha256(WHEEL)}">{filename}</a>'
    secure.bodies["/simple/my-data/"] = f"<html><body>{link}</body></html>".encode()
    secure.password = ("me", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", f"https://me:secret@{secure.host}/simple")
    told = failure("pypi:my-data==1.0!my_data/*.json", WHEEL, target, cache)
    assert f"leads from https to {server.url}/files/{filename}" in told
    assert "secret" not in told
    assert not server.requests


def test_a_malformed_url_of_an_index_is_told_without_its_password(
    target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("https://me:secret@[one/simple", "https://me:secret@one.invalid:port/simple"):
        monkeypatch.setenv("PIP_INDEX_URL", url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///folder")
        told = failure("pypi:x==1!x", b"x", target, cache)
        assert "package index is malformed" in told
        assert "secret" not in told


class TestConfiguredIndexes:
    @pytest.fixture(autouse=True)
    def _bare(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        self.config = tmp_path / "pip.conf"
        monkeypatch.setenv("PIP_CONFIG_FILE", str(self.config))

    def urls(self) -> list[str]:
        return [index.url for index in indexes()]

    def test_pips_configuration(self) -> None:
        self.config.write_text(
            "[global]\nindex-url = https://main.invalid/simple\n"
            "extra-index-url = file:///folder\n    http://extra.invalid/simple\n"
        )
        assert self.urls() == ["https://main.invalid/simple", "http://extra.invalid/simple"]

    def test_the_environment_goes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config.write_text(
            "[global]\nindex-url = https://main.invalid/simple\nextra-index-url = file:///f\n"
        )
        monkeypatch.setenv("UV_INDEX_URL", "https://uv-old.invalid/simple")
        assert self.urls() == ["https://uv-old.invalid/simple"]
        monkeypatch.setenv("UV_DEFAULT_INDEX", "named=https://uv.invalid/simple")
        assert self.urls() == ["https://uv.invalid/simple"]
        monkeypatch.setenv("PIP_INDEX_URL", "https://pip.invalid/simple")
        assert self.urls() == ["https://pip.invalid/simple"]

    def test_without_pip_and_settings_it_is_the_librarys_default(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
        assert self.urls() == [pypi_simple.PYPI_SIMPLE_ENDPOINT]

    def test_folders_alone_are_told(self, monkeypatch: pytest.MonkeyPatch, target: Path, cache: Path) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "file:///folder")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///folder")
        assert "no package index with an http(s) URL" in failure("pypi:x==1!x", b"x", target, cache)
