"""Downloads: complete bodies, redirects that stay with https, and minimum rates."""

import time
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation
from pipeline.fetching import https
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import download, make_session
from pipeline.fetching.pinning import resolve_pin
from tests.pipeline.fetching.conftest import Server


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


def test_an_error_status_is_unreachable(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"the server answered 404 Not Found$"):
        download(f"{server.url}/x", tmp_path / "part")


def test_no_connection_is_unreachable(closed: str, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="Connection refused"):
        download(f"http://{closed}/x", tmp_path / "part")


def test_a_malformed_url_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        download("http://bad..host/x", tmp_path / "part")


def test_https_is_not_left_for_http(server: Server, secure: Server, tmp_path: Path) -> None:
    """This holds for the first and later redirects, whatever the form of their address."""
    server.bodies["/x"] = b"x"
    secure.redirects |= {"/x": f"{server.url}/x", "/first": "/x", "/upper": f"HTTP://{server.host}/x"}
    for path in ("/x", "/first", "/upper"):
        with pytest.raises(UnreachableError, match=f"(?i){secure.url}/.* leads from https to http:"):
            download(f"{secure.url}{path}", tmp_path / "part")
    with pytest.raises(MemcurateError, match=r"cannot be pinned: .* leads from https to http"):
        resolve_pin(FileLocation(locator=f"{secure.url}/first"))
    assert not server.requests


def test_redirects_that_stay_with_https_are_followed(server: Server, secure: Server, tmp_path: Path) -> None:
    secure.bodies["/x"] = b"x"
    secure.redirects |= {"/relative": "/x", "/host": f"//{secure.host}/x", "/whole": f"{secure.url}/x"}
    server.redirects["/up"] = f"{secure.url}/x"
    for url in (*(f"{secure.url}{path}" for path in secure.redirects), f"{server.url}/up"):
        download(url, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == b"x"


def test_endless_redirects_are_unreachable(secure: Server, tmp_path: Path) -> None:
    secure.redirects["/x"] = "/x"
    with pytest.raises(UnreachableError, match="redirects"):
        download(f"{secure.url}/x", tmp_path / "part")


def test_a_body_that_trickles_in_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "RATE_WINDOW_SECONDS", 0.5)
    server.bodies["/x"] = b"x" * 10_000
    server.drips.add("/x")
    started = time.monotonic()
    with pytest.raises(UnreachableError, match=rf"given up, because {server.url}/x sent \d+ bytes in 1 s"):
        download(f"{server.url}/x", tmp_path / "part")
    with (
        make_session() as session,
        pytest.raises(https.RefusedResponseError, match=f"given up, because {server.url}/x"),
    ):
        session.get(f"{server.url}/x", timeout=https.TIMEOUT)
    assert time.monotonic() - started < 10


def test_a_slow_body_of_few_bytes_arrives(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "RATE_WINDOW_SECONDS", 0.2)
    monkeypatch.setattr(https, "MIN_BYTES_PER_WINDOW", 1)
    server.bodies["/x"] = b"x" * 40
    server.drips.add("/x")
    download(f"{server.url}/x", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"x" * 40


def test_headers_that_trickle_in_are_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "RESPONSE_TIMEOUT", 0.5)
    server.stalls.add("/x")
    with pytest.raises(
        UnreachableError, match=rf"no response in time \(none of {server.url}/x after 0.5 s\)"
    ):
        download(f"{server.url}/x", tmp_path / "part")


def test_a_response_over_the_limit_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "MAX_RESPONSE_BYTES", 1_000)
    server.bodies |= {"/x": b"x" * 1_001, "/y": b"y" * 1_000}
    with make_session() as session:
        assert session.get(f"{server.url}/y", timeout=https.TIMEOUT).content == b"y" * 1_000
        with pytest.raises(https.RefusedResponseError, match=f"{server.url}/x has over 1,000 bytes"):
            session.get(f"{server.url}/x", timeout=https.TIMEOUT)
