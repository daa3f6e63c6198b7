"""The viewer's server: its JSON, and the requests that it refuses."""

import random
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from pipeline.diff.row_tables import ROW_KINDS
from pipeline.viewer.queries import MAX_SEARCH_WORDS
from pipeline.viewer.server import create_app
from tests.pipeline.viewer.factories import SCRIPT, SampleBackend


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(
        create_app(SampleBackend(tmp_path_factory.mktemp("versions"))), base_url="http://127.0.0.1:8765"
    )


def get_rows(client: TestClient, **parameters: object) -> Any:
    answer = client.get("/api/rows", params={"version": "v2", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    assert client.get("/api/versions").json() == {"versions": ["v2", "v1", "v0"], "kinds": list(ROW_KINDS)}
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
        ({"kind": "rejects", "category": "filter: not English"}, {"chats/lost"}),
        ({"kind": "rejects", "text": "asked"}, {"chats/lost"}),
        ({"kind": "rejects", "min_length": 1}, {"chats/lost"}),
        ({"kind": "instances", "text": "'; drop table instances; --"}, set()),
        ({"kind": "instances", "page": 9}, set()),
        ({"kind": "instances", "page": 999_999_999}, set()),
        ({"kind": "rejects", "text": "books/r"}, {"books/r"}),
        ({"kind": "instances", "text": "chats/i1"}, {"chats/i1"}),
        ({"kind": "instances", "text": "'number 2'"}, set()),
        ({"kind": "instances", "text": '"number 2: 🦉"'}, {"books/i2"}),
        ({"kind": "questions", "text": "live " * 2_000}, {"books/i2q", "chats/i0q", "chats/i1q"}),
        ({"kind": "questions", "text": "a\0b"}, set()),
    ],
)
def test_rows_match_filters_and_search(
    client: TestClient, parameters: dict[str, object], ids: set[str]
) -> None:
    assert {row["id"] for row in get_rows(client, **parameters)["rows"]} == ids


def test_facets_count_what_another_value_would_give(client: TestClient) -> None:
    facets = get_rows(client, kind="questions", source="chats")["facets"]
    assert facets == {
        "source": {"books": 1, "chats": 2},
        "split": {"test": 1, "train": 1},
        "category": {"source": 2},
    }


def test_a_reject_has_its_whole_text(client: TestClient) -> None:
    (reject,) = client.get("/api/reject", params={"version": "v2", "id": "chats/lost"}).json()
    assert reject == {
        "id": "chats/lost",
        "instance": "chats/i0",
        "source": "chats",
        "split": "train",
        "category": "filter: not English",
        "text": "found: xx · Is this asked?",
    }


def test_a_changed_instance_is_found_by_its_old_id(client: TestClient) -> None:
    """Bar: paired as in `memcurate diff`, by document and index, where neither version has the other's id."""

    def find_instance(version: str, identity: str, other: str) -> Any:
        parameters = {"version": version, "id": identity, "other_version": other}
        answer = client.get("/api/instance", params=parameters)
        return answer.json()["id"] if answer.status_code == 200 else answer.status_code

    assert (
        find_instance("v0", "chats/i1", "v2") == "chats/j1"
        and find_instance("v2", "books/j2", "v0") == "books/i2"
    )
    assert find_instance("v1", "chats/i1", "v2") == "chats/i1"
    assert find_instance("v0", "chats/i1", "") == find_instance("v0", "chats/none", "v2") == 404
    assert find_instance("v0", "chats/j9", "v2") == 404 and find_instance("v0", "chats/i1", "v9") == 400


def test_instances_changes_and_episodes_are_the_backends(client: TestClient) -> None:
    instance = client.get("/api/instance", params={"version": "v1", "id": "chats/i1"}).json()
    assert instance["questions"][0]["answers"] == ["Bonn"]
    assert client.get("/api/changes", params={"old": "v1", "new": "v2"}).json()[0]["reasons"] == [
        "seed: 1 → 2"
    ]
    (episode,) = client.get("/api/episodes").json()
    assert client.get("/api/episode", params={"id": episode["id"]}).json()["core"] == "Owls."


@pytest.mark.parametrize(
    ("status", "path", "message"),
    [
        (400, "/api/rows?version=v9&kind=chunks", "no version 'v9'"),
        (400, "/api/rows?version=v2&kind=tables", "no rows of the kind 'tables'"),
        (400, "/api/rows?version=v2&kind=chunks&min_length=few", "min_length is 'few'"),
        (400, f"/api/rows?version=v2&kind=chunks&page={'9' * 30}", "a whole number of 9 digits at most"),
        (400, f"/api/rows?version=v2&kind=chunks&max_length={'9' * 5_000}", "max_length is '9999"),
        (400, "/api/rows?version=v2&kind=chunks&page=-1", "page is '-1'"),
        (400, "/api/rows?version=v2&kind=chunks&page=", "page is ''"),
        (400, "/api/rows?version=v2&kind=chunks&page=%00", "page is "),
        (404, "/api/instance?version=v2&id=chats/none", "no instance 'chats/none'"),
        (404, "/api/reject?version=v2&id=none", "no reject 'none'"),
        (404, "/api/episode?id=none", "no episode 'none'"),
    ],
)
def test_an_error_names_what_was_not_found_or_malformed(
    client: TestClient, status: int, path: str, message: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status and message in answer.json()["error"]


def test_a_search_takes_a_limited_number_of_words(client: TestClient) -> None:
    words = " ".join(f"word{number}" for number in range(2_000))
    answer = client.get("/api/rows", params={"version": "v2", "kind": "chunks", "text": words})
    assert (
        answer.status_code == 400
        and f"has 2,000 different words, a search takes at most {MAX_SEARCH_WORDS}" in answer.json()["error"]
    )
    get_rows(client, kind="chunks", text=" ".join(words.split()[:MAX_SEARCH_WORDS]))


ODD = ["", " ", "0", "-1", "1.5", "1e9", "٣", "²", "9" * 9, "9" * 10, "9" * 30, "9" * 5_000, "true", "null"]
ODD += [
    "\0",
    "a\0b",
    "\n",
    "\r\n",
    "\t",
    "\x1b[2J",
    "é",
    "🦉",
    "\u202e",
    "\ufeff",
    "\ufffd",
    "e\u0301",
    "x" * 5_000,
]
ODD += [
    "'",
    '"',
    '""',
    '"a',
    "%",
    "_",
    ";",
    "--",
    "'; DROP TABLE chunks; --",
    "$1",
    "?",
    "{}",
    "[]",
    "../..",
    "<b>",
]
GOOD = ["v2", "v0", "chunks", "rejects", "chats", "train", "chats/i0", "chats/lost", "scripted:chats/i1", "1"]
PATHS = ["rows", "reject", "instance", "changes", "episodes", "episode", "versions", "none"]
NAMES = "version kind source split category instance min_length max_length text page".split()
NAMES += "id other_version old new".split()


def test_odd_values_are_errors_and_break_nothing(client: TestClient) -> None:
    """Bar: 2,000 seeded requests, whose parameters are odd, missing, repeated, or without a name."""
    draw = random.Random(18)
    quiet = TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)
    statuses: Counter[int] = Counter()
    for _ in range(2_000):
        parameters = [("version", "v2"), ("kind", draw.choice(ROW_KINDS))] if draw.random() < 0.7 else []
        for _ in range(draw.randrange(5)):
            name = draw.choice([*NAMES, draw.choice(ODD)])
            parameters.append((name, draw.choice(ODD if draw.random() < 0.7 else GOOD)))
        query = urlencode(parameters)
        if draw.random() < 0.1:
            query += draw.choice(
                ["&text=%", "&text=%ff%fe", "&page=%GG", "&&&=", "&id=%ed%a0%80", "&" + "a" * 100]
            )
        answer = quiet.get(f"/api/{draw.choice(PATHS)}?{query}")
        statuses[answer.status_code] += 1
        assert answer.status_code in (200, 400, 404), (query, answer.text)
        if answer.status_code == 400:
            assert answer.json()["error"]
    assert min(statuses[status] for status in (200, 400, 404)) > 100


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
