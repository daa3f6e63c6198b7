"""Replies of models with text around their JSON, or with nearly JSON."""

import json
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.llm.structured_output import InvalidReplyError, parse_reply


class Two(BaseModel):
    name: str
    count: int


class One(BaseModel):
    answer: str


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ann", "count": 2}',
        '```json\n{"name": "Ann", "count": 2}\n```',
        'Sure, here it is: {"name": "Ann", "count": 2} I hope that helps.',
        '<think>A {"name": "Bob"} perhaps?</think>{"name": "Ann", "count": 2}',
        "{'name': 'Ann', 'count': 2,}",
        '{"name": "Ann", "count": 2',
        '{"name": "Ann", "count": "2", "more": null}',
        '{"name": "Ann", "count": 2}\n{"name": "Bob", "count": 3}',
        'A {"name": "Bob"} perhaps?</think>{"name": "Ann", "count": 2}',
        "```json\n{'name': 'Ann',\n 'count': 2\n```",
        '{"name": "Ann" "count": 2}',
        '{{"name": "Ann", "count": 2}}',
        'With {x} and {1, 2}: {name: "Ann", count: 2}',
    ],
)
def test_the_first_object_of_a_reply_is_parsed(text: str) -> None:
    assert parse_reply(text, Two) == Two(name="Ann", count=2)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no JSON object"),
        ("I do not know.", "no JSON object"),
        ('["name", "count"]', "no JSON object"),
        ('{"name": "Ann"}', "count: Field required"),
        ('{"name": "Ann", "count": "two"}', "count: "),
        ("{}", "name: Field required; count: Field required"),
        ("{ this is no object }", "Field required|valid"),
    ],
)
def test_the_error_says_what_is_wrong(text: str, match: str) -> None:
    with pytest.raises(InvalidReplyError, match=match):
        parse_reply(text, Two)


def test_a_complete_object_in_a_truncated_reply_is_parsed() -> None:
    whole = '{"name": "Ann", "count": 2} That is since'
    assert parse_reply(whole, Two, is_truncated=True) == parse_reply(whole, Two) == Two(name="Ann", count=2)
    with pytest.raises(InvalidReplyError, match="cut off before its end"):
        parse_reply('{"name": "Ann", "count": 2', Two, is_truncated=True)
    with pytest.raises(InvalidReplyError, match="no JSON object in it, and it was cut off"):
        parse_reply('<think>Perhaps {"name": "Ann", "count": 2}? Or', Two, is_truncated=True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"answer": "kite \\ud83d\\ude80",}', "kite 🚀"),
        ('{"answer": "Rome \\ud83d"}', "Rome \ufffd"),
        ('{"answer": "Rome \ud83d"}', "Rome \ufffd"),
        ('{"answer": "she said \\ud83d"', "she said \ufffd"),
        ('{"answer": "a comma, }",}', "a comma, }"),
        ('{"answer": "the </think> tag"}', "the </think> tag"),
        ('Bob? {"answer": "Bob"}</think>{"answer": "the <think> tag",}', "the <think> tag"),
        ('{"answer": "he said "hi" to me"}', 'he said "hi" to me'),
        ('{"answer": kite}', "kite"),
    ],
)
def test_content_of_strings_is_unchanged(text: str, answer: str) -> None:
    assert parse_reply(text, One) == One(answer=answer)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"{}[](),:\"'\\/#\n", "// ", "null", "é", "🚀", "\ud83d", "<think>", "</think>", "```"]
        ),
        max_size=8,
    ).map("".join),
    st.sampled_from(["{{{},}}", "{{{}", "{{{}\n```", "{{{}, }} I hope that helps."]),
)
def test_a_repair_does_not_change_content(answer: str, broken: str) -> None:
    text = broken.format(json.dumps({"answer": answer})[1:-1])
    assert parse_reply(text, One).answer == answer.encode("utf-16-le", "surrogatepass").decode(
        "utf-16-le", "replace"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{" * 3_000,
        '{"answer": ' + "[" * 329,
        '{"answer": ' + "[" * 329 + "]" * 329 + "}",
        '{"answer": ' + "[" * 1_000,
        '{"answer": ' + "[" * 995 + '"x"' + "]" * 995 + "}",
        '{"answer": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"answer": ' + "9" * 4_301 + "}",
        '{"answer": ' + "9" * 4_301,
        f'{{"answer": {2**63}}}',
        f'{{"answer": {2**63}',
        '{"answer": ' + '{"a":' * 1_000,
        '{"answer": "a" ' + '"b" ' * 500_000,
        '{"answer": "a"' + "," * 2_000_000,
        '{"answer": "a"' + '{"' * 10_000,
        '{"answer": "a"' + "{a:b," * 5_000,
        '{"answer": "a"' + '\\"' * 10_000,
    ],
)
def test_a_reply_too_deep_too_large_or_too_broken_is_invalid(text: str) -> None:
    start = process_time()
    with pytest.raises(InvalidReplyError):
        parse_reply(text, One)
    assert process_time() - start < 2
