"""The environment: what it may say, and that a key goes nowhere but to the server."""

import logging
from base64 import b64encode
from pathlib import Path

import pytest

from pipeline.endpoint.answers import AnswerCache
from pipeline.endpoint.asking import Asker
from pipeline.endpoint.settings import from_environment
from pipeline.errors import MemcurateError
from tests.endpoint.conftest import HOW, ask, items
from tests.endpoint.faults import reply, serving

KEY = "sk-very-secret-0123456789"


def test_wrong_values_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_AT_ONCE", "many")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replai")
    with pytest.raises(MemcurateError, match=r"MODE: .*ask.*replay.*; MEMCURATE_ENDPOINT_AT_ONCE: "):
        from_environment()


def test_a_cost_needs_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_COST", "1")
    with pytest.raises(MemcurateError, match="MAX_COST needs MEMCURATE_ENDPOINT_PRICE_IN"):
        from_environment()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", "")
    assert from_environment().url is None


def test_an_address_is_shown_without_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", "http://me:secret@127.0.0.1:8000/v1?key=secret")
    assert from_environment().server == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "127.0.0.1:8000/v1",
            "localhost:8000",
            "example.com/v1",
            "//example.com",
            "ftp://example.com",
            "v1",
        ),
        *("http://", "http:///v1", "http://:80", "http://a:99999", "http://a:0", "http://a:b", "http://[a"),
        *(
            "http://a b/v1",
            "http://a/v 1",
            "http://a\n",
            "http://a/\tv1",
            " http://a",
            "http://a\x1b",
            "http://me:p\n@a",
        ),
    ],
)
def test_an_address_that_is_none_is_refused_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", url)
    with pytest.raises(
        MemcurateError, match=r"^MEMCURATE_ENDPOINT_URL: .*http://127.0.0.1:8000/v1"
    ) as caught:
        Asker()
    assert "me:p" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["sk-a\n", "\nsk-a", "sk a", "Bearer sk-a", "sk-é", "sk-\u200b", "sk-\x7f", "sk-\udc80"]
)
def test_a_key_that_no_header_holds_is_refused_at_once(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", key)
    with pytest.raises(MemcurateError, match=r"^MEMCURATE_ENDPOINT_KEY: character \d of it is ") as caught:
        Asker()
    assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["TIMEOUT", "PER_MINUTE", "MAX_COST", "PRICE_IN"])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999"])
def test_a_number_that_bounds_nothing(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"MEMCURATE_ENDPOINT_{name}", value)
    with pytest.raises(MemcurateError, match=f"MEMCURATE_ENDPOINT_{name}"):
        from_environment()


def test_user_and_password_of_the_address_are_sent_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url.replace("//", "//me:very%20secret@"))
        assert all(one.reply for one in ask(items(2), HOW, "items"))
        assert server.headers[0]["authorization"] == f"Basic {b64encode(b'me:very secret').decode()}"
        server.choose = lambda message, before: "401"
        with pytest.raises(MemcurateError, match="refuses the key") as caught:
            ask(items(2, 10), HOW, "items")
    told = str(caught.value) + caplog.text + repr(from_environment())
    assert "very secret" not in told and "very%20secret" not in str(caught.value) + caplog.text
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", KEY)
    with pytest.raises(MemcurateError, match=r"URL holds a user or password, and .*KEY is set too"):
        from_environment()


@pytest.mark.parametrize("fault", ["answer", "400", "401", "404", "429", "refusal"])
def test_the_key_goes_nowhere_but_to_the_server(
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not even where the server repeats it in its errors, refusals and answers."""

    def repeating(kind: str, message: str) -> tuple[int, str, str]:
        status, extra, body = reply(kind, message)
        for said in ("broken", "I will not", "too fast", '\\"answer\\": \\"'):
            body = body.replace(said, said + KEY)
        return status, extra, body

    monkeypatch.setattr("tests.endpoint.faults.reply", repeating)
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    told = ""
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        try:
            told = str(ask(items(2), HOW, "items"))
        except MemcurateError as error:
            told = str(error)
        assert all(one["authorization"] == f"Bearer {KEY}" for one in server.headers)
        assert server.headers
    kept = str(list(AnswerCache(tmp_path / "answers.sqlite")))
    written = b"".join(path.read_bytes() for path in tmp_path.glob("answers.sqlite*"))
    printed = capfd.readouterr()
    assert KEY not in told + kept + caplog.text + printed.out + printed.err
    assert KEY.encode() not in written
    assert KEY not in repr(from_environment())


def test_a_key_that_is_none_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers without keys are asked with words such as these."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "none")
    with serving(lambda message, before: '{"answer": "none of them"}') as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (outcome,) = ask(items(1), HOW, "items")
    assert outcome.reply is not None and outcome.reply.answer == "none of them"
