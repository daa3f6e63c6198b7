"""Memory as a state machine: it always equals a model that makes the applied operations."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.training.factories import count_words
from training.memory.memory import FULL_NOTE, LIST_NAMES, TRUNCATION_NOTICE, ListName, Memory
from training.memory.tools import ToolCall, apply_call

MAX_CORE_TOKENS = 12  # in words


TEXTS = st.sampled_from(["", " ", "a cat", "a dog", "Ann moved to Rome", "one " * 20, "x\ny"]) | st.text(
    max_size=40
)
NAMES = st.sampled_from(LIST_NAMES)


class MemoryMachine(RuleBasedStateMachine):
    """A memory, and a model of plain dictionaries that gets the same operations."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(count_words, MAX_CORE_TOKENS)
        self.model: dict[ListName, dict[str, str]] = {"semantic": {}, "episodic": {}}
        self.used_ids: set[str] = set()

    def ids(self) -> list[str]:
        return [*self.model["semantic"], *self.model["episodic"], "s999", ""]

    @rule(name=NAMES, text=TEXTS)
    def insert(self, name: ListName, text: str) -> None:
        arguments = {"memory_type": name, "content": text}
        result = apply_call(ToolCall("new_memory_insert", arguments), self.memory)
        refused = not text.strip() or text in self.model[name].values()
        assert result.applied is not refused and result.note
        if result.applied:
            assert result.entry_id is not None and result.entry_id not in self.used_ids
            self.used_ids.add(result.entry_id)
            self.model[name][result.entry_id] = text

    @rule(name=NAMES, text=TEXTS, data=st.data())
    def update(self, name: ListName, text: str, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self.ids()))
        arguments = {"memory_type": name, "new_content": text, "memory_id": identity}
        result = apply_call(ToolCall("memory_update", arguments), self.memory)
        known = identity in self.model[name]
        assert result.applied is (known and bool(text.strip()) and text not in self.model[name].values())
        if result.applied:
            self.model[name][identity] = text

    @rule(name=NAMES, data=st.data())
    def delete(self, name: ListName, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self.ids()))
        result = apply_call(
            ToolCall("memory_delete", {"memory_type": name, "memory_id": identity}), self.memory
        )
        assert result.applied is (identity in self.model[name])
        self.model[name].pop(identity, None)

    @rule(text=TEXTS)
    def rewrite(self, text: str) -> None:
        before = self.memory.core
        result = apply_call(
            ToolCall("memory_update", {"memory_type": "core", "new_content": text}), self.memory
        )
        if not result.applied:
            assert self.memory.core == before and result.note
        elif count_words(text) <= MAX_CORE_TOKENS:
            assert self.memory.core == text.strip()
        else:
            assert self.memory.core.endswith(TRUNCATION_NOTICE) and "cut" in result.note
            assert " ".join(text.split()).startswith(self.memory.core.removesuffix(TRUNCATION_NOTICE).strip())

    @rule(
        tool=st.sampled_from(["new_memory_insert", "memory_update", "memory_delete", "forget_all"]),
        arguments=st.dictionaries(
            st.sampled_from(["memory_type", "content", "new_content", "memory_id", "x"]),
            st.sampled_from(["core", "both", "", 3, None, ["a"], {}]),
        ),
    )
    def nonsense(self, tool: str, arguments: dict[str, object]) -> None:
        before = self.state()
        result = apply_call(ToolCall(tool, arguments), self.memory)
        assert result.note
        if not result.applied:
            assert self.state() == before

    def state(self) -> object:
        return self.memory.core, {name: list(self.memory.lists[name]) for name in LIST_NAMES}

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        for name in LIST_NAMES:
            entries = self.memory.lists[name]
            assert {entry.id: entry.text for entry in entries} == self.model[name]
            assert [entry.id for entry in entries] == list(self.model[name])
            assert [entry.id for entry in entries.iter_newest()] == list(reversed(self.model[name]))
            assert entries.tokens == sum(map(count_words, self.model[name].values()))
            assert len(set(self.model[name].values())) == len(entries)

    @invariant()
    def limits_hold(self) -> None:
        assert count_words(self.memory.core) <= MAX_CORE_TOKENS
        texts = [text for entries in self.model.values() for text in entries.values()]
        assert self.memory.tokens == count_words(self.memory.core) + sum(map(count_words, texts))


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def test_the_newest_entries_are_rendered() -> None:
    memory = Memory(count_words, MAX_CORE_TOKENS)
    memory.rewrite_core("Ann likes tea")
    for number in range(30):
        memory.lists["semantic"].insert(f"fact {number}")
        memory.lists["episodic"].insert(f"event {number}")
    full = memory.render(max_entries=20, max_tokens=10_000)
    assert "Ann likes tea" in full
    assert "[s30] fact 29" in full and "[s11] fact 10" in full and "fact 9\n" not in full
    assert full.index("fact 10") < full.index("fact 29")
    assert "(10 older entries)" in full
    short = memory.render(max_entries=20, max_tokens=3 + 6 * 3)
    assert "fact 29" in short and "event 29" in short and "fact 27" in short
    assert "fact 26" not in short and "event 26" not in short
    assert memory.render(max_entries=20, max_tokens=0).count("(30 older entries)") == 2


@pytest.mark.parametrize("memory_type", ["core", "semantic", "episodic"])
def test_aliases_of_memory_types_have_the_same_effect(memory_type: str) -> None:
    """Mem-alpha's newer tools use them; records have our names."""
    one, other = Memory(count_words, MAX_CORE_TOKENS), Memory(count_words, MAX_CORE_TOKENS)
    for tool, arguments in (
        ("new_memory_insert", {"content": "a cat"}),
        ("memory_update", {"new_content": "a dog", "memory_id": f"{memory_type[0]}1"}),
        ("memory_update", {"new_content": "a dog"}),
        ("memory_delete", {"memory_id": f"{memory_type[0]}1"}),
    ):
        aliased = ToolCall(tool, {"memory_type": f"{memory_type}_memory", **arguments})
        ours = ToolCall(tool, {"memory_type": memory_type, **arguments})
        assert aliased == ours and apply_call(aliased, one) == apply_call(ours, other)
        assert one.render(9, 99) == other.render(9, 99)
    assert one.core == ("a dog" if memory_type == "core" else "")
    for wrong in ("memory", "procedural_memory", ["core_memory"]):
        assert not apply_call(
            ToolCall("new_memory_insert", {"memory_type": wrong, "content": "a"}), one
        ).applied


def test_lone_surrogates_are_refused() -> None:
    memory = Memory(count_words, MAX_CORE_TOKENS)
    for arguments in (
        {"memory_type": "semantic", "content": "Tom \ud83d"},
        {"memory_type": "\ud83d", "content": "a"},
    ):
        result = apply_call(ToolCall("new_memory_insert", arguments), memory)
        assert not result.applied and "half of a character" in result.note
    assert len(memory.lists["semantic"]) == 0


def test_an_empty_memory_is_rendered_as_empty() -> None:
    assert Memory(count_words, MAX_CORE_TOKENS).render(max_entries=20, max_tokens=100).count("(empty)") == 3


def test_what_would_pass_the_limit_fails_and_says_so() -> None:
    memory = Memory(count_words, 10, max_tokens=6)
    entries = memory.lists["semantic"]
    assert entries.insert("one two three").applied and memory.rewrite_core("a b").applied
    refused = [
        entries.insert("four five"),
        entries.update("s1", "one two three four five"),
        memory.rewrite_core("a b c d"),
    ]
    assert {(result.applied, result.note) for result in refused} == {(False, FULL_NOTE)}
    assert (memory.tokens, memory.core, [entry.text for entry in entries]) == (5, "a b", ["one two three"])
    assert entries.insert("four").applied and memory.tokens == 6
    assert entries.update("s1", "one").applied and entries.delete("s2").applied
    assert not Memory(count_words, 10, 0).lists["episodic"].insert("x").applied


def test_a_copy_changes_on_its_own() -> None:
    memory = Memory(count_words, 10, max_tokens=9)
    memory.lists["semantic"].insert("one")
    copy = memory.copy()
    assert copy.lists["semantic"].insert("two").entry_id == "s2" and copy.max_tokens == 9
    copy.lists["semantic"].delete("s1")
    copy.rewrite_core("a")
    assert [entry.text for entry in memory.lists["semantic"]] == ["one"]
    assert (memory.core, memory.tokens, copy.tokens) == ("", 1, 2)
