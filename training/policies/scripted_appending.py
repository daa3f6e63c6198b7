"""The appending scripted policy: its entries name person and attribute as those of `scripted_updating` do.

It only inserts: each turn of a person about an attribute is an entry of its own, and what is corrected,
planned or to be forgotten is stored like anything else. So it differs from `scripted_updating` by the updates
alone, where `scripted` also differs by what its entries name.
"""

from collections.abc import Iterator

from training.memory.memory import Memory
from training.policies.attribute_cues import find_attribute
from training.policies.scripted import format_insert
from training.policies.scripted_updating import (
    StatementBook,
    Turn,
    UpdatingPolicy,
    format_history,
    is_about_oneself,
)


class AppendingPolicy(UpdatingPolicy):
    """The Policy of the rules above."""

    name = "scripted_appending"

    def open_book(self, memory: Memory, speakers: set[str]) -> StatementBook:
        """Return a book that stores each statement by itself, whatever the memory holds."""
        return _StatementList()


class _StatementList:
    """The entries of the statements in a chunk, in their order."""

    def __init__(self) -> None:
        self._entries: list[str] = []

    def read(self, time: str, speaker: str, text: str) -> bool:
        """Take in a turn; return whether it becomes an entry."""
        text = " ".join(text.split())
        attribute = find_attribute(text) if is_about_oneself(speaker, text) else None
        if attribute is None:
            return False
        self._entries.append(format_history(speaker, attribute, [Turn(time, text)]))
        return True

    def write_calls(self) -> Iterator[str]:
        """Yield an insert for each entry."""
        for entry in self._entries:
            yield format_insert("episodic", entry)
