"""Parse the bodies of replies: nothing in them is trusted."""

import json
from typing import Any

import pytest

from pipeline.llm.chat_completions import TRUNCATED, InvalidCompletionError, parse_completion
from pipeline.llm.requests import Request

REQUEST = Request("m", "1", [{"role": "user", "content": "a"}], 0.5, 10)


def make_body(finish: Any = "stop", usage: Any = None, **message: Any) -> bytes:
    fields = {"role": "assistant", **message}
    return json.dumps({"choices": [{"finish_reason": finish, "message": fields}], "usage": usage}).encode()


def parse(content: bytes) -> tuple[str | None, str | None, str | None]:
    """Return (text, detail, reason to retry)."""
    completion = parse_completion(REQUEST, content, 0.1)
    return completion.response.text, completion.response.detail, completion.retry_reason


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("kite", "kite"),
        (" kite\n", "kite"),
        ([{"type": "text", "text": "ki"}, {"type": "text", "text": "te"}], "kite"),
        (
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
                {"type": "text", "text": "kite"},
            ],
            "kite",
        ),
        ([{"type": "reasoning", "text": "a"}, {"type": "output_text", "text": "kite"}], "kite"),
        (["ki", {"text": "te"}], "kite"),
        ({"type": "text", "text": "kite"}, "kite"),
        ("a happy day \ud83d", "a happy day \ufffd"),
        ("a kite \ud83d\ude80", "a kite 🚀"),
    ],
)
def test_the_text_parts_of_content_are_joined(content: Any, text: str) -> None:
    assert parse(make_body(content=content)) == (text, None, None)


@pytest.mark.parametrize(
    "content",
    [
        7,
        True,
        1.5,
        {"a": 1},
        [7],
        [None],
        [{"type": "image_url", "image_url": "x"}],
        [{"type": "text", "text": None}],
        [{"type": ["text"], "text": "a"}],
        [{"type": {}, "text": "a"}],
        [{"type": "text", "text": {"value": "a"}}],
    ],
    ids=json.dumps,
)
def test_content_that_is_not_text_is_invalid(content: Any) -> None:
    with pytest.raises(InvalidCompletionError, match="content that is not text"):
        parse(make_body(content=content))


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        ([{"function": {"name": "a", "arguments": "{}"}}], '{"name": "a", "arguments": "{}"}'),
        (
            [{"function": {"name": "a", "arguments": {"b": "\ud83d"}}}],
            '{"name": "a", "arguments": {"b": "\\ufffd"}}',
        ),
        ([{"function": {"name": "a"}}], '{"name": "a", "arguments": null}'),
        ([{"name": "a", "arguments": "{}"}], '{"name": "a", "arguments": "{}"}'),
        ({"function": {"name": "a", "arguments": "{}"}}, '{"name": "a", "arguments": "{}"}'),
        ([{"function": None}], "null"),
        ([None], "null"),
        ([{"custom": {"name": "a"}}], '{"custom": {"name": "a"}}'),
        ("a", '"a"'),
    ],
)
def test_native_tool_calls_of_any_shape_become_text(calls: Any, text: str) -> None:
    assert parse(make_body(content=None, tool_calls=calls))[0] == f"<tool_call>{text}</tool_call>"


def test_a_function_call_becomes_text_like_a_tool_call() -> None:
    call = {"name": "a", "arguments": "{}"}
    assert parse(make_body("function_call", content=None, function_call=call))[0] == (
        '<tool_call>{"name": "a", "arguments": "{}"}</tool_call>'
    )


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"null", b"7", b"[]", b"{}", b'"a"', b"{", b"<html>", b"[" * 10_000, b"\xff\xfe", b"9" * 5000),
        *(b'{"choices": []}', b'{"choices": {}}', b'{"choices": [[]]}', b'{"choices": "a"}'),
        *(b'{"choices": [{}]}', b'{"choices": [{"message": "a"}]}'),
    ],
)
def test_a_body_that_is_not_a_completion_is_invalid(content: bytes) -> None:
    with pytest.raises(InvalidCompletionError, match=r"not a completion|no choice"):
        parse(content)


def test_the_error_quotes_a_body_that_is_not_a_completion() -> None:
    with pytest.raises(InvalidCompletionError, match="not a completion: <h1>Sign in"):
        parse(b"<h1>Sign in")


@pytest.mark.parametrize(
    "finish", ["error", "abort", "cancelled", "timeout", "RECITATION", {"a": 1}, ["stop"], 7]
)
def test_an_empty_reply_that_did_not_end_normally_is_invalid(finish: Any) -> None:
    with pytest.raises(InvalidCompletionError, match="finish_reason"):
        parse(make_body(finish, content=""))


def test_text_before_an_error_is_invalid() -> None:
    with pytest.raises(InvalidCompletionError, match="ended with finish_reason error"):
        parse(make_body("error", content="kite"))


@pytest.mark.parametrize("finish", ["stop", "tool_calls", None, ""])
@pytest.mark.parametrize("usage", [None, {"completion_tokens": 0}, {"completion_tokens": "1"}, []])
def test_an_empty_reply_is_retried(finish: Any, usage: Any) -> None:
    assert parse(make_body(finish, usage, content=" ")) == ("", None, "an empty reply")


def test_an_empty_reply_with_counted_tokens_is_accepted() -> None:
    """A policy may store nothing, and a model may only think."""
    assert parse(make_body("stop", {"completion_tokens": 1}, content="")) == ("", None, None)
    assert parse(make_body("length", None, content=None)) == ("", TRUNCATED, None)


def test_a_filtered_reply_is_a_refusal_that_is_retried() -> None:
    detail = "a reply that ended with finish_reason content_filter"
    assert parse(make_body("content_filter", content="ki")) == (None, detail, detail)


@pytest.mark.parametrize("refusal", [{"a": 1}, ["no"], True, 7])
def test_a_refusal_that_is_not_text_is_invalid(refusal: Any) -> None:
    with pytest.raises(InvalidCompletionError, match="a refusal that is not a string"):
        parse(make_body(content=None, refusal=refusal))


@pytest.mark.parametrize("refusal", [None, "", False, {}])
def test_an_empty_refusal_is_ignored(refusal: Any) -> None:
    assert parse(make_body(content="kite", refusal=refusal))[0] == "kite"


@pytest.mark.parametrize(
    ("server_count", "expected"),
    [
        *((number, number) for number in (0, 12, 10**9)),
        *((number, None) for number in (-1, 10**9 + 1, 2**63 - 1, 2**63, 10**400, 1.5, True)),
        *((other, None) for other in ("7", [], None, float("nan"), float("inf"))),
    ],
)
def test_impossible_token_counts_are_ignored(server_count: Any, expected: int | None) -> None:
    content = json.dumps({"prompt_tokens": 0, "completion_tokens": 0}).replace("0", json.dumps(server_count))
    completion = parse_completion(
        REQUEST, make_body(content="kite").replace(b'"usage": null', f'"usage": {content}'.encode()), 0.1
    )
    assert (completion.response.prompt_tokens, completion.response.completion_tokens) == (expected, expected)
    assert completion.response.text == "kite"
