"""The rules of r4: contents that they reject, and contents that they accept."""

import pytest

from training.memory.content_validity import invalidity_reason
from training.memory.tools import ToolCall

LONG_CHUNK = " ".join(f"word{number}" for number in range(200))


def make_insert(memory_type: str, content: str) -> ToolCall:
    return ToolCall("new_memory_insert", {"memory_type": memory_type, "content": content})


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (make_insert("semantic", "Ann has a cat"), None),
        (make_insert("semantic", "..."), "placeholder"),
        (make_insert("semantic", "What to remember, in a sentence or two."), "placeholder"),
        (make_insert("semantic", "cat"), "placeholder"),
        (make_insert("episodic", "Ann moved to Rome"), "without a time"),
        (make_insert("episodic", "2024-01-01 Ann moved to Rome"), None),
        (make_insert("episodic", "Ann moved to Rome in 1999"), None),
        (make_insert("episodic", "Ann moved to Rome on May 3"), None),
        (make_insert("episodic", "Ann moved on January 15"), None),
        (make_insert("episodic", "Ann moved on the 12th of September"), None),
        (make_insert("episodic", "Ann moved on 5 March"), None),
        (make_insert("episodic", "Ann moved on March 3rd"), None),
        (make_insert("episodic", "Ann left at 7 pm"), None),
        (make_insert("episodic", "Ann took maybe 3 apples"), "without a time"),
        (make_insert("episodic", "Ann decided 5 things"), "without a time"),
        (make_insert("episodic", "Ann paid 12.50"), "without a time"),
        (make_insert("episodic", "At 10:30 Ann left"), None),
        (make_insert("episodic", "On Tuesday Ann left"), None),
        (make_insert("episodic", "Ann bought 1234567 cats"), "without a time"),
        (make_insert("semantic", LONG_CHUNK), "copies"),
        (make_insert("semantic", " ".join(LONG_CHUNK.split()[:101])), "copies"),
        (make_insert("semantic", " ".join(reversed(LONG_CHUNK.split()))), "copies"),
        (make_insert("semantic", " ".join(LONG_CHUNK.split()[:90])), None),
        (make_insert("semantic", " ".join(f"other{number}" for number in range(200))), None),
        (ToolCall("memory_update", {"memory_type": "core", "new_content": "core memory"}), "placeholder"),
        (ToolCall("memory_update", {"memory_type": "core", "new_content": "Ann and her cat"}), None),
        (ToolCall("memory_delete", {"memory_type": "semantic", "memory_id": "s1"}), "delete"),
    ],
)
def test_invalid_contents_have_a_reason(call: ToolCall, reason: str | None) -> None:
    invalidity = invalidity_reason(call, LONG_CHUNK)
    assert (invalidity is None) if reason is None else (invalidity is not None and reason in invalidity)


def test_a_short_chunk_may_be_stored_as_one_entry() -> None:
    assert invalidity_reason(make_insert("semantic", "Ann has a cat"), "<User> Ann has a cat") is None
