"""What the reading room's server answers, and what it refuses."""

import random
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pipeline.browsing.database import CELLS, load
from pipeline.browsing.queries import PAGE, WORDS, Filter, found, partner
from pipeline.browsing.server import app
from pipeline.comparing.tables import KINDS
from pipeline.schema import Instance
from pipeline.storage import write_rows
from tests.browsing.making import SCRIPT, Made
from tests.questions.making import make_instance, make_question


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(app(Made(tmp_path_factory.mktemp("library"))), base_url="http://127.0.0.1:8765")


def rows(client: TestClient, **parameters: object) -> Any:
    answer = client.get("/api/rows", params={"version": "v2", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_page(client: TestClient) -> None:
    assert client.get("/api/versions").json() == {"versions": ["v2", "v1", "v0"], "kinds": list(KINDS)}
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
        ({"kind": "instances", "page": 999_999_999}, set()),
        ({"kind": "rejects", "text": "books/r"}, {"books/r"}),
        ({"kind": "instances", "text": "chats/i1"}, {"chats/i1"}),
        ({"kind": "instances", "text": "'number 2'"}, set()),
        ({"kind": "instances", "text": '"number 2: 🦉"'}, {"books/i2"}),
        ({"kind": "questions", "text": "live " * 2_000}, {"books/i2q", "chats/i0q", "chats/i1q"}),
        ({"kind": "questions", "text": "a\0b"}, set()),
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
    assert told == {
        "id": "chats/lost",
        "instance": "chats/i0",
        "source": "chats",
        "split": "train",
        "sort": "filter: not English",
        "text": "found: xx · Is this asked?",
    }


def test_the_instance_that_one_changed_to(client: TestClient) -> None:
    """As `diff` pairs them: by document and number, where neither version has the other's id."""

    def beside(version: str, identity: str, other: str) -> Any:
        answer = client.get("/api/instance", params={"version": version, "id": identity, "beside": other})
        return answer.json()["id"] if answer.status_code == 200 else answer.status_code

    assert beside("v0", "chats/i1", "v2") == "chats/j1" and beside("v2", "books/j2", "v0") == "books/i2"
    assert beside("v1", "chats/i1", "v2") == "chats/i1"
    assert beside("v0", "chats/i1", "") == beside("v0", "chats/none", "v2") == 404
    assert beside("v0", "chats/j9", "v2") == 404 and beside("v0", "chats/i1", "v9") == 400


def test_what_stands_at_the_place_of_another_that_stayed_is_no_partner(tmp_path: Path) -> None:
    """The first of three goes, so that the others move up: it has no partner, though its place is taken."""

    def version(name: str, instances: list[Instance]) -> duckdb.DuckDBPyConnection:
        write_rows(tmp_path / name, Instance, instances)
        return load([tmp_path / name], [])

    old = version("old", [make_instance(f"made/{n}", {"s": "A text."}, ordinal=n) for n in range(3)])
    new = version("new", [make_instance(f"made/{n}", {"s": "A text."}, ordinal=n - 1) for n in (1, 2)])
    assert [partner(old, new, f"made/{n}") for n in range(3)] == [None] * 3


def test_a_label_is_told_by_its_name(tmp_path: Path) -> None:
    instance = make_instance("made/i", {"s": "Hi there"}, labels=["farewell", "greeting"])
    of_label = make_question("made/q", "Which label?", ["1"])
    of_label.origin = "held-out"
    instance.questions = [of_label, make_question("made/r", "How many?", ["1"])]
    write_rows(tmp_path / "train.parquet", Instance, [instance])
    told = found(load([tmp_path / "train.parquet"], []), "questions", Filter(), 0).rows
    assert [row["text"] for row in told] == ["Which label? → 1 (greeting)", "How many? → 1"]


def test_instances_changes_episodes(client: TestClient) -> None:
    instance = client.get("/api/instance", params={"version": "v1", "id": "chats/i1"}).json()
    assert instance["questions"][0]["answers"] == ["Bonn"]
    assert client.get("/api/changes", params={"old": "v1", "new": "v2"}).json()[0]["reasons"] == [
        "seed: 1 → 2"
    ]
    (episode,) = client.get("/api/episodes").json()
    assert client.get("/api/episode", params={"id": episode["id"]}).json()["core"] == "Owls."


@pytest.mark.parametrize(
    ("status", "path", "told"),
    [
        (400, "/api/rows?version=v9&kind=chunks", "no version 'v9'"),
        (400, "/api/rows?version=v2&kind=tables", "no rows of the kind 'tables'"),
        (400, "/api/rows?version=v2&kind=chunks&least=few", "least is 'few'"),
        (400, f"/api/rows?version=v2&kind=chunks&page={'9' * 30}", "a whole number of 9 digits at most"),
        (400, f"/api/rows?version=v2&kind=chunks&most={'9' * 5_000}", "most is '9999"),
        (400, "/api/rows?version=v2&kind=chunks&page=-1", "page is '-1'"),
        (400, "/api/rows?version=v2&kind=chunks&page=", "page is ''"),
        (400, "/api/rows?version=v2&kind=chunks&page=%00", "page is "),
        (404, "/api/instance?version=v2&id=chats/none", "no instance 'chats/none'"),
        (404, "/api/reject?version=v2&id=none", "no reject 'none'"),
        (404, "/api/episode?id=none", "no episode 'none'"),
    ],
)
def test_what_is_not_there(client: TestClient, status: int, path: str, told: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status and told in answer.json()["error"]


def test_a_search_takes_so_many_words(client: TestClient) -> None:
    words = " ".join(f"word{number}" for number in range(2_000))
    answer = client.get("/api/rows", params={"version": "v2", "kind": "chunks", "text": words})
    assert answer.status_code == 400 and f"takes {WORDS} words, this one has 2,000" in answer.json()["error"]
    rows(client, kind="chunks", text=" ".join(words.split()[:WORDS]))


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
NAMES = "version kind source split sort instance least most text page id beside old new".split()


def test_odd_values_are_told_and_break_nothing(client: TestClient) -> None:
    """2,000 requests, by seed: each parameter odd, missing, repeated, or without a name."""
    draw = random.Random(18)
    quiet = TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)
    statuses: Counter[int] = Counter()
    for _ in range(2_000):
        parameters = [("version", "v2"), ("kind", draw.choice(KINDS))] if draw.random() < 0.7 else []
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
