"""Thinking is stripped in every form of it, and tags that are content stay."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.llm.thinking import strip_thinking

TAGS = st.sampled_from(
    ["<think>", "</think>", "<tool_call>", "</tool_call>", "<|channel|>analysis", "<|end|>"]
)
CONTENTS = st.lists(TAGS | st.sampled_from("\"'{}[]\\,: \n") | st.text(max_size=4), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Rome", "Rome"),
        ("<think>Oslo?</think>Rome", "Rome"),
        ("  <think>\nOslo?\n</think>\n\nRome", "Rome"),
        ("<think>Oslo?</think>Rome<think>or Bern</think>.", "Rome ."),
        ("Oslo?</think>Rome", "Rome"),
        ("Oslo?</think>Bern?</think>Rome", "Rome"),
        ("<think>a <think> b</think> Oslo </think>Rome", "Rome"),
        ("<think>Oslo", ""),
        ("\n<think>Oslo", ""),
        ("Rome\n<think>or Oslo", "Rome"),
        ("Rome.</tool_call><think>or Oslo", "Rome.</tool_call>"),
        ("The tag <think> begins it", "The tag <think> begins it"),
        ("<thinking>Rome", "<thinking>Rome"),
        ("", ""),
        ("</think>", ""),
        # Tags in the strings of an object are content, in JSON and nearly JSON.
        ('{"a": "</think>"}', '{"a": "</think>"}'),
        ('{"a": "<think>"} Rome', '{"a": "<think>"} Rome'),
        ("{'a': 'the </think> tag',}", "{'a': 'the </think> tag',}"),
        ('<think>{"a": "</think>"} Oslo</think>Rome', "Rome"),
        ('Oslo {"a": "</think>"} </think>Rome', "Rome"),
        ('{"a": "the </think> tag"', '{"a": "the </think> tag"'),
        ('{"a": "the </think> tag", "b": [</tool_call>', '{"a": "the </think> tag", "b": [</tool_call>'),
        # A string without its end quotes nothing.
        ('{"a": "Oslo</think>Rome', "Rome"),
        ('{"a": "Oslo</think>{"b": "Rome"}', '{"b": "Rome"}'),
        ('<think>{"a": "Oslo"</think>Rome', "Rome"),
        ("it's {'a': 'Oslo</think>Rome", "Rome"),
        ("<|channel|>analysis<|message|>Oslo?<|end|>Rome", "<|end|>Rome"),
        ("<|channel|>analysis<|message|>Oslo? {", ""),
        ("Rome \ud83d", "Rome \ufffd"),
        ("<think>\ud83d</think>Rome \ud83d\ude80", "Rome \U0001f680"),
    ],
)
def test_thoughts_are_stripped(reply: str, expected: str) -> None:
    assert strip_thinking(reply).strip() == expected


@given(st.lists(CONTENTS, min_size=1, max_size=4), CONTENTS)
def test_objects_are_unchanged_after_any_thought(contents: list[str], thought: str) -> None:
    written = "\n".join(json.dumps({"content": content}) for content in contents)
    assert strip_thinking(written) == written
    assert written in strip_thinking(f"<think>{json.dumps(thought)}</think>\n{written}")
