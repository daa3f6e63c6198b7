from pathlib import Path

import pytest

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import download
from tests.fetching.conftest import Server


def test_bytes_arrive_as_they_are_stored(server: Server, tmp_path: Path) -> None:
    body = bytes(range(256)) * 10_000
    server.bodies["/x.gz"] = body
    download(f"{server.url}/x.gz", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == body
    assert server.headers["/x.gz"]["Accept-Encoding"] == "identity"


def test_a_body_that_ends_early_is_unreachable(server: Server, tmp_path: Path) -> None:
    server.bodies["/x"] = b"x" * 100_000
    server.cut.add("/x")
    with pytest.raises(UnreachableError, match="no connection, or it broke"):
        download(f"{server.url}/x", tmp_path / "part")


def test_a_refusal_is_unreachable(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"the server answered 404 Not Found$"):
        download(f"{server.url}/x", tmp_path / "part")


def test_no_connection_is_unreachable(closed: str, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="Connection refused"):
        download(f"http://{closed}/x", tmp_path / "part")


def test_a_url_that_is_none_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        download("http://bad..host/x", tmp_path / "part")
