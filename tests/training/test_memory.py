"""Memory as a state machine: what it holds is what the operations that applied say, and nothing else."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from training.memory import CUT_NOTICE, LISTS, ListName, Memory
from training.tools import Call, run

LIMIT = 12  # tokens of core; words count here


def count(text: str) -> int:
    return len(text.split())


TEXTS = st.sampled_from(["", " ", "a cat", "a dog", "Ann moved to Rome", "one " * 20, "x\ny"]) | st.text(
    max_size=40
)
NAMES = st.sampled_from(LISTS)


class MemoryMachine(RuleBasedStateMachine):
    """Every operation is made on a model of plain dictionaries too."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(count, LIMIT)
        self.model: dict[ListName, dict[str, str]] = {"semantic": {}, "episodic": {}}
        self.seen: set[str] = set()

    def ids(self) -> list[str]:
        return [*self.model["semantic"], *self.model["episodic"], "s999", ""]

    @rule(name=NAMES, text=TEXTS)
    def insert(self, name: ListName, text: str) -> None:
        arguments = {"memory_type": name, "content": text}
        outcome = run(Call("new_memory_insert", arguments), self.memory)
        refused = not text.strip() or text in self.model[name].values()
        assert outcome.applied is not refused and outcome.note
        if outcome.applied:
            assert outcome.entry is not None and outcome.entry not in self.seen
            self.seen.add(outcome.entry)
            self.model[name][outcome.entry] = text

    @rule(name=NAMES, text=TEXTS, data=st.data())
    def update(self, name: ListName, text: str, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self.ids()))
        arguments = {"memory_type": name, "new_content": text, "memory_id": identity}
        outcome = run(Call("memory_update", arguments), self.memory)
        known = identity in self.model[name]
        assert outcome.applied is (known and bool(text.strip()) and text not in self.model[name].values())
        if outcome.applied:
            self.model[name][identity] = text

    @rule(name=NAMES, data=st.data())
    def delete(self, name: ListName, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(self.ids()))
        outcome = run(Call("memory_delete", {"memory_type": name, "memory_id": identity}), self.memory)
        assert outcome.applied is (identity in self.model[name])
        self.model[name].pop(identity, None)

    @rule(text=TEXTS)
    def rewrite(self, text: str) -> None:
        before = self.memory.core
        outcome = run(Call("memory_update", {"memory_type": "core", "new_content": text}), self.memory)
        if not outcome.applied:
            assert self.memory.core == before and outcome.note
        elif count(text) <= LIMIT:
            assert self.memory.core == text.strip()
        else:
            assert self.memory.core.endswith(CUT_NOTICE) and "cut" in outcome.note
            assert " ".join(text.split()).startswith(self.memory.core.removesuffix(CUT_NOTICE).strip())

    @rule(
        tool=st.sampled_from(["new_memory_insert", "memory_update", "memory_delete", "forget_all"]),
        arguments=st.dictionaries(
            st.sampled_from(["memory_type", "content", "new_content", "memory_id", "x"]),
            st.sampled_from(["core", "both", "", 3, None, ["a"], {}]),
        ),
    )
    def nonsense(self, tool: str, arguments: dict[str, object]) -> None:
        before = self.state()
        outcome = run(Call(tool, arguments), self.memory)
        assert outcome.note
        if not outcome.applied:
            assert self.state() == before

    def state(self) -> object:
        return self.memory.core, {name: list(self.memory.lists[name]) for name in LISTS}

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        for name in LISTS:
            entries = self.memory.lists[name]
            assert {entry.id: entry.text for entry in entries} == self.model[name]
            assert [entry.id for entry in entries] == list(self.model[name])
            assert [entry.id for entry in entries.newest()] == list(reversed(self.model[name]))
            assert entries.tokens == sum(map(count, self.model[name].values()))
            assert len(set(self.model[name].values())) == len(entries)

    @invariant()
    def limits_hold(self) -> None:
        assert count(self.memory.core) <= LIMIT
        texts = [text for entries in self.model.values() for text in entries.values()]
        assert self.memory.tokens == count(self.memory.core) + sum(map(count, texts))


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def test_the_newest_entries_stay_in_the_prompt() -> None:
    memory = Memory(count, LIMIT)
    memory.rewrite_core("Ann likes tea")
    for number in range(30):
        memory.lists["semantic"].insert(f"fact {number}")
        memory.lists["episodic"].insert(f"event {number}")
    whole = memory.render(newest=20, limit=10_000)
    assert "Ann likes tea" in whole
    assert "[s30] fact 29" in whole and "[s11] fact 10" in whole and "fact 9\n" not in whole
    assert whole.index("fact 10") < whole.index("fact 29")
    assert "(10 older entries)" in whole
    short = memory.render(newest=20, limit=3 + 6 * 3)
    assert "fact 29" in short and "event 29" in short and "fact 27" in short
    assert "fact 26" not in short and "event 26" not in short
    assert memory.render(newest=20, limit=0).count("(30 older entries)") == 2


@pytest.mark.parametrize("kind", ["core", "semantic", "episodic"])
def test_memory_types_by_their_other_names(kind: str) -> None:
    """Mem-alpha's newer tools call them so; what is recorded has our names."""
    one, other = Memory(count, LIMIT), Memory(count, LIMIT)
    for tool, arguments in (
        ("new_memory_insert", {"content": "a cat"}),
        ("memory_update", {"new_content": "a dog", "memory_id": f"{kind[0]}1"}),
        ("memory_update", {"new_content": "a dog"}),
        ("memory_delete", {"memory_id": f"{kind[0]}1"}),
    ):
        aliased = Call(tool, {"memory_type": f"{kind}_memory", **arguments})
        ours = Call(tool, {"memory_type": kind, **arguments})
        assert aliased == ours and run(aliased, one) == run(ours, other)
        assert one.render(9, 99) == other.render(9, 99)
    assert one.core == ("a dog" if kind == "core" else "")
    for wrong in ("memory", "procedural_memory", ["core_memory"]):
        assert not run(Call("new_memory_insert", {"memory_type": wrong, "content": "a"}), one).applied


def test_half_a_character_reaches_no_memory() -> None:
    memory = Memory(count, LIMIT)
    for arguments in (
        {"memory_type": "semantic", "content": "Tom \ud83d"},
        {"memory_type": "\ud83d", "content": "a"},
    ):
        outcome = run(Call("new_memory_insert", arguments), memory)
        assert not outcome.applied and "half of a character" in outcome.note
    assert len(memory.lists["semantic"]) == 0


def test_an_empty_memory_says_so() -> None:
    assert Memory(count, LIMIT).render(newest=20, limit=100).count("(empty)") == 3
