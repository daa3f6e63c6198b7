"""What models write around their JSON, and nearly as JSON."""

import pytest
from pydantic import BaseModel

from pipeline.endpoint.replies import UnfitReplyError, parsed


class Two(BaseModel):
    name: str
    count: int


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
