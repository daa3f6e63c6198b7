"""Calls in the dialects that models were trained on: each is read, or is a failure with a reason."""

import pytest

from training.memory.call_parser import MalformedCall, parse_calls
from training.memory.tools import ToolCall

CALL = ToolCall("new_memory_insert", {"memory_type": "semantic", "content": "Ann has a cat"})
OTHER = ToolCall("memory_delete", {"memory_type": "episodic", "memory_id": "e1"})
JSON = '{"memory_type": "semantic", "content": "Ann has a cat"}'
OTHER_JSON = '{"memory_type": "episodic", "memory_id": "e1"}'
PYTHON = 'new_memory_insert(memory_type="semantic", content="Ann has a cat")'
OTHER_PYTHON = "memory_delete(memory_type='episodic', memory_id='e1',)"
TYPE, CONTENT = (
    "<parameter=memory_type>\nsemantic\n</parameter>",
    "<parameter=content>\nAnn has a cat\n</parameter>",
)
QWEN = f"<function=new_memory_insert>\n{TYPE}\n{CONTENT}\n</function>"
INVOKE = """<invoke name="new_memory_insert">
<parameter name="memory_type">semantic_memory</parameter>
<parameter name="content">Ann has a cat</parameter>
</invoke>"""
HARMONY = f"<|channel|>commentary to=functions.new_memory_insert <|constrain|>json<|message|>{JSON}<|call|>"


@pytest.mark.parametrize(
    "reply",
    [
        QWEN,
        f"<tool_call>\n{QWEN}\n</tool_call>",
        QWEN.replace("\n", ""),
        f"Storing.\n<tool_call>\n{QWEN}",
        INVOKE,
        f"<function_calls>\n{INVOKE}\n</function_calls>",
        f"<function=new_memory_insert>{JSON}</function>",
        f"<function=new_memory_insert>\n{JSON}\n</function>",
        f"<function_calls>\n{INVOKE}\n</function_calls>".replace("<", "<x:").replace("<x:/", "</x:"),
        f"<new_memory_insert>{JSON}</new_memory_insert>",
        f"[{PYTHON}]",
        PYTHON,
        f"print(default_api.{PYTHON})",
        f"<tool_call>{PYTHON}</tool_call>",
        f"```tool_code\n{PYTHON}\n```",
        f"<|python_tag|>{PYTHON}<|eom_id|>",
        PYTHON.replace("(", "(\n    ").replace(", ", ",\n    ").replace(")", ",\n)"),
        f"functions.{PYTHON}",
        f"new_memory_insert({JSON})",
        f'[TOOL_CALLS][{{"name": "new_memory_insert", "arguments": {JSON}}}]',
        f'[TOOL_CALLS] [{{"name": "new_memory_insert", "arguments": {JSON}, "id": "abc"}}]',
        f"[TOOL_CALLS]new_memory_insert{JSON}",
        f"[TOOL_CALLS]new_memory_insert[ARGS]{JSON}",
        f"[TOOL_CALLS]new_memory_insert[CALL_ID]a1B2c3D4e[ARGS]{JSON}",
        f"new_memory_insert[ARGS]{JSON}",
        f"new_memory_insert{JSON}",
        HARMONY,
        f"<|start|>assistant{HARMONY}",
        f"<|channel|>analysis<|message|>Bob? {OTHER_PYTHON}<|end|><|start|>assistant{HARMONY}",
        f"<|start|>assistant to=functions.new_memory_insert<|channel|>commentary json<|message|>{JSON}",
        f"commentary to=functions.new_memory_insert json{JSON}",
        f"<|tool_call_begin|>functions.new_memory_insert:0<|tool_call_argument_begin|>{JSON}<|tool_call_end|>",
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>new_memory_insert\n```json\n{JSON}\n```<｜tool▁call▁end｜>",
        f"Action: new_memory_insert\nAction Input: {JSON}",
    ],
)
def test_each_dialect_gives_one_call(reply: str) -> None:
    assert parse_calls(reply) == [CALL]


@pytest.mark.parametrize(
    "reply",
    [
        f"{QWEN}\n<function=memory_delete><parameter=memory_type>episodic</parameter>"
        "<parameter=memory_id>e1</parameter></function>",
        f"[{PYTHON}, {OTHER_PYTHON}]",
        f"{PYTHON}\n{OTHER_PYTHON}",
        f"[TOOL_CALLS]new_memory_insert{JSON}[TOOL_CALLS]memory_delete[ARGS]{OTHER_JSON}",
        f"{HARMONY}<|start|>assistant{HARMONY}".replace("new_memory_insert", "memory_delete")
        .replace(JSON, OTHER_JSON)
        .replace("memory_delete", "new_memory_insert", 1)
        .replace(OTHER_JSON, JSON, 1),
    ],
)
def test_a_reply_may_hold_several_calls(reply: str) -> None:
    assert parse_calls(reply) == [CALL, OTHER]


@pytest.mark.parametrize(
    "text", ["what </think> and <think> do", "a </tool_call> and a <tool_call>", "{ and ("]
)
def test_tags_in_values_are_content(text: str) -> None:
    call = ToolCall("new_memory_insert", {"memory_type": "semantic", "content": text})
    for reply in (QWEN, INVOKE, PYTHON, f"[TOOL_CALLS]new_memory_insert{JSON}", HARMONY):
        assert parse_calls(reply.replace("Ann has a cat", text) + reply) == [call, CALL]


def test_the_text_of_an_element_is_kept_as_it_is() -> None:
    text = '  "quotes", \\n and\n\nlines & {"a": 1}\t'
    (call,) = parse_calls(QWEN.replace("Ann has a cat", text))
    assert isinstance(call, ToolCall) and call.arguments["content"] == text


def test_a_call_of_an_unknown_tool_is_a_call() -> None:
    for reply in (
        "[keep(x='y')]",
        "<function=keep><parameter=x>y</parameter></function>",
        '[TOOL_CALLS]keep{"x": "y"}',
    ):
        assert parse_calls(reply) == [ToolCall("keep", {"x": "y"})]
    assert parse_calls("[keep(x='y'), keep(x='y')]") == [ToolCall("keep", {"x": "y"})] * 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (QWEN.removesuffix("\n</function>"), "cut off"),
        (QWEN[:60], "cut off"),
        (QWEN.replace("</parameter>", ""), "cut off"),
        ("<function=new_memory_insert>", "cut off"),
        (INVOKE[:80], "cut off"),
        (f"<function=new_memory_insert>{JSON[:30]}", "cut off"),
        (PYTHON[:40], "cut off"),
        (f"[{PYTHON[:-10]}", "cut off"),
        (PYTHON.replace("Ann", 'the "cat"'), "cannot be read"),
        ('new_memory_insert("semantic", "Ann has a cat")', "cannot be read"),
        ("[TOOL_CALLS]", "no JSON object"),
        ("[TOOL_CALLS]nothing", "no JSON object"),
        (f"[TOOL_CALLS]new_memory_insert{JSON[:20]}", "cut off"),
        (HARMONY[:100], "cut off"),
        ("<|channel|>commentary to=functions.new_memory_insert<|message|>Ann<|call|>", "no JSON object"),
        ("<function_calls></function_calls>", "no JSON object"),
        ("<new_memory_insert><content>Ann</content></new_memory_insert>", "no JSON object"),
        ("<tool_call>new_memory_insert\n<arg_key>content</arg_key></tool_call>", "no JSON object"),
    ],
)
def test_an_unreadable_call_has_a_reason(reply: str, reason: str) -> None:
    (call,) = parse_calls(reply)
    assert isinstance(call, MalformedCall) and reason in call.reason, call


def test_a_malformed_call_does_not_hide_the_others() -> None:
    for whole, broken in ((QWEN, QWEN[:90]), (f"[{PYTHON}]", f"[{PYTHON[:40]}"), (HARMONY, HARMONY[:100])):
        calls = parse_calls(f"{whole}\n<tool_call>{broken}</tool_call>\n<tool_call>{whole}</tool_call>")
        assert [isinstance(one, ToolCall) for one in calls] == [True, False, True], calls
