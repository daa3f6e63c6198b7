"""r4's rules: what is found, and what is let through."""

import pytest

from training.tools import Call
from training.validity import problem

LONG = " ".join(f"word{number}" for number in range(200))


def insert(memory_type: str, content: str) -> Call:
    return Call("new_memory_insert", {"memory_type": memory_type, "content": content})


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (insert("semantic", "Ann has a cat"), None),
        (insert("semantic", "..."), "placeholder"),
        (insert("semantic", "What to remember, in a sentence or two."), "placeholder"),
        (insert("semantic", "cat"), "placeholder"),
        (insert("episodic", "Ann moved to Rome"), "without a time"),
        (insert("episodic", "2024-01-01 Ann moved to Rome"), None),
        (insert("episodic", "Ann moved to Rome in 1999"), None),
        (insert("episodic", "Ann moved to Rome on May 3"), None),
        (insert("episodic", "Ann moved on January 15"), None),
        (insert("episodic", "Ann moved on the 12th of September"), None),
        (insert("episodic", "Ann moved on 5 March"), None),
        (insert("episodic", "Ann moved on March 3rd"), None),
        (insert("episodic", "Ann left at 7 pm"), None),
        (insert("episodic", "Ann took maybe 3 apples"), "without a time"),
        (insert("episodic", "Ann decided 5 things"), "without a time"),
        (insert("episodic", "Ann paid 12.50"), "without a time"),
        (insert("episodic", "At 10:30 Ann left"), None),
        (insert("episodic", "On Tuesday Ann left"), None),
        (insert("episodic", "Ann bought 1234567 cats"), "without a time"),
        (insert("semantic", LONG), "copies"),
        (insert("semantic", " ".join(LONG.split()[:101])), "copies"),
        (insert("semantic", " ".join(reversed(LONG.split()))), "copies"),
        (insert("semantic", " ".join(LONG.split()[:90])), None),
        (insert("semantic", " ".join(f"other{number}" for number in range(200))), None),
        (Call("memory_update", {"memory_type": "core", "new_content": "core memory"}), "placeholder"),
        (Call("memory_update", {"memory_type": "core", "new_content": "Ann and her cat"}), None),
        (Call("memory_delete", {"memory_type": "semantic", "memory_id": "s1"}), "delete"),
    ],
)
def test_problems(call: Call, found: str | None) -> None:
    said = problem(call, LONG)
    assert (said is None) if found is None else (said is not None and found in said)


def test_a_short_chunk_may_stand_in_one_entry() -> None:
    assert problem(insert("semantic", "Ann has a cat"), "<User> Ann has a cat") is None
