"""Nearly JSON values are repaired, and nothing inside their strings changes."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.unicode import to_well_formed
from pipeline.llm.lenient_json import CUT_OFF, NearJsonReader, close_brackets, find_lists, find_objects

PIECES = [
    *(
        ",}",
        ", ]",
        ",",
        "}",
        "{",
        "]",
        "[",
        "(",
        ")",
        ":",
        "=",
        "true",
        "null",
        "None",
        "True",
        "# no",
        " // x",
        "/* */",
    ),
    *(
        "\\",
        "\\n",
        "\\u12",
        '"',
        "'",
        "it's",
        "\n",
        "\t",
        "a",
        "é",
        "🚀",
        "\ud83d",
        "<think>",
        "</think>",
        "```",
        "x: 1",
    ),
]
CONTENTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": [1, 2, ], }', {"a": [1, 2]}),
        ("{'a': 'b'}", {"a": "b"}),
        ("{'a': \"it's\", 'b': 'say \"x\"'}", {"a": "it's", "b": 'say "x"'}),
        ("{'a': 'it's hers'}", {"a": "it's hers"}),
        ("{'a': 'it\\'s'}", {"a": "it's"}),
        ("{'a': True, 'b': None, 'c': FALSE}", {"a": True, "b": None, "c": False}),
        ("{a: 1, b_c: {d-e: 'f'}}", {"a": 1, "b_c": {"d-e": "f"}}),
        ('{"a": "x\ny\tz"}', {"a": "x\ny\tz"}),
        ('{"a": 1, // why\n "b": 2}', {"a": 1, "b": 2}),
        ("{'a': 1,  # why\n}", {"a": 1}),
        ('{"a": """two\n"lines" """}', {"a": 'two\n"lines" '}),
        ('{"a": "kite \\ud83d\\ude80",}', {"a": "kite 🚀"}),
        ('{"a": "Rome \\ud83d"}', {"a": "Rome \ufffd"}),
        ('{"\\ud83d": 1}', {"\ufffd": 1}),
        (r'{"a": "C:\dir \boxed \(x\)",}', {"a": "C:\\dir \boxed \\(x\\)"}),
        (r"{'a': 'caf\xe9 \U0001f680 \/'}", {"a": "café 🚀 /"}),
        ('{"a": "http://x.y/z, // and # so",}', {"a": "http://x.y/z, // and # so"}),
        ('{"a": "x, }", "b": "true, [null, ]",}', {"a": "x, }", "b": "true, [null, ]"}),
        ("{}", {}),
    ],
)
def test_nearly_json_is_repaired(text: str, value: Any) -> None:
    match = NearJsonReader(text).read_at(0)
    assert (match.value, match.error, match.end) == (value, None, len(text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", CUT_OFF),
        ('{"a": 1', CUT_OFF),
        ('{"a": "b', CUT_OFF),
        ('{"a": "b\\"}', CUT_OFF),
        ('{"a": </tool_call>}', CUT_OFF),
        ('{"a": b}', "Expecting value"),
        ('{"a" "b"}', "Expecting ':'"),
        ('{"a": 1 + 2}', "Expecting ','"),
        ('{"a": "he said "hi""}', "Expecting"),
        (f'{{"a": {"[" * 329}{"]" * 329}}}', "nested"),
        (f'{{"a": {"[" * 9999}{"]" * 9999}}}', "nested"),
        (f'{{"a": {"9" * 4301}}}', "digits"),
        (f'{{"a": {2**63}}}', "bits"),
    ],
)
def test_the_error_says_why_a_value_is_invalid(text: str, problem: str) -> None:
    match = NearJsonReader(text).read_at(0)
    assert match.value is None and match.error is not None and problem in match.error


@given(CONTENTS, CONTENTS, st.booleans())
def test_a_repair_does_not_change_content(first: str, second: str, ascii_only: bool) -> None:
    value = {"a": first, "b": [second, first], "c": None}
    expected = {"a": to_well_formed(first), "b": [to_well_formed(second), to_well_formed(first)], "c": None}
    one, two = (json.dumps(content, ensure_ascii=ascii_only) for content in (first, second))
    whole = f'{{"a": {one}, "b": [{two}, {one}], "c": null}}'
    for text in (
        whole,
        f"{whole[:-1]},}}",
        f"{{a: {one}, 'b': [{two}, {one},\n ], // so\n c: None}}",
        repr(value),
    ):
        match = NearJsonReader(text).read_at(0)
        assert (match.value, match.end) == (expected, len(text)), text
    for text in (whole[:-1], whole[:-1] + "\n```\n", f'{{"c": null, "a": {one}, "b": [{two}, {one}'):
        assert NearJsonReader(close_brackets(text)).read_at(0).value == expected, text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{1, 2} and {braces} {x} {{"a": 1}}', [{"a": 1}]),
        ('{"a": 1}{"b": 2} {"c": {"d": 3}}', [{"a": 1}, {"b": 2}, {"c": {"d": 3}}]),
        ('{"a": "cut</tool_call>\n{"b": 2}', [None, {"b": 2}]),
        ('{"a": "he said "hi"}\n{"b": 2}', [None, {"b": 2}]),
    ],
)
def test_objects_are_found_among_other_text(text: str, values: list[Any]) -> None:
    assert [match.value for match in find_objects(text)] == values


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "[",
        "(",
        '"',
        "'",
        "\\",
        '{"',
        "{'",
        '{"a":',
        '{"<think>":',
        "[1,",
        "//",
        "#",
        ",",
        '"""',
        "{a:",
        "a=",
        "\n{'",
    ],
)
def test_the_time_is_linear_in_the_length(piece: str) -> None:
    """`{"<think>":` begins an object at every tag that seemed to be in a string."""
    text = '{"a":' + piece * (200_000 // len(piece))
    start = process_time()
    for match in (*find_objects(text), *find_lists(text)):
        assert match.end > match.start
    assert process_time() - start < 2
