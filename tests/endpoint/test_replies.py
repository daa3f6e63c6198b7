"""What models write around their JSON, and nearly as JSON."""

import json
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.endpoint.replies import UnfitReplyError, parsed


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
def test_the_first_object(text: str) -> None:
    assert parsed(text, Two) == Two(name="Ann", count=2)


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
def test_what_is_wrong_is_said(text: str, match: str) -> None:
    with pytest.raises(UnfitReplyError, match=match):
        parsed(text, Two)


def test_a_whole_object_of_a_reply_that_went_on_is_taken() -> None:
    whole = '{"name": "Ann", "count": 2} That is since'
    assert parsed(whole, Two, cut_off=True) == parsed(whole, Two) == Two(name="Ann", count=2)
    with pytest.raises(UnfitReplyError, match="cut off before its end"):
        parsed('{"name": "Ann", "count": 2', Two, cut_off=True)
    with pytest.raises(UnfitReplyError, match="no JSON object in it, and it was cut off"):
        parsed('<think>Perhaps {"name": "Ann", "count": 2}? Or', Two, cut_off=True)


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
def test_content_stays_what_it_is(text: str, answer: str) -> None:
    assert parsed(text, One) == One(answer=answer)


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
def test_mending_changes_no_content(answer: str, broken: str) -> None:
    text = broken.format(json.dumps({"answer": answer})[1:-1])
    assert parsed(text, One).answer == answer.encode("utf-16-le", "surrogatepass").decode(
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
def test_what_is_too_deep_too_big_or_too_broken_is_unfit(text: str) -> None:
    start = process_time()
    with pytest.raises(UnfitReplyError):
        parsed(text, One)
    assert process_time() - start < 2
