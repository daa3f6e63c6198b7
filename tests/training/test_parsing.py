"""What models really write, as calls or as failures with a reason; and anything at all, without a raise."""

import json
import random
from pathlib import Path
from time import perf_counter, process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.well_formed import is_well_formed, to_well_formed
from training.memory import Memory
from training.parsing import Unread, parse
from training.policies import Situation
from training.policies.scripted import ScriptedWriter
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


def nested(depth: int) -> str:
    """Calls in calls, eighty deep in a string, and that in another."""
    text = JSON
    for number in range(depth):
        text = f'{{"tool_calls": {text if number % 80 else json.dumps(text)}}}'
    return text


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
    tag(JSON.replace("semantic", "semantic_memory")),
    tag(f"{{{JSON}}}"),
    f"Let {{x be a set. {JSON}",
    f"Perhaps {tag(JSON.replace('Ann', 'Bob'))}? No.\n</think>\n{tag(JSON)}",
    f"<think>Perhaps {tag(JSON)}?</think>Bob.</think>{tag(JSON)}",
    f"{tag(JSON)}\n<think>Perhaps {tag(JSON)}",
    tag(json.dumps({"name": "new_memory_insert", "arguments": f" \n{ARGUMENTS}\n"})),
    tag(json.dumps({"name": "new_memory_insert", "arguments": f"```json\n{ARGUMENTS}\n```"})),
    tag(json.dumps({"name": "new_memory_insert", "arguments": json.dumps(ARGUMENTS)})),
    f'{{"role": "assistant", "content": null, "tool_calls": [{{"id": "1", "function": {STRING}}}]}}',
    f'{{"tool_calls": [[{JSON}]]}}',
    json.dumps({"tool_calls": f"[{JSON}]"}),
    f'{{"function_call": {STRING}}}',
    f'{{"new_memory_insert": {ARGUMENTS}}}',
    JSON.replace('"name"', '"function"'),
    JSON.replace('"name"', '"action"').replace('"arguments"', '"action_input"'),
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
        ('"a happy day \\ud83d"', "a happy day \ufffd"),
        ('"kite \\ud83d\\ude80"', "kite 🚀"),
        ('"kite \ud83d\ude80"', "kite 🚀"),
        ('"what <think> does"', "what <think> does"),
        ('"</think> and </tool_call><tool_call>"', "</think> and </tool_call><tool_call>"),
        ('"[TOOL_CALLS]new_memory_insert{"', "[TOOL_CALLS]new_memory_insert{"),
        ('"a comma, }",', "a comma, }"),
        ('"a comma, ]", ', "a comma, ]"),
        ("'True, None, # and // it\\'s',", "True, None, # and // it's"),
        (r'"a path C:\dir",', r"a path C:\dir"),
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
        (tag(inserting('"</tool_call>"')).replace("</tool_call>", "Ann has a cat", 1) + tag(JSON), 2),
        (f"<tool_calls>{tag(JSON)}{tag(JSON)}</tool_calls>", 2),
        (f'{{"tool_calls": [{JSON}, {{"type": "function", "function": {STRING}}}]}}', 2),
        (tag(JSON) * 300, 300),
        ('{"tool_calls": [], "content": "Nothing to do."}', 0),
        ('{"action": "none"} {"function": "x"}', 0),
        ("I could call new_memory_insert(memory_type, content) with {x}.", 0),
        ("print(x='y') and [range(3)] and f(a=1)", 0),
        ("The function= and the <function> tag, <parameter> too; see [1], (2).", 0),
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
        (JSON[:60], "cut off"),
        (JSON.replace("Ann", 'the "cat"'), "invalid JSON"),
        (tag(f'{{"name": "memory_delete", "arguments": {"[" * 329}{"]" * 329}}}'), "invalid JSON"),
        (tag(f'{{"name": "memory_delete", "arguments": {"[" * 995}'), "cut off"),
        (tag(f'{{"name": "memory_delete", "arguments": {{"memory_id": {"9" * 4301}}}}}'), "invalid JSON"),
        (tag(f'{{"name": "memory_delete", "arguments": {{"memory_id": {2**63}}}}}'), "invalid JSON"),
        ('{"tool_calls": ["new_memory_insert"]}', "no object of keys"),
        (tag(nested(600)), "nested too deep"),
        ('{"name": "memory_delete", "arguments": "s3"}', "arguments are no object"),
    ],
)
def test_what_was_meant_as_a_call(reply: str, why: str) -> None:
    (found,) = parse(reply)
    assert isinstance(found, Unread) and why in found.why, found


def test_a_broken_call_leaves_the_others() -> None:
    found = parse(tag(JSON) + tag("{broken}") + tag(JSON) + f"<tool_call>{JSON[:-5]}")
    assert [isinstance(one, Call) for one in found] == [True, False, True, False]
    tags = JSON.replace("Ann", "</think></tool_call>")
    found = parse(tag(JSON) + tag(tags[:-1]) + tag(JSON))
    assert [isinstance(one, Call) for one in found] == [True, False, True]


def test_calls_beyond_the_limit_are_told() -> None:
    assert isinstance(parse(JSON + " " * 200_000)[-1], Unread)
    found = parse(JSON * 3_000)
    assert found[:-1] == [CALL] * 2_000
    assert isinstance(found[-1], Unread) and "too many" in found[-1].why


NAMED = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<function=a>", "[TOOL_CALLS]", "<|end|>"]
CONTENTS = st.lists(
    st.sampled_from([*NAMED, *"\"'{}[]()\\,:=\n ", "\ud83d", "\ude80", "new_memory_insert"])
    | st.text(max_size=3),
    max_size=8,
).map("".join)


@settings(deadline=None)
@given(st.lists(CONTENTS, min_size=1, max_size=5), st.booleans())
def test_whatever_a_content_names_no_call_is_lost(contents: list[str], ascii_only: bool) -> None:
    calls = [content(one) for one in contents]
    written = [
        json.dumps({"name": call.tool, "arguments": call.arguments}, ensure_ascii=ascii_only)
        for call in calls
    ]
    read = [content(to_well_formed(one)) for one in contents]
    assert parse("".join(map(tag, written))) == read
    assert parse("\n".join(written)) == read
    assert parse("Bob?</think>" + tag(", ".join(written))) == read
    assert parse(tag("".join(f"{one[:-1]},}}" for one in written))) == read


@pytest.fixture(scope="module")
def writer(assets: Path) -> ScriptedWriter:
    return ScriptedWriter(assets)


@settings(deadline=None)
@given(texts=st.lists(CONTENTS, min_size=1, max_size=5))
def test_the_scripted_writers_calls_are_all_read(writer: ScriptedWriter, texts: list[str]) -> None:
    chunks = [
        "\n".join(f"Sample: {number} {text}\nLabel: {number}" for number, text in enumerate(texts)),
        "[Dialogue at timestamp 2018-05-03 14:20]\n"
        + "\n".join(f"<549cc1> I moved to Utah with my sister and {text} two dogs." for text in texts),
    ]
    for chunk in chunks:
        (reply,) = writer.write([Situation(Memory(len, 512), chunk)])
        written = [
            json.loads(line.removeprefix("<tool_call>").removesuffix("</tool_call>"))
            for line in filter(None, reply.split("\n"))
        ]
        assert parse(reply) == [
            Call(one["name"], {key: to_well_formed(value) for key, value in one["arguments"].items()})
            for one in written
        ]


PIECES = [
    *("<tool_call>", "</tool_call>", "<think>", "</think>", "```json\n", "```", "{", "}", "[", "]", '"', "'"),
    *(":", ",", "\\", "\\u12", "\n", " ", "name", '"name"', '"arguments"', "null", "True", "1e999", "-", "İ"),
    *(
        "new_memory_insert(",
        "[f(a=",
        "<function=f>",
        "<parameter=a>",
        "</parameter>",
        "</function>",
        "=",
        "(",
    ),
    *(
        "[TOOL_CALLS]",
        "[ARGS]",
        "to=functions.f",
        "<|channel|>analysis",
        "<|message|>",
        "<|call|>",
        ARGUMENTS,
    ),
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
            assert is_well_formed(found.tool if isinstance(found, Call) else found.text)
        slowest = max(slowest, perf_counter() - start)
    assert slowest < 1


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "{",
            "[",
            "(",
            '"',
            "'",
            "\\",
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            '{"',
            "{'",
            '{"a":',
            "{}",
        ),
        *(
            "{ {x} ",
            "(((",
            ",",
            ":",
            "a.",
            "a-",
            "a(",
            "f(a=",
            "[f(a=",
            "new_memory_insert",
            "new_memory_insert(a=",
        ),
        *(
            "<function=a>",
            "<parameter=b>",
            "<function=a><parameter=b>",
            "[TOOL_CALLS]",
            "to=functions.a ",
            "<|",
        ),
        *('{"<think>":', '{"a":"<tool_call>', "<|channel|>analysis", "<｜tool▁calls▁begin｜>", " ", "\n{'"),
    ],
)
def test_time_grows_with_the_length(piece: str) -> None:
    text = "<tool_call>" + piece * (200_000 // len(piece))
    begun = process_time()
    parse(text)
    assert process_time() - begun < 2
