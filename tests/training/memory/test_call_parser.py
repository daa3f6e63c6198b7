"""Replies of real models become calls, or failures with a reason; no reply raises an error."""

import json
import random
from pathlib import Path
from time import perf_counter, process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.unicode import is_well_formed, to_well_formed
from training.memory.call_parser import MalformedCall, locate_calls, parse_calls
from training.memory.memory import Memory
from training.memory.tools import ToolCall
from training.policies import Observation
from training.policies.scripted import ScriptedPolicy

CALL_ARGUMENTS = {"memory_type": "semantic", "content": "Ann has a cat"}
CALL = ToolCall("new_memory_insert", CALL_ARGUMENTS)
ARGUMENTS = '{"memory_type": "semantic", "content": "Ann has a cat"}'
JSON = f'{{"name": "new_memory_insert", "arguments": {ARGUMENTS}}}'
PYTHON = "{'name': 'new_memory_insert', 'arguments': {'memory_type': 'semantic', 'content': 'Ann has a cat'}}"
STRING = json.dumps({"name": "new_memory_insert", "arguments": json.dumps(CALL_ARGUMENTS)})


def tagged(text: str) -> str:
    return f"<tool_call>{text}</tool_call>"


def make_insert(text: str) -> ToolCall:
    return ToolCall("new_memory_insert", {"memory_type": "semantic", "content": text})


def insert_json(raw: str) -> str:
    return f'{{"name": "new_memory_insert", "arguments": {{"memory_type": "semantic", "content": {raw}}}}}'


def nest_calls(depth: int) -> str:
    """Nest calls in calls; after every eighty levels they are put into a string."""
    text = JSON
    for number in range(depth):
        text = f'{{"tool_calls": {text if number % 80 else json.dumps(text)}}}'
    return text


ONE_CALL = [
    tagged(JSON),
    tagged(f"\n{JSON}\n"),
    f"Let me store that.\n{tagged(JSON)}",
    f"{tagged(JSON)}\nDone, I have stored it.",
    f"<think>Ann has a cat.</think>\n{tagged(JSON)}",
    f"<think>\n{tagged(JSON.replace('Ann', 'Bob'))}\n</think>{tagged(JSON)}",
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
    tagged(f"{JSON};"),
    tagged(f"{JSON} (stored)"),
    tagged(f"call: {JSON}"),
    tagged(f"[{JSON}]"),
    f"[{JSON}]",
    tagged(PYTHON),
    PYTHON,
    f"```python\n{PYTHON}\n```",
    tagged(STRING),
    tagged(JSON.replace('"}}', '",}}')),
    tagged(JSON.replace('"}}', '"},}')),
    tagged(JSON.replace('"}}', '",},}')),
    tagged(JSON.replace('"}}', '" ,\n }}')),
    tagged(JSON.replace('"arguments"', '"parameters"')),
    tagged(JSON.replace('"arguments"', '"args"')),
    tagged(JSON.replace('"arguments"', '"input"')),
    tagged(JSON.replace('"name"', '"tool"')),
    tagged(JSON.replace('"name"', '"tool_name"')),
    tagged(f'{{"function": {JSON}}}'),
    tagged(f'{{"type": "function", "function": {JSON}}}'),
    tagged(f'{{"id": "call_1", "type": "function", "function": {STRING}}}'),
    tagged('{"name": "new_memory_insert", "memory_type": "semantic", "content": "Ann has a cat"}'),
    tagged('{"id": "7", "name": "new_memory_insert", "memory_type": "semantic", "content": "Ann has a cat"}'),
    tagged(f'{{"arguments": {ARGUMENTS}, "name": "new_memory_insert"}}'),
    tagged(JSON.replace('"new_memory_insert"', '" new_memory_insert "')),
    tagged(JSON.replace(", ", ",\n\t")),
    tagged(JSON.replace(" ", "")).replace("Annhasacat", "Ann has a cat"),
    f"<tool_call></tool_call>{tagged(JSON)}".replace("<tool_call></tool_call>", "", 1),
    f"</tool_call>{tagged(JSON)}",
    f"<|im_start|>assistant\n{tagged(JSON)}<|im_end|>",
    tagged(JSON.replace("semantic", "semantic_memory")),
    tagged(f"{{{JSON}}}"),
    f"Let {{x be a set. {JSON}",
    f"Perhaps {tagged(JSON.replace('Ann', 'Bob'))}? No.\n</think>\n{tagged(JSON)}",
    f"<think>Perhaps {tagged(JSON)}?</think>Bob.</think>{tagged(JSON)}",
    f"{tagged(JSON)}\n<think>Perhaps {tagged(JSON)}",
    tagged(json.dumps({"name": "new_memory_insert", "arguments": f" \n{ARGUMENTS}\n"})),
    tagged(json.dumps({"name": "new_memory_insert", "arguments": f"```json\n{ARGUMENTS}\n```"})),
    tagged(json.dumps({"name": "new_memory_insert", "arguments": json.dumps(ARGUMENTS)})),
    f'{{"role": "assistant", "content": null, "tool_calls": [{{"id": "1", "function": {STRING}}}]}}',
    f'{{"tool_calls": [[{JSON}]]}}',
    json.dumps({"tool_calls": f"[{JSON}]"}),
    f'{{"function_call": {STRING}}}',
    f'{{"new_memory_insert": {ARGUMENTS}}}',
    JSON.replace('"name"', '"function"'),
    JSON.replace('"name"', '"action"').replace('"arguments"', '"action_input"'),
]


@pytest.mark.parametrize("reply", ONE_CALL)
def test_each_form_gives_one_call(reply: str) -> None:
    assert parse_calls(reply) == [CALL]


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
def test_contents_are_read_exactly(raw: str, text: str) -> None:
    assert parse_calls(tagged(insert_json(raw))) == [make_insert(text)]


@pytest.mark.parametrize(
    ("reply", "calls"),
    [
        (tagged(JSON) + tagged(JSON), 2),
        (tagged(JSON) + "\n\n" + tagged(PYTHON) + "\nand\n" + tagged(STRING), 3),
        (tagged(f"{JSON}\n{JSON}"), 2),
        (tagged(f"{JSON}, {JSON}"), 2),
        (tagged(f"[{JSON}, {JSON}, {PYTHON}]"), 3),
        (f"<tool_call>{JSON}<tool_call>{JSON}", 2),
        (f"<tool_call>{JSON}\n<tool_call>\n{JSON}</tool_call>", 2),
        (f"```json\n[{JSON},\n{JSON}]\n```", 2),
        (f"1. {JSON}\n2. {JSON}", 2),
        ("", 0),
        ("There is nothing to remember here.", 0),
        ("A set {1, 2} and {braces} are no calls.", 0),
        ('{"answer": 42}', 0),
        ("<think>" + tagged(JSON), 0),
        (
            tagged(insert_json('"</tool_call>"')).replace("</tool_call>", "Ann has a cat", 1) + tagged(JSON),
            2,
        ),
        (f"<tool_calls>{tagged(JSON)}{tagged(JSON)}</tool_calls>", 2),
        (f'{{"tool_calls": [{JSON}, {{"type": "function", "function": {STRING}}}]}}', 2),
        (tagged(JSON) * 300, 300),
        ('{"tool_calls": [], "content": "Nothing to do."}', 0),
        ('{"action": "none"} {"function": "x"}', 0),
        ("I could call new_memory_insert(memory_type, content) with {x}.", 0),
        ("print(x='y') and [range(3)] and f(a=1)", 0),
        ("The function= and the <function> tag, <parameter> too; see [1], (2).", 0),
    ],
)
def test_all_calls_of_a_reply_are_found(reply: str, calls: int) -> None:
    assert parse_calls(reply) == [CALL] * calls


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("<tool_call></tool_call>", "no JSON object"),
        ("<tool_call>", "no JSON object"),
        (tagged("insert Ann has a cat"), "no JSON object"),
        (tagged('"new_memory_insert"'), "no JSON object"),
        (f"<tool_call>{JSON[:-1]}", "cut off"),
        (f"<tool_call>{JSON[:40]}", "cut off"),
        (tagged(JSON[:-2]), "cut off"),
        (tagged(PYTHON[:60]), "cut off"),
        (tagged("{name: new_memory_insert}"), "invalid JSON"),
        (tagged('{"name" "new_memory_insert"}'), "no object of keys"),
        (tagged('{"name": new_memory_insert, "arguments": {}}'), "invalid JSON"),
        (tagged('{"a": 1 + os.system("x")}'), "invalid JSON"),
        (tagged("{}"), "names no tool"),
        (tagged('{"arguments": {}}'), "names no tool"),
        (tagged('{"name": 3, "arguments": {}}'), "names no tool"),
        (tagged('{"name": null}'), "names no tool"),
        (tagged('{"name": "memory_delete", "arguments": [1]}'), "arguments are no object"),
        (tagged('{"name": "memory_delete", "arguments": "s3"}'), "arguments are no object"),
        (tagged('{"name": "memory_delete", "arguments": null}'), "arguments are no object"),
        (tagged('{"name": "memory_delete", "arguments": "{broken"}'), "arguments are no object"),
        (JSON[:60], "cut off"),
        (JSON.replace("Ann", 'the "cat"'), "invalid JSON"),
        (tagged(f'{{"name": "memory_delete", "arguments": {"[" * 329}{"]" * 329}}}'), "invalid JSON"),
        (tagged(f'{{"name": "memory_delete", "arguments": {"[" * 995}'), "cut off"),
        (tagged(f'{{"name": "memory_delete", "arguments": {{"memory_id": {"9" * 4301}}}}}'), "invalid JSON"),
        (tagged(f'{{"name": "memory_delete", "arguments": {{"memory_id": {2**63}}}}}'), "invalid JSON"),
        ('{"tool_calls": ["new_memory_insert"]}', "no object of keys"),
        (tagged(nest_calls(600)), "nested too deep"),
        ('{"name": "memory_delete", "arguments": "s3"}', "arguments are no object"),
    ],
)
def test_an_unreadable_call_has_a_reason(reply: str, reason: str) -> None:
    (found,) = parse_calls(reply)
    assert isinstance(found, MalformedCall) and reason in found.reason, found


def test_a_malformed_call_does_not_hide_the_others() -> None:
    found = parse_calls(tagged(JSON) + tagged("{broken}") + tagged(JSON) + f"<tool_call>{JSON[:-5]}")
    assert [isinstance(one, ToolCall) for one in found] == [True, False, True, False]
    tags = JSON.replace("Ann", "</think></tool_call>")
    found = parse_calls(tagged(JSON) + tagged(tags[:-1]) + tagged(JSON))
    assert [isinstance(one, ToolCall) for one in found] == [True, False, True]


ONE, TWO = insert_json('"one"'), insert_json('"two"')


@pytest.mark.parametrize(
    ("reply", "ends"),
    [
        (
            f"{tagged(ONE)}\n{tagged(TWO)} done",
            ["</tool_call>", "</tool_call>"],
        ),
        (f"<think>hm</think>{ONE} then {TWO}", ["}}", "}}"]),
        (
            f"{ONE}\n<think>and</think>\n{tagged(TWO)}.",
            ["}}", "</tool_call>"],
        ),
        (f"{tagged('nothing')} {TWO}", ["</tool_call>", "}}"]),
    ],
)
def test_a_call_is_located_where_it_ends(reply: str, ends: list[str]) -> None:
    located = locate_calls(reply)
    assert [call for call, _ in located] == parse_calls(reply)
    offsets = [offset for _, offset in located]
    assert len(offsets) == 2 and offsets[0] < offsets[1]
    for offset, end in zip(offsets, ends, strict=True):
        assert reply[:offset].endswith(end), reply[:offset]


@given(st.lists(st.sampled_from(["<think>", "</think>", "text", " ", "<tool_call>", "</tool_call>", JSON])))
def test_locations_are_in_order_and_inside_the_reply(pieces: list[str]) -> None:
    reply = "".join(pieces)
    offsets = [offset for _, offset in locate_calls(reply)]
    assert offsets == sorted(offsets) and all(0 <= offset <= len(reply) for offset in offsets)


def test_text_and_calls_beyond_the_limits_are_a_failure() -> None:
    assert isinstance(parse_calls(JSON + " " * 200_000)[-1], MalformedCall)
    found = parse_calls(JSON * 3_000)
    assert found[:-1] == [CALL] * 2_000
    assert isinstance(found[-1], MalformedCall) and "too many" in found[-1].reason


NAMED = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<function=a>", "[TOOL_CALLS]", "<|end|>"]
CONTENTS = st.lists(
    st.sampled_from([*NAMED, *"\"'{}[]()\\,:=\n ", "\ud83d", "\ude80", "new_memory_insert"])
    | st.text(max_size=3),
    max_size=8,
).map("".join)


@settings(deadline=None)
@given(st.lists(CONTENTS, min_size=1, max_size=5), st.booleans())
def test_no_call_is_lost_whatever_tags_its_content_holds(contents: list[str], ascii_only: bool) -> None:
    calls = [make_insert(one) for one in contents]
    written = [
        json.dumps({"name": call.tool, "arguments": call.arguments}, ensure_ascii=ascii_only)
        for call in calls
    ]
    read = [make_insert(to_well_formed(one)) for one in contents]
    assert parse_calls("".join(map(tagged, written))) == read
    assert parse_calls("\n".join(written)) == read
    assert parse_calls("Bob?</think>" + tagged(", ".join(written))) == read
    assert parse_calls(tagged("".join(f"{one[:-1]},}}" for one in written))) == read


@pytest.fixture(scope="module")
def policy(assets: Path) -> ScriptedPolicy:
    return ScriptedPolicy(assets)


@settings(deadline=None)
@given(texts=st.lists(CONTENTS, min_size=1, max_size=5))
def test_all_calls_of_the_scripted_policy_are_read(policy: ScriptedPolicy, texts: list[str]) -> None:
    chunks = [
        "\n".join(f"Sample: {number} {text}\nLabel: {number}" for number, text in enumerate(texts)),
        "[Dialogue at timestamp 2018-05-03 14:20]\n"
        + "\n".join(f"<549cc1> I moved to Utah with my sister and {text} two dogs." for text in texts),
    ]
    for chunk in chunks:
        (reply,) = policy.act([Observation(Memory(len, 512), chunk)])
        written = [
            json.loads(line.removeprefix("<tool_call>").removesuffix("</tool_call>"))
            for line in filter(None, reply.split("\n"))
        ]
        assert parse_calls(reply) == [
            ToolCall(one["name"], {key: to_well_formed(value) for key, value in one["arguments"].items()})
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


def test_a_hundred_thousand_random_replies_raise_nothing() -> None:
    """Bar: no exception, and no string takes long."""
    rng = random.Random(7)
    slowest = 0.0
    for _ in range(100_000):
        text = "".join(rng.choices(PIECES, k=rng.randint(1, 12)))
        start = perf_counter()
        for found in parse_calls(text):
            assert is_well_formed(found.tool if isinstance(found, ToolCall) else found.excerpt)
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
def test_time_grows_linearly_with_the_length(piece: str) -> None:
    text = "<tool_call>" + piece * (200_000 // len(piece))
    start = process_time()
    parse_calls(text)
    assert process_time() - start < 2
