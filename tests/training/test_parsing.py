"""What models really write, as calls or as failures with a reason; and anything at all, without a raise."""

import json
import random
from time import perf_counter

import pytest

from training.parsing import Unread, parse
from training.tools import Call

A = {"memory_type": "semantic", "content": "Ann has a cat"}
CALL = Call("new_memory_insert", A)
ARGUMENTS = '{"memory_type": "semantic", "content": "Ann has a cat"}'
JSON = f'{{"name": "new_memory_insert", "arguments": {ARGUMENTS}}}'
PYTHON = "{'name': 'new_memory_insert', 'arguments': {'memory_type': 'semantic', 'content': 'Ann has a cat'}}"
STRING = json.dumps({"name": "new_memory_insert", "arguments": json.dumps(A)})


def tag(text: str) -> str:
    return f"<tool_call>{text}</tool_call>"


def content(text: str) -> Call:
    return Call("new_memory_insert", {"memory_type": "semantic", "content": text})


def inserting(raw: str) -> str:
    return f'{{"name": "new_memory_insert", "arguments": {{"memory_type": "semantic", "content": {raw}}}}}'


ONE_CALL = [
    tag(JSON),
    tag(f"\n{JSON}\n"),
    f"Let me store that.\n{tag(JSON)}",
    f"{tag(JSON)}\nDone, I have stored it.",
    f"<think>Ann has a cat.</think>\n{tag(JSON)}",
    f"<think>\n{tag(JSON.replace('Ann', 'Bob'))}\n</think>{tag(JSON)}",
    f"<tool_call>{JSON}",
    f"<tool_call>\n{JSON}\n",
    f"<tool_call>{JSON}</tool_call",
    f"<tool_call>```json\n{JSON}\n```</tool_call>",
    f"```json\n{JSON}\n```",
    f"```\n{JSON}\n```",
    f"```tool_call\n{JSON}\n```",
    JSON,
    f"Sure! {JSON} That is all.",
    f"Action: {JSON}",
    tag(f"{JSON};"),
    tag(f"{JSON} (stored)"),
    tag(f"call: {JSON}"),
    tag(f"[{JSON}]"),
    f"[{JSON}]",
    tag(PYTHON),
    PYTHON,
    f"```python\n{PYTHON}\n```",
    tag(STRING),
    tag(JSON.replace('"}}', '",}}')),
    tag(JSON.replace('"}}', '"},}')),
    tag(JSON.replace('"}}', '",},}')),
    tag(JSON.replace('"}}', '" ,\n }}')),
    tag(JSON.replace('"arguments"', '"parameters"')),
    tag(JSON.replace('"arguments"', '"args"')),
    tag(JSON.replace('"arguments"', '"input"')),
    tag(JSON.replace('"name"', '"tool"')),
    tag(JSON.replace('"name"', '"tool_name"')),
    tag(f'{{"function": {JSON}}}'),
    tag(f'{{"type": "function", "function": {JSON}}}'),
    tag(f'{{"id": "call_1", "type": "function", "function": {STRING}}}'),
    tag('{"name": "new_memory_insert", "memory_type": "semantic", "content": "Ann has a cat"}'),
    tag('{"id": "7", "name": "new_memory_insert", "memory_type": "semantic", "content": "Ann has a cat"}'),
    tag(f'{{"arguments": {ARGUMENTS}, "name": "new_memory_insert"}}'),
    tag(JSON.replace('"new_memory_insert"', '" new_memory_insert "')),
    tag(JSON.replace(", ", ",\n\t")),
    tag(JSON.replace(" ", "")).replace("Annhasacat", "Ann has a cat"),
    f"<tool_call></tool_call>{tag(JSON)}".replace("<tool_call></tool_call>", "", 1),
    f"</tool_call>{tag(JSON)}",
    f"<|im_start|>assistant\n{tag(JSON)}<|im_end|>",
]


@pytest.mark.parametrize("reply", ONE_CALL)
def test_one_call(reply: str) -> None:
    assert parse(reply) == [CALL]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('"a \\"quoted\\" word"', 'a "quoted" word'),
        ('"it\'s hers"', "it's hers"),
        ('"braces { and } inside"', "braces { and } inside"),
        ('"one\\ntwo"', "one\ntwo"),
        ('"one\ntwo"', "one\ntwo"),
        ('"tab\there"', "tab\there"),
        ('"caf\\u00e9 ☕"', "café ☕"),
        ('"a [list] of, things,"', "a [list] of, things,"),
        ('"ends with backslash \\\\"', "ends with backslash \\"),
        ('"```code```"', "```code```"),
        ('""', ""),
        ('"true, false and null"', "true, false and null"),
    ],
)
def test_contents(raw: str, text: str) -> None:
    assert parse(tag(inserting(raw))) == [content(text)]


@pytest.mark.parametrize(
    ("reply", "calls"),
    [
        (tag(JSON) + tag(JSON), 2),
        (tag(JSON) + "\n\n" + tag(PYTHON) + "\nand\n" + tag(STRING), 3),
        (tag(f"{JSON}\n{JSON}"), 2),
        (tag(f"{JSON}, {JSON}"), 2),
        (tag(f"[{JSON}, {JSON}, {PYTHON}]"), 3),
        (f"<tool_call>{JSON}<tool_call>{JSON}", 2),
        (f"<tool_call>{JSON}\n<tool_call>\n{JSON}</tool_call>", 2),
        (f"```json\n[{JSON},\n{JSON}]\n```", 2),
        (f"1. {JSON}\n2. {JSON}", 2),
        ("", 0),
        ("There is nothing to remember here.", 0),
        ("A set {1, 2} and {braces} are no calls.", 0),
        ('{"answer": 42}', 0),
        ("<think>" + tag(JSON), 0),
    ],
)
def test_several_calls_and_none(reply: str, calls: int) -> None:
    assert parse(reply) == [CALL] * calls


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("<tool_call></tool_call>", "no JSON object"),
        ("<tool_call>", "no JSON object"),
        (tag("insert Ann has a cat"), "no JSON object"),
        (tag('"new_memory_insert"'), "no JSON object"),
        (f"<tool_call>{JSON[:-1]}", "cut off"),
        (f"<tool_call>{JSON[:40]}", "cut off"),
        (tag(JSON[:-2]), "cut off"),
        (tag(PYTHON[:60]), "cut off"),
        (tag("{name: new_memory_insert}"), "invalid JSON"),
        (tag('{"name" "new_memory_insert"}'), "no object of keys"),
        (tag('{"name": new_memory_insert, "arguments": {}}'), "invalid JSON"),
        (tag('{"a": 1 + os.system("x")}'), "invalid JSON"),
        (tag("{}"), "names no tool"),
        (tag('{"arguments": {}}'), "names no tool"),
        (tag('{"name": 3, "arguments": {}}'), "names no tool"),
        (tag('{"name": null}'), "names no tool"),
        (tag('{"name": "memory_delete", "arguments": [1]}'), "arguments are no object"),
        (tag('{"name": "memory_delete", "arguments": "s3"}'), "arguments are no object"),
        (tag('{"name": "memory_delete", "arguments": null}'), "arguments are no object"),
        (tag('{"name": "memory_delete", "arguments": "{broken"}'), "arguments are no object"),
    ],
)
def test_what_was_meant_as_a_call(reply: str, why: str) -> None:
    (found,) = parse(reply)
    assert isinstance(found, Unread) and why in found.why, found


def test_a_broken_call_leaves_the_others() -> None:
    found = parse(tag(JSON) + tag("{broken}") + tag(JSON) + f"<tool_call>{JSON[:-5]}")
    assert [isinstance(one, Call) for one in found] == [True, False, True, False]


PIECES = [
    *("<tool_call>", "</tool_call>", "<think>", "</think>", "```json\n", "```", "{", "}", "[", "]", '"', "'"),
    *(":", ",", "\\", "\\u12", "\n", " ", "name", '"name"', '"arguments"', "null", "True", "1e999", "-", "İ"),
    *("\ud800", "\x00", JSON, PYTHON, STRING, JSON[:30], PYTHON[:30], "(" * 20, "{" * 20, "[[" * 10),
]


def test_a_hundred_thousand_strings() -> None:
    """Bar: no exception, and no string takes long."""
    draw = random.Random(7)
    slowest = 0.0
    for _ in range(100_000):
        text = "".join(draw.choices(PIECES, k=draw.randint(1, 12)))
        start = perf_counter()
        for found in parse(text):
            assert isinstance(found, Call | Unread)
        slowest = max(slowest, perf_counter() - start)
    assert slowest < 1


@pytest.mark.parametrize(
    "piece", ["{", "[", '{"', "{'", "<tool_call>", '{"a":', "{}", "{ {x} ", "\\", "<think>", '"', "((("]
)
def test_time_grows_with_the_length(piece: str) -> None:
    text = "<tool_call>" + piece * (150_000 // len(piece))
    start = perf_counter()
    parse(text)
    assert perf_counter() - start < 5
