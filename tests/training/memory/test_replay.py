"""Replayed steps give the memory that a policy wrote, after every step."""

from tests.training.factories import count_words, make_instance, make_question
from training.memory.memory import LIST_NAMES, Memory
from training.memory.replay import replay_steps
from training.memory.schema import Step
from training.policies.run_episodes import apply_reply

REPLIES = [
    '{"name": "new_memory_insert", "arguments": {"memory_type": "semantic", "content": "a b"}}',
    '{"name": "memory_update", "arguments": {"memory_type": "core", "new_content": "one two three four"}}'
    '{"name": "new_memory_insert", "arguments": {"memory_type": "episodic_memory", "content": "c"}}',
    '{"name": "memory_update", "arguments": {"memory_type": "semantic", "memory_id": "s1", '
    '"new_content": "a"}}{"name": "memory_delete", "arguments": {"memory_type": "semantic", '
    '"memory_id": "s9"}} <tool_call>{</tool_call>',
    '{"name": "memory_delete", "arguments": {"memory_type": "episodic", "memory_id": "e1"}}',
    "",
]


def describe(memory: Memory) -> tuple[str, list[str], int]:
    entries = [f"{entry.id} {entry.text}" for name in LIST_NAMES for entry in memory.lists[name]]
    return memory.core, entries, memory.tokens


def test_replayed_steps_give_the_memory_after_every_step() -> None:
    memory = Memory(count_words, 8)
    states, steps = [], []
    for reply in REPLIES:
        calls = apply_reply(reply, memory, "chunk")
        steps.append(Step("chunk", 1, reply, calls, memory.tokens))
        states.append(describe(memory))
    assert [describe(one) for one in replay_steps(steps, memory.max_core_tokens, count_words)] == states
    assert len(set(map(str, states))) == 4


def test_chunks_that_questions_name_are_listed_once_without_the_last() -> None:
    questions = [make_question(str(after), "x", after=after) for after in (3, 0, None, 4, 3)]
    assert make_instance("a", ["x"] * 5, questions).list_asked_chunks() == [0, 3]
