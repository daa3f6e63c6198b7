"""The body of a reply as an answer, or as what is wrong with it: nothing in it is trusted."""

import json
from typing import Any

import pytest

from pipeline.endpoint.completions import CUT_OFF, NoCompletionError, completion
from pipeline.endpoint.requests import Request

REQUEST = Request("m", "1", [{"role": "user", "content": "a"}], 0.5, 10)


def body(finish: Any = "stop", usage: Any = None, **message: Any) -> bytes:
    made = {"role": "assistant", **message}
    return json.dumps({"choices": [{"finish_reason": finish, "message": made}], "usage": usage}).encode()


def read(content: bytes) -> tuple[str | None, str | None, str | None]:
    """(text, detail, doubt)."""
    found = completion(REQUEST, content, 0.1)
    return found.answer.text, found.answer.detail, found.doubt


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
def test_content_as_text(content: Any, text: str) -> None:
    assert read(body(content=content)) == (text, None, None)


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
def test_content_that_is_no_text(content: Any) -> None:
    with pytest.raises(NoCompletionError, match="content that is not text"):
        read(body(content=content))


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
def test_native_calls_of_any_shape_reach_the_reader_of_calls(calls: Any, text: str) -> None:
    assert read(body(content=None, tool_calls=calls))[0] == f"<tool_call>{text}</tool_call>"


def test_a_call_under_its_older_name() -> None:
    call = {"name": "a", "arguments": "{}"}
    assert read(body("function_call", content=None, function_call=call))[0] == (
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
def test_bodies_that_are_no_completion(content: bytes) -> None:
    with pytest.raises(NoCompletionError, match=r"no completion|no choice"):
        read(content)


def test_what_a_server_says_in_place_of_a_completion_is_shown() -> None:
    with pytest.raises(NoCompletionError, match="no completion: <h1>Sign in"):
        read(b"<h1>Sign in")


@pytest.mark.parametrize(
    "finish", ["error", "abort", "cancelled", "timeout", "RECITATION", {"a": 1}, ["stop"], 7]
)
def test_an_empty_reply_that_did_not_end_well_brings_nothing(finish: Any) -> None:
    with pytest.raises(NoCompletionError, match="finish_reason"):
        read(body(finish, content=""))


def test_text_before_an_error_is_no_answer() -> None:
    with pytest.raises(NoCompletionError, match="ended with finish_reason error"):
        read(body("error", content="kite"))


@pytest.mark.parametrize("finish", ["stop", "tool_calls", None, ""])
@pytest.mark.parametrize("usage", [None, {"completion_tokens": 0}, {"completion_tokens": "1"}, []])
def test_an_empty_reply_is_doubted(finish: Any, usage: Any) -> None:
    assert read(body(finish, usage, content=" ")) == ("", None, "an empty reply")


def test_an_empty_reply_is_believed_where_tokens_were_written() -> None:
    """A policy may store nothing, and a model may only think."""
    assert read(body("stop", {"completion_tokens": 1}, content="")) == ("", None, None)
    assert read(body("length", None, content=None)) == ("", CUT_OFF, None)


def test_a_filtered_reply_is_a_refusal_that_is_doubted() -> None:
    ended = "a reply that ended with finish_reason content_filter"
    assert read(body("content_filter", content="ki")) == (None, ended, ended)


@pytest.mark.parametrize("refusal", [{"a": 1}, ["no"], True, 7])
def test_a_refusal_that_is_no_text(refusal: Any) -> None:
    with pytest.raises(NoCompletionError, match="a refusal that is not a string"):
        read(body(content=None, refusal=refusal))


@pytest.mark.parametrize("refusal", [None, "", False, {}])
def test_no_refusal(refusal: Any) -> None:
    assert read(body(content="kite", refusal=refusal))[0] == "kite"


@pytest.mark.parametrize(
    ("counted", "used"),
    [
        *((number, number) for number in (0, 12, 10**9)),
        *((number, None) for number in (-1, 10**9 + 1, 2**63 - 1, 2**63, 10**400, 1.5, True)),
        *((other, None) for other in ("7", [], None, float("nan"), float("inf"))),
    ],
)
def test_usage(counted: Any, used: int | None) -> None:
    content = json.dumps({"prompt_tokens": 0, "completion_tokens": 0}).replace("0", json.dumps(counted))
    found = completion(
        REQUEST, body(content="kite").replace(b'"usage": null', f'"usage": {content}'.encode()), 0.1
    )
    assert (found.answer.prompt_tokens, found.answer.completion_tokens) == (used, used)
    assert found.answer.text == "kite"
