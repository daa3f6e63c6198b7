"""The agent's memory: a core paragraph, a list of facts (semantic), a list of dated events (episodic).

Paper, section on memory: core is rewritten as a whole and always in the prompt; entries of the two lists are
inserted, updated and deleted by id. Inserting a text that is stored word for word already is refused and
counts as a failed call. A core over its limit is cut, with a notice, and counts as applied (paper's code).

The paper's memory grows without a limit. Where one is given, an operation that would pass it is refused.

Every operation either applies, or leaves the memory as it was and gives the reason.
"""

from collections.abc import Callable, ItemsView, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.text.tokens import TokenCounter, truncate_to_tokens

ListName = Literal["semantic", "episodic"]
MemoryType = Literal["core", "semantic", "episodic"]
LIST_NAMES: tuple[ListName, ...] = ("semantic", "episodic")

TRUNCATION_NOTICE = "[cut: core memory holds no more]"
FULL_NOTE = "the memory is full: its limit of tokens would be passed"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list: its id there and its text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The result of an operation on the memory."""

    applied: bool
    note: str  # the change that was made, or why there is none
    entry_id: str | None = None  # id of the entry that was inserted, changed or deleted


class EntryList:
    """One list of entries, in the order of insertion; ids are never reused.

    `tokens` is the sum over the entries.
    """

    def __init__(self, prefix: str, count_tokens: TokenCounter, has_room: Callable[[int], bool]) -> None:
        """Create an empty list whose ids begin with `prefix`; `has_room` tells if tokens can be added."""
        self._prefix = prefix
        self._count_tokens = count_tokens
        self._has_room = has_room
        self._text_by_id: dict[str, str] = {}
        self._id_by_text: dict[str, str] = {}  # finds a text that is stored word for word
        self._num_inserted = 0
        self.tokens = 0

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._text_by_id)

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries, oldest first."""
        return (Entry(entry_id, text) for entry_id, text in self._text_by_id.items())

    def items(self) -> ItemsView[str, str]:
        """Return the ids and texts, oldest first: faster than iteration over entries."""
        return self._text_by_id.items()

    def iter_newest(self) -> Iterator[Entry]:
        """Iterate over the entries, newest first."""
        return (Entry(entry_id, self._text_by_id[entry_id]) for entry_id in reversed(self._text_by_id))

    def insert(self, text: str) -> OperationResult:
        """Add an entry; it is refused where the text is empty or stored already."""
        problem = self._find_problem(text, replaced_tokens=0)
        if problem:
            return OperationResult(False, problem)
        self._num_inserted += 1
        entry_id = f"{self._prefix}{self._num_inserted}"
        self._store_text(entry_id, text)
        return OperationResult(True, f"inserted as {entry_id}", entry_id)

    def update(self, entry_id: str, text: str) -> OperationResult:
        """Change the text of an entry, which keeps its position; refused like an insertion."""
        if entry_id not in self._text_by_id:
            return OperationResult(False, f"there is no entry {entry_id!r}")
        problem = self._find_problem(text, self._count_tokens(self._text_by_id[entry_id]))
        if problem:
            return OperationResult(False, problem)
        self._discard_text(entry_id)
        self._store_text(entry_id, text)
        return OperationResult(True, f"updated {entry_id}", entry_id)

    def delete(self, entry_id: str) -> OperationResult:
        """Delete an entry."""
        if entry_id not in self._text_by_id:
            return OperationResult(False, f"there is no entry {entry_id!r}")
        self._discard_text(entry_id)
        del self._text_by_id[entry_id]
        return OperationResult(True, f"deleted {entry_id}", entry_id)

    def copy_into(self, other: "EntryList") -> None:
        """Copy the entries, and the number of insertions, into an empty list."""
        other._text_by_id = dict(self._text_by_id)
        other._id_by_text = dict(self._id_by_text)
        other._num_inserted = self._num_inserted
        other.tokens = self.tokens

    def _find_problem(self, text: str, replaced_tokens: int) -> str | None:
        if not text.strip():
            return "the content is empty"
        if text in self._id_by_text:
            return f"stored already, as {self._id_by_text[text]}"
        if not self._has_room(self._count_tokens(text) - replaced_tokens):
            return FULL_NOTE
        return None

    def _store_text(self, entry_id: str, text: str) -> None:
        self._text_by_id[entry_id] = text
        self._id_by_text[text] = entry_id
        self.tokens += self._count_tokens(text)

    def _discard_text(self, entry_id: str) -> None:
        text = self._text_by_id[entry_id]
        del self._id_by_text[text]
        self.tokens -= self._count_tokens(text)


class Memory:
    """Core, semantic and episodic memory."""

    def __init__(
        self, count_tokens: TokenCounter, max_core_tokens: int, max_tokens: int | None = None
    ) -> None:
        """Create an empty memory whose core has at most `max_core_tokens` tokens (paper: 512).

        Core and entries together have at most `max_tokens`; None: no limit (paper).
        """
        self._count_tokens = count_tokens
        self.max_core_tokens = max_core_tokens
        self.max_tokens = max_tokens
        self.core = ""
        self.lists: dict[ListName, EntryList] = {
            "semantic": EntryList("s", count_tokens, self._has_room),
            "episodic": EntryList("e", count_tokens, self._has_room),
        }

    @property
    def tokens(self) -> int:
        """Tokens of core and of all entries."""
        return self._count_tokens(self.core) + sum(entries.tokens for entries in self.lists.values())

    def count(self, text: str) -> int:
        """Return the tokens of a text."""
        return self._count_tokens(text)

    def copy(self) -> "Memory":
        """Return a memory with the same content and limits, which changes on its own."""
        other = Memory(self._count_tokens, self.max_core_tokens, self.max_tokens)
        other.core = self.core
        for name, entries in self.lists.items():
            entries.copy_into(other.lists[name])
        return other

    def _has_room(self, added_tokens: int) -> bool:
        """Return whether tokens can be added; they always can where that makes the memory smaller."""
        return self.max_tokens is None or added_tokens <= 0 or self.tokens + added_tokens <= self.max_tokens

    def rewrite_core(self, text: str) -> OperationResult:
        """Replace core by a text, which is cut to its limit.

        It is refused when it is empty or the same, or where the memory would pass its own limit.
        """
        text = text.strip()
        if not text:
            return OperationResult(False, "the content is empty")
        if text == self.core:
            return OperationResult(False, "core memory says that already")
        note = "core memory rewritten"
        if self._count_tokens(text) > self.max_core_tokens:
            kept_tokens = self.max_core_tokens - self._count_tokens(f" {TRUNCATION_NOTICE}")
            kept = truncate_to_tokens(text, kept_tokens, self._count_tokens)
            text = f"{kept} {TRUNCATION_NOTICE}".lstrip()
            note = f"core memory rewritten and cut to {self.max_core_tokens} tokens"
        if not self._has_room(self._count_tokens(text) - self._count_tokens(self.core)):
            return OperationResult(False, FULL_NOTE)
        self.core = text
        return OperationResult(True, note)

    def render(self, max_entries: int, max_tokens: int) -> str:
        """Render the memory for a prompt: core, and the newest entries of each list, `max_entries` at most.

        The text has about `max_tokens` tokens at most, core included: entries are taken from both lists in
        turn, newest first, until the next one does not fit. Core is never cut here.
        """
        tokens_left = max_tokens - self._count_tokens(self.core)
        shown: dict[ListName, list[Entry]] = {name: [] for name in LIST_NAMES}
        remaining = {name: self.lists[name].iter_newest() for name in LIST_NAMES}
        for _ in range(max_entries):
            for name in LIST_NAMES:
                entry = next(remaining[name], None)
                if entry is None:
                    continue
                tokens_left -= self._count_tokens(f"[{entry.id}] {entry.text}\n")
                if tokens_left < 0:
                    return self._format_entries(shown)
                shown[name].append(entry)
        return self._format_entries(shown)

    def _format_entries(self, shown: dict[ListName, list[Entry]]) -> str:
        parts = [f"<core>\n{self.core or '(empty)'}\n</core>"]
        for name in LIST_NAMES:
            lines = [f"[{entry.id}] {entry.text}" for entry in reversed(shown[name])]
            num_older = len(self.lists[name]) - len(lines)
            header = [f"({num_older} older entries)"] if num_older else []
            parts.append("\n".join([f"<{name}>", *(header + lines or ["(empty)"]), f"</{name}>"]))
        return "\n".join(parts)
