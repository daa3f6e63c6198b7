"""What a server says went wrong, by its status or inside a reply of status 200."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from pipeline.endpoint.server_errors import ServerError, reported_error
from pipeline.endpoint.transport import Reply


def reported(body: Any, status: int = 200, **headers: str) -> ServerError | None:
    return reported_error(Reply(status, headers, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "status", "words", "no_credit"),
    [
        ({"error": {"message": "Insufficient credits", "code": 402}}, 402, "Insufficient credits", True),
        ({"error": {"message": "Insufficient Balance"}}, 500, "Insufficient Balance", True),
        ({"error": {"message": "a", "code": "insufficient_quota"}}, 500, "a (insufficient_quota)", True),
        ({"error": {"message": "a", "type": "insufficient_quota"}}, 500, "a (insufficient_quota)", True),
        ({"error": {"message": "slow down", "code": "429"}}, 429, "slow down (429)", False),
        (
            {"error": {"message": "a", "type": "invalid_request_error"}},
            400,
            "a (invalid_request_error)",
            False,
        ),
        ({"error": {"message": "a", "code": ["b"], "status": 503}}, 503, "a", False),
        ({"error": {"message": "a", "code": 7}}, 500, "a", False),
        ({"error": {"message": "a", "code": True}}, 500, "a", False),
        ({"error": {"message": {"b": 1}}}, 500, '{"message": {"b": 1}}', False),
        ({"error": "the engine restarts"}, 500, "the engine restarts", False),
        ({"error": ["a"]}, 500, '["a"]', False),
        ({"error": True}, 500, "true", False),
        ([{"error": {"code": 400, "message": "a"}}], 400, "a", False),
        ({"object": "error", "message": "a", "code": 404}, 404, "a", False),
        ({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "a"}}]}, 502, "a", False),
        ({"choices": [], "error": {"message": "half \ud83d"}}, 500, "half \ufffd", False),
    ],
)
def test_errors_inside_a_reply(body: Any, status: int, words: str, no_credit: bool) -> None:
    error = reported(body)
    assert error is not None
    assert (error.status, error.words, error.no_credit) == (status, words, no_credit)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        7,
        None,
        "a",
        {"choices": []},
        {"choices": [{"error": None}], "error": None},
        {"error": {}},
        [{}],
    ],
)
def test_no_error(body: Any) -> None:
    assert reported(body) is None


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (500, b"", "nothing"),
        (502, b"<html>Bad gateway", "<html>Bad gateway"),
        (500, b"\xff\xfe", "\ufffd\ufffd"),
        (422, b'{"detail": "no such field"}', "no such field"),
        (422, b'{"detail": [{"loc": 1}]}', '[{"loc": 1}]'),
        (500, b'{"message": "half \\ud83d"}', "half \ufffd"),
        (500, b"[" * 10_000, "[" * 10_000),
    ],
)
def test_the_words_of_an_error_status(status: int, content: bytes, words: str) -> None:
    error = reported_error(Reply(status, {}, content))
    assert error is not None and (error.status, error.words) == (status, words)


def test_a_redirect_says_where_to() -> None:
    error = reported_error(Reply(308, {"Location": "https://elsewhere/v1"}, b""))
    assert error is not None and error.words == "a redirect to https://elsewhere/v1, which is not followed"


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        *(("2", 2.0), ("0.5", 0.5), (" 7 ", 7.0), ("86400", 86400.0)),
        *(
            (number, None)
            for number in ("0", "-1", "nan", "inf", "1e400", "1e3", "1_0", "٣", "1,5", "9" * 5000)
        ),
        *((words, None) for words in ("", "soon", "Fri, 99 Foo", "Fri, 31 Dec 1999 23:59:59 GMT")),
        *((date, None) for date in ("Fri, 31 Dec 99999 23:59:59 GMT", "Sat, 01 Jan 0001 00:00:00 -2359")),
        ("Mon, 01 Jan 2024 00:00:00 +9999999999", None),
    ],
)
def test_the_wait_that_a_server_names(value: str, wait: float | None) -> None:
    error = reported({}, 429, **{"retry-after": value})
    assert error is not None and error.wait == wait


def test_a_wait_until_a_date() -> None:
    date = datetime.now(UTC) + timedelta(seconds=90)
    error = reported({}, 429, **{"retry-after": format_datetime(date, usegmt=True)})
    assert error is not None and error.wait is not None and 80 < error.wait <= 90
    far = reported({}, 429, **{"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"})
    assert far is not None and far.wait is not None and far.wait > 10**9  # not waited for: see client


def test_a_wait_in_milliseconds_goes_first() -> None:
    error = reported({}, 429, **{"retry-after-ms": "250", "retry-after": "10"})
    assert error is not None and error.wait == 0.25
