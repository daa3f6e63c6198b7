"""The environment: what it may say, and that a key goes nowhere but to the server."""

import logging
from pathlib import Path

import pytest

from pipeline.endpoint.answers import AnswerCache
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
