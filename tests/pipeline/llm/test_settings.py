"""Environment variables of the endpoint: valid values, and that the key goes only to the server."""

import logging
from base64 import b64encode
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.llm import request_retries
from pipeline.llm.client import LLMClient
from pipeline.llm.response_cache import ResponseCache
from pipeline.llm.settings import load_settings
from tests.pipeline.llm.factories import MODEL, make_jobs, run_jobs
from tests.pipeline.llm.fault_replies import reply
from tests.pipeline.llm.fault_server import serving

KEY = "sk-very-secret-0123456789"


def test_the_error_names_each_wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_CONCURRENCY", "many")
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MODE", "replai")
    with pytest.raises(MemcurateError, match=r"MODE: .*ask.*replay.*; MEMCURATE_ENDPOINT_MAX_CONCURRENCY: "):
        load_settings()


def test_max_cost_needs_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_MAX_COST", "1")
    with pytest.raises(MemcurateError, match="MAX_COST needs MEMCURATE_ENDPOINT_PRICE_IN"):
        load_settings()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", "")
    assert load_settings().url is None


def test_the_public_url_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    # pragma: allowlist nextline secret
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", "http://me:secret@127.0.0.1:8000/v1?key=secret")
    assert load_settings().public_url == "http://127.0.0.1:8000/v1"


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
            # pragma: allowlist nextline secret
            "http://me:p\n@a",
        ),
    ],
)
def test_an_invalid_address_is_refused_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", url)
    with pytest.raises(
        MemcurateError, match=r"^MEMCURATE_ENDPOINT_URL: .*http://127.0.0.1:8000/v1"
    ) as caught:
        LLMClient()
    assert "me:p" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["sk-a\n", "\nsk-a", "sk a", "Bearer sk-a", "sk-é", "sk-\u200b", "sk-\x7f", "sk-\udc80"]
)
def test_a_key_that_does_not_fit_into_a_header_is_refused_at_once(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", key)
    with pytest.raises(MemcurateError, match=r"^MEMCURATE_ENDPOINT_KEY: character \d of it is ") as caught:
        LLMClient()
    assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["TIMEOUT", "REQUESTS_PER_MINUTE", "MAX_COST", "PRICE_IN"])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999"])
def test_a_limit_that_is_not_finite_and_positive_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MEMCURATE_ENDPOINT_{name}", value)
    with pytest.raises(MemcurateError, match=f"MEMCURATE_ENDPOINT_{name}"):
        load_settings()


def test_credentials_in_the_address_are_sent_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving() as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url.replace("//", "//me:very%20secret@"))
        assert all(one.reply for one in run_jobs(make_jobs(2), MODEL, "items"))
        assert server.headers[0]["authorization"] == f"Basic {b64encode(b'me:very secret').decode()}"
        server.choose = lambda message, before: "401"
        with pytest.raises(MemcurateError, match="refuses the key") as caught:
            run_jobs(make_jobs(2, 10), MODEL, "items")
    shown = str(caught.value) + caplog.text + repr(load_settings())
    assert "very secret" not in shown and "very%20secret" not in str(caught.value) + caplog.text
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", KEY)
    with pytest.raises(MemcurateError, match=r"URL holds a user or password, and .*KEY is set too"):
        load_settings()


@pytest.mark.parametrize("fault", ["answer", "400", "401", "404", "429", "refusal"])
def test_the_key_goes_only_to_the_server(
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not even where the server repeats it in its errors, refusals and answers."""

    def reply_with_key(kind: str, message: str) -> tuple[int, str, str]:
        status, extra, body = reply(kind, message)
        for words in ("broken", "I will not", "too fast", '\\"answer\\": \\"'):
            body = body.replace(words, words + KEY)
        return status, extra, body

    monkeypatch.setattr("tests.pipeline.llm.fault_server.reply", reply_with_key)
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", KEY)
    monkeypatch.setattr(request_retries, "MAX_RETRY_AFTER", 0.1)  # the longest time of 429s alone
    caplog.set_level(logging.DEBUG)
    shown = ""
    with serving(lambda message, before: fault) as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        try:
            shown = str(run_jobs(make_jobs(2), MODEL, "items"))
        except MemcurateError as error:
            shown = str(error)
        assert all(one["authorization"] == f"Bearer {KEY}" for one in server.headers)
        assert server.headers
    cached = str(list(ResponseCache(tmp_path / "answers.sqlite")))
    written = b"".join(path.read_bytes() for path in tmp_path.glob("answers.sqlite*"))
    printed = capfd.readouterr()
    assert KEY not in shown + cached + caplog.text + printed.out + printed.err
    assert KEY.encode() not in written
    assert KEY not in repr(load_settings())


def test_a_short_key_is_not_removed_from_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers without keys get placeholders such as `none`."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_KEY", "none")
    with serving(lambda message, before: '{"answer": "none of them"}') as server:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", server.url)
        (result,) = run_jobs(make_jobs(1), MODEL, "items")
    assert result.reply is not None and result.reply.answer == "none of them"
