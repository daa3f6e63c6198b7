"""Untrusted JSON and its strings: a value within bounds, or one type of error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.json_reader import MAX_DEPTH, InvalidJsonError, load_json, load_json_at
from pipeline.core.unicode import is_well_formed, to_well_formed, to_well_formed_value

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates included
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_dumps_output_is_read_back(value: object) -> None:
    assert load_json(json.dumps(value)) == json.loads(json.dumps(value))
    assert load_json_at("x" + json.dumps(value), 1)[0] == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[1,]", "nul", "\ufeff{}", b"\xff\xfe{"),
        *("[" * 329, "[" * 100_000, "[" * 995 + "]" * 995, '{"a":' * 500 + "1" + "}" * 500),
        *("9" * 4_301, "9" * 200_000, str(2**63), str(-(2**63) - 1), '{"usage": 9223372036854775808}'),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_invalid_or_unbounded_json_is_one_type_of_error(text: str | bytes) -> None:
    with pytest.raises(InvalidJsonError):
        load_json(text)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
def test_integers_beyond_64_bits_can_become_floats(number: int) -> None:
    assert load_json(f"[{number}, 7]", large_ints_as_float=True) == [float(number), 7]
    assert load_json(f"[-{'9' * 4301}]", large_ints_as_float=True) == [float("-inf")]
    read = load_json(f"[{2**63 - 1}, {-(2**63)}, 1]", large_ints_as_float=True)
    assert [type(value) for value in read] == [float, float, int]  # as near to the bound as a float can tell


def test_the_depth_is_bounded_exactly() -> None:
    load_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(InvalidJsonError, match="nested more than 100 deep"):
        load_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_line_ends_in_strings_are_allowed_in_lenient_mode_only() -> None:
    assert load_json_at('{"a": "b\nc"} d', 0, lenient=True) == ({"a": "b\nc"}, 12)
    with pytest.raises(InvalidJsonError, match="Invalid control character at"):
        load_json_at('{"a": "b\nc"}', 0)


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("kite \ud83d", "kite \ufffd"),
        ("\ude80 kite", "\ufffd kite"),
        ("kite \ud83d\ude80", "kite 🚀"),
        ("\ude80\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude80", "\ufffd🚀"),
        ("kite 🚀 é", "kite 🚀 é"),
    ],
)
def test_surrogates_are_joined_or_replaced(text: str, repaired: str) -> None:
    assert to_well_formed(text) == repaired


@given(ANY_TEXT)
def test_repaired_text_is_utf8_and_valid_text_is_unchanged(text: str) -> None:
    repaired = to_well_formed(text)
    repaired.encode()
    assert is_well_formed(repaired)
    assert (repaired == text) == is_well_formed(text)
    assert to_well_formed(repaired) == repaired


@given(VALUES)
def test_every_string_of_a_value_is_repaired(value: object) -> None:
    json.dumps(to_well_formed_value(value), ensure_ascii=False).encode()
