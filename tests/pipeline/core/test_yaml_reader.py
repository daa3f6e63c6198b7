"""The reader of params.yaml and dvc.lock: values as DVC reads them, and errors in one line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.yaml_reader import (
    LOCK_LIMITS,
    MAX_DEPTH,
    PARAMS_LIMITS,
    compose_yaml,
    parse_yaml,
    read_yaml,
)
from tests.conftest import ROOT

WHERE = "some.yaml"


def parse_error(text: str) -> str:
    with pytest.raises(MemcurateError) as caught:
        parse_yaml(text, WHERE)
    error_text = str(caught.value)
    assert error_text.startswith(WHERE)
    assert "\n" not in error_text and len(error_text) < 500
    return error_text


def equal_with_types(left: object, right: object) -> bool:
    """Return whether values and their types are equal: 1 is not True, and not 1.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(equal_with_types(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal_with_types, left, right))
    return left == right


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("6e-06", 6e-06),
        ("0.000006", 6e-06),
        ("1E5", 1e5),
        ("6.0e-6", 6e-06),
        ("1_000", 1000),
        ("020", 20),
        ("0o17", 15),
        ("0x1f", 31),
        ("0b101", 5),
        ("-0", 0),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("OFF", "OFF"),
        ("y", "y"),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("Null", None),
        ("", None),
        ("v1", "v1"),
        ("1.2.3", "1.2.3"),
        ("'020'", "020"),
        ("!!str 020", "020"),
        ("!!int '7'", 7),
        ("[a, 1]", ["a", 1]),
        ("|\n  two\n  lines", "two\nlines\n"),
    ],
)
def test_values_are_those_of_yaml_1_2(written: str, value: object) -> None:
    read = parse_yaml(f"key: {written}\n", WHERE)
    assert equal_with_types(read, {"key": value})
    assert equal_with_types(read, loads_yaml(f"key: {written}\n"))


@pytest.mark.parametrize("path", ["params.yaml", "params.paper.yaml", "dvc.lock"])
def test_the_committed_files_are_read_as_dvc_does(path: str) -> None:
    assert equal_with_types(
        read_yaml(ROOT / path, LOCK_LIMITS), loads_yaml((ROOT / path).read_text(encoding="utf-8"))
    )


PLAIN = st.text("0123456789abcdefinoxyzEINOTYX.+-_:~=< ", max_size=12)


@settings(deadline=None)
@example("0x_")
@example("2024-01-01")
@given(PLAIN)
def test_a_plain_scalar_is_what_dvc_reads_or_an_error(written: str) -> None:
    text = f"key: {written}\n"
    try:
        read = parse_yaml(text, WHERE)
    except MemcurateError:
        # DVC does not read the value either, or reads it as a type that no params key takes.
        try:
            value = loads_yaml(text)["key"]
        except Exception:
            return
        out_of_bounds = isinstance(value, int | float) and not -(2**63) <= value < 2**63  # nan too
        assert out_of_bounds or not isinstance(value, str | int | float | bool | None | list)
    else:
        assert equal_with_types(read, loads_yaml(text))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_.: ", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), JSON, min_size=1))
def test_yaml_written_by_dvc_is_read_back(values: dict[str, Any]) -> None:
    """This is how `dvc exp run -S` and dvc.lock are written."""
    assert equal_with_types(parse_yaml(dumps_yaml(values), WHERE), loads_yaml(dumps_yaml(values)))


def test_anchors_and_merge_keys_are_resolved() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, x: 5}\nd:\n  <<: [*a, *b]\ne: *a\n"
    read = parse_yaml(text, WHERE)
    assert read["c"] == {"x": 5, "y": 2}
    assert read["d"] == {"x": 1, "y": 2, "z": 4}
    assert read["e"] == {"x": 1, "y": 2}
    assert equal_with_types(read, loads_yaml(text))


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a: 1\nb: 2024-13-45\n", 2, "'2024-13-45' reads as a date"),
        ("a: 2024-01-01 10:00:00\n", 1, "reads as a date"),
        ("a: 1\n\nb: 0x_\n", 3, "'0x_' is not a whole number"),
        ("a: -_\n", 1, "not a whole number"),
        ("a: ._\n", 1, "not a number"),
        ("a: !!int seven\n", 1, "'seven' is not a whole number"),
        ("a: !!bool maybe\n", 1, "'maybe' is not true or false"),
        ("a: !!float\n", 1, "not a number"),
        (f"a: {'9' * 5000}\n", 1, "not a whole number"),
        ("a: !!python/object:os.system {}\n", 1, "the tag '!!python/object:os.system'"),
        ("a: !foo b\n", 1, "the tag '!foo'"),
        ("a: 1\nb: !!binary aGk=\n", 2, "the tag '!!binary'"),
        ("a: !!set {x, y}\n", 1, "the tag '!!set'"),
        ("a: !!omap [x: 1]\n", 1, "the tag '!!omap'"),
        ("a: =\n", 1, "put it in quotes"),
        ("a: !!map [b]\n", 1, "expected a mapping"),
        ("a: !!str [b]\n", 1, "expected a scalar"),
        ("a: {<<: 5}\n", 1, "for merging"),
        ("a: 1\nb:\n  c: 1\n  'c': 2\n", 4, "'c' stands twice"),
        ("x: &x {q: 1}\nb:\n  <<: *x\n  c: 1\n  c: 2\n", 5, "'c' stands twice"),
        ("x: &x {q: 1}\nb:\n  <<: *x\n  <<: *x\n", 4, "'<<' stands twice"),
        ("a: &a [*a]\n", 1, "stands for itself"),
        ("a: &a {b: {c: *a}}\n", 1, "stands for itself"),
        ("a: 1\n[b]: c\n", 2, "not text, but a list"),
        ("a: 1\n? {b: c}\n: d\n", 2, "not text, but a list"),
        ("a: {1: x}\n", 1, "the key '1' is not text"),
        ("a: {null: x}\n", 1, "the key 'null' is not text"),
        ("a: {2024-01-01: x}\n", 1, "is not text"),
        ("a: *b\n", 1, "undefined alias 'b'"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\nb: \x00\n", 2, "U+0000"),
        ("a: \x1b[31m\n", 1, "U+001B"),
        ("a:\n\t- b\n", 2, "valid YAML"),
        ("a: [1\n", 2, "valid YAML"),
        ("<<<<<<< HEAD\na: 1\n=======\na: 2\n", 2, "valid YAML"),
        ("%YAML 2.0\n---\na: 1\n", 1, "valid YAML"),
    ],
)
def test_an_error_names_its_line(text: str, line: int, expected: str) -> None:
    error_text = parse_error(text)
    assert error_text.startswith(f"{WHERE}, line {line}: ")
    assert expected in error_text


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a: {b: [1, .nan]}", "a.b.1"),
        ("a: -.inf", "a"),
        ("a: 1e999", "a"),
        ("a: {b: 9223372036854775808}", "a.b"),
        ("a: 0x" + "f" * 5000, "a"),
        ('a: {b: "\\ud800"}', "a.b"),
        ('"\\ud800": b', "'\\ud800'"),
    ],
)
def test_a_value_that_files_cannot_hold_is_named_by_its_key(text: str, key: str) -> None:
    assert parse_error(text).startswith(f"{WHERE}: {key}: ")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- 1\n", "hello\n", "null\n", "--- \n...\n"])
def test_a_document_that_is_not_a_mapping_is_an_error(text: str) -> None:
    assert "is empty, or is not a mapping" in parse_error(text)


def make_alias_bomb() -> str:
    return "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
    )


def make_alias_chain(item: Callable[[int], str]) -> str:
    return "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {item(n - 1)}\n" for n in range(1, 3000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: " + "[" * 6000, "nested more than 100", id="brackets"),
        pytest.param("- " * 6000 + "x", "nested more than 100", id="dashes"),
        pytest.param("? " * 6000 + "x", "nested more than 100", id="keys"),
        pytest.param("{a: " * 6000, "nested more than 100", id="braces"),
        pytest.param(make_alias_chain(lambda n: f"[*a{n}]"), "nested more than 100", id="aliases"),
        pytest.param(make_alias_chain(lambda n: f"{{<<: *a{n}}}"), "nested more than 100", id="merges"),
        pytest.param(make_alias_bomb(), "over 50,000 values", id="bomb"),
        pytest.param("".join(f"k{n}: 1\n" for n in range(50_000)), "over 50,000 keys and values", id="keys"),
        pytest.param("a: [" + "x," * 400_000 + "]", "over 50,000 keys and values", id="items"),
    ],
)
def test_a_document_that_is_too_deep_or_too_large_is_an_error(text: str, expected: str) -> None:
    assert expected in parse_error(text)


def test_the_limits_themselves_are_allowed() -> None:
    assert parse_yaml("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), WHERE)
    assert len(parse_yaml("".join(f"k{n}: 1\n" for n in range(20_000)), WHERE)) == 20_000
    assert parse_yaml(f"a: {2**63 - 1}\nb: {-(2**63)}", WHERE) == {"a": 2**63 - 1, "b": -(2**63)}


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert parse_yaml("\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n", WHERE) == {"a": 1, "b": "x\ny\n"}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    for write, expected in (
        (lambda: None, "is missing"),
        (lambda: path.write_bytes(b"a: 1\nb: \xff\n"), "line 2: byte 0xff is not UTF-8"),
        (lambda: path.write_bytes("a: é\n".encode("utf-16")), "line 1: byte 0xff is not UTF-8"),
        (lambda: path.write_bytes(b"#" * (PARAMS_LIMITS.max_bytes + 1)), "over 1,000,000 bytes"),
        (lambda: (path.unlink(), path.mkdir()), "cannot be read (Is a directory)"),
    ):
        write()
        with pytest.raises(MemcurateError, match=f"^{re.escape(str(path))}") as caught:
            read_yaml(path)
        assert expected in str(caught.value)


def test_nodes_know_their_positions_in_the_text() -> None:
    text = "\ufeffa: 1\r\nb: {c: 'é x'}\r\n"
    (_, inner) = compose_yaml(text, WHERE).value[1]
    (_, value) = inner.value[0]
    assert text[value.start_mark.index : value.end_mark.index] == "'é x'"
