"""What the reading room's server answers, and what it refuses."""

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pipeline.browsing.database import CELLS
from pipeline.browsing.queries import PAGE, Filter, found
from pipeline.browsing.server import app
from pipeline.comparing.tables import KINDS
from tests.browsing.making import SCRIPT, Made


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(app(Made(tmp_path_factory.mktemp("library"))), base_url="http://127.0.0.1:8765")


def rows(client: TestClient, **parameters: object) -> Any:
    answer = client.get("/api/rows", params={"version": "v2", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_page(client: TestClient) -> None:
    assert client.get("/api/versions").json() == {"versions": ["v2", "v1"], "kinds": list(KINDS)}
    for path in ("/", "/page.js", "/page.css"):
        answer = client.get(path)
        assert answer.status_code == 200 and len(answer.text) > 500
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "http://" not in answer.text and "https://" not in answer.text


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({"kind": "questions"}, {"books/i2q", "chats/i0q", "chats/i1q"}),
        ({"kind": "questions", "source": "chats", "split": "test"}, {"chats/i1q"}),
        ({"kind": "questions", "text": "LIVE lima"}, {"chats/i1q"}),
        ({"kind": "chunks", "text": '"of rome"'}, {"chats/i0/1"}),
        ({"kind": "chunks", "text": SCRIPT.replace(" ", "")}, set()),
        ({"kind": "rejects", "sort": "filter: not English"}, {"chats/lost"}),
        ({"kind": "rejects", "text": "asked"}, {"chats/lost"}),
        ({"kind": "rejects", "least": 1}, {"chats/lost"}),
        ({"kind": "instances", "text": "'; drop table instances; --"}, set()),
        ({"kind": "instances", "page": 9}, set()),
    ],
)
def test_rows(client: TestClient, parameters: dict[str, object], ids: set[str]) -> None:
    assert {row["id"] for row in rows(client, **parameters)["rows"]} == ids


def test_facets_count_what_another_value_would_give(client: TestClient) -> None:
    facets = rows(client, kind="questions", source="chats")["facets"]
    assert facets == {
        "source": {"books": 1, "chats": 2},
        "split": {"test": 1, "train": 1},
        "sort": {"carried": 2},
    }


def test_a_reject_is_told_whole(client: TestClient) -> None:
    (told,) = client.get("/api/reject", params={"version": "v2", "id": "chats/lost"}).json()
    assert told == {"sort": "filter: not English", "text": "found: xx · Is this asked?"}


def test_instances_changes_episodes(client: TestClient) -> None:
    instance = client.get("/api/instance", params={"version": "v1", "id": "chats/i1"}).json()
    assert instance["questions"][0]["answers"] == ["Bonn"]
    assert client.get("/api/changes", params={"old": "v1", "new": "v2"}).json()[0]["reasons"] == [
        "seed: 1 → 2"
    ]
    (episode,) = client.get("/api/episodes").json()
    assert client.get("/api/episode", params={"id": episode["id"]}).json()["core"] == "Owls."


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/rows?version=v9&kind=chunks", "no version 'v9'"),
        ("/api/rows?version=v2&kind=tables", "no rows of the kind 'tables'"),
        ("/api/rows?version=v2&kind=chunks&least=few", "least is 'few'"),
        ("/api/instance?version=v2&id=chats/none", "no instance 'chats/none'"),
        ("/api/episode?id=none", "no episode 'none'"),
    ],
)
def test_what_is_not_there(client: TestClient, path: str, told: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400 and told in answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/x", "/page.html", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/api/"]
)
def test_other_paths_are_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_writing_is_refused(client: TestClient, method: str) -> None:
    for path in ("/", "/api/rows", "/api/instance"):
        assert client.request(method, path).status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1]:8765", ""])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/versions", headers={"host": host}).status_code == 400


@settings(deadline=None)  # a database for each
@given(st.lists(st.integers(0, 300), max_size=30), st.integers(0, 2))
def test_bins_hold_every_length(lengths: list[int], page: int) -> None:
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE chunks (id VARCHAR, instance VARCHAR, source VARCHAR, split VARCHAR, sort VARCHAR, "
        "ordinal INTEGER, length INTEGER, text VARCHAR)"
    )
    database.execute(
        "INSERT INTO chunks SELECT n, 'i', 's', 'train', NULL, 0, n, '' FROM unnest($1) AS lengths(n)",
        [lengths],
    )
    database.execute(f"CREATE TABLE chunks_cells AS {CELLS.format(kind='chunks')} GROUP BY ALL")
    result = found(database, "chunks", Filter(), page)
    assert result.total == sum(count for _, _, count in result.lengths) == len(lengths)
    assert len(result.rows) == max(min(len(lengths) - PAGE * page, PAGE), 0)
    for low, high, count in result.lengths:
        assert count == sum(low <= length <= high for length in lengths)
