"""Errors that a server reports, by its status or inside a reply of status 200."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import tzset
from typing import Any

import pytest

from pipeline.llm.server_errors import ServerError, parse_error
from pipeline.llm.transport import HttpResponse


def parse_json(body: Any, status: int = 200, **headers: str | list[str]) -> ServerError | None:
    values = {name: [value] if isinstance(value, str) else value for name, value in headers.items()}
    return parse_error(HttpResponse(status, values, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "status", "message", "is_out_of_credit"),
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
def test_an_error_inside_a_reply_has_its_status_and_message(
    body: Any, status: int, message: str, is_out_of_credit: bool
) -> None:
    error = parse_json(body)
    assert error is not None
    assert (error.status, error.message, error.is_out_of_credit) == (status, message, is_out_of_credit)


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
def test_a_body_without_an_error_reports_none(body: Any) -> None:
    assert parse_json(body) is None


@pytest.mark.parametrize(
    ("status", "content", "message"),
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
def test_an_error_status_without_an_error_object_has_the_body_as_message(
    status: int, content: bytes, message: str
) -> None:
    error = parse_error(HttpResponse(status, {}, content))
    assert error is not None and (error.status, error.message) == (status, message)


def test_the_message_of_a_redirect_has_its_target() -> None:
    error = parse_error(HttpResponse(308, {"location": ["https://elsewhere/v1"]}, b""))
    assert error is not None and error.message == "a redirect to https://elsewhere/v1, which is not followed"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("2", 2.0), ("0.5", 0.5), (" 7 ", 7.0), ("86400", 86400.0)),
        *(
            (number, None)
            for number in ("0", "-1", "nan", "inf", "1e400", "1e3", "1_0", "٣", "1,5", "9" * 5000)
        ),
        *((words, None) for words in ("", "soon", "Fri, 99 Foo", "Fri, 31 Dec 1999 23:59:59 GMT")),
        *((date, None) for date in ("Fri, 31 Dec 99999 23:59:59 GMT", "Sat, 01 Jan 0001 00:00:00 -2359")),
        ("Mon, 01 Jan 2024 00:00:00 +9999999999", None),
        *((number, None) for number in ("5s", "+5", ".5", "5.", "-0.5", "5 10", "1" * 19)),
        ("999999999999999999", 999999999999999999.0),
    ],
)
def test_retry_after_is_parsed(value: str, seconds: float | None) -> None:
    error = parse_json({}, 429, **{"retry-after": value})
    assert error is not None and error.retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    date = datetime.now(UTC) + timedelta(seconds=90)
    error = parse_json({}, 429, **{"retry-after": format_datetime(date, usegmt=True)})
    assert error is not None and error.retry_after is not None and 80 < error.retry_after <= 90
    far = parse_json({}, 429, **{"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"})
    assert (
        far is not None and far.retry_after is not None and far.retry_after > 10**9
    )  # the client does not wait so long


def test_retry_after_in_milliseconds_takes_precedence() -> None:
    error = parse_json({}, 429, **{"retry-after-ms": "250", "retry-after": "10"})
    assert error is not None and error.retry_after == 0.25


@pytest.mark.parametrize(
    ("ms", "values", "seconds"),
    [
        ([], ["1", "120", "soon"], 120.0),
        ([], ["-5", "0"], None),
        (["0"], ["10"], None),
        (["-250"], ["10"], 10.0),
        (["", "250.5"], ["10"], 0.2505),
    ],
)
def test_of_several_waits_the_longest_counts(ms: list[str], values: list[str], seconds: float | None) -> None:
    error = parse_json({}, 429, **{"retry-after-ms": ms, "retry-after": values})
    assert error is not None and error.retry_after == seconds


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Sat, 01 Jan 2000 01:59:59 +0200",
        "Fri, 31 Dec 1999 18:59:59 EST",
        "Friday, 31-Dec-99 23:59:59 GMT",
        "Fri Dec 31 23:59:59 1999",
        "Fri, 31 Dec 1999 23:59:59 -0000",
        "Fri, 31 Dec 1999 23:59:59",
    ],
)
def test_a_date_is_compared_with_the_servers_own_time(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is off, and the zone of this machine, change nothing."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    tzset()
    try:
        headers = {"date": "Fri, 31 Dec 1999 23:58:59 GMT", "retry-after": date}
        error = parse_json({}, 429, **headers)
        assert error is not None and error.retry_after == 60
    finally:
        monkeypatch.undo()
        tzset()
