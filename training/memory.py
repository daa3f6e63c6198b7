"""The agent's memory: a core paragraph, a list of facts (semantic), a list of dated events (episodic).

Paper, section on memory: core is rewritten as a whole and always in the prompt; entries of the two lists are
inserted, updated and deleted by id. Inserting what is stored word for word already is refused and counts
as a failed call. A core over its limit is cut, with a notice, and counts as done (the paper's code).

Every operation either applies or leaves the memory as it was and says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.text.tokens import Count, beginning

ListName = Literal["semantic", "episodic"]
MemoryType = Literal["core", "semantic", "episodic"]
LISTS: tuple[ListName, ...] = ("semantic", "episodic")

CUT_NOTICE = "[cut: core memory holds no more]"


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a list: its id there and what it says."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an operation applied, and what there is to say of it."""

    applied: bool
    note: str
    entry: str | None = None  # id of the entry that was inserted, changed or deleted


class Entries:
    """One list, in the order of insertion; ids are never used again. `tokens` is the sum over the entries."""

    def __init__(self, prefix: str, count: Count) -> None:
        self._prefix = prefix
        self._count = count
        self._texts: dict[str, str] = {}
        self._ids: dict[str, str] = {}  # by text: what is stored word for word
        self._made = 0
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[Entry]:
        return (Entry(identity, text) for identity, text in self._texts.items())

    def newest(self) -> Iterator[Entry]:
        """The entries, newest first."""
        return (Entry(identity, self._texts[identity]) for identity in reversed(self._texts))

    def insert(self, text: str) -> Outcome:
        """Add an entry; refused when it is empty or stored already."""
        problem = self._problem(text)
        if problem:
            return Outcome(False, problem)
        self._made += 1
        identity = f"{self._prefix}{self._made}"
        self._put(identity, text)
        return Outcome(True, f"inserted as {identity}", identity)

    def update(self, identity: str, text: str) -> Outcome:
        """Change what an entry says; it stays where it is."""
        if identity not in self._texts:
            return Outcome(False, f"there is no entry {identity!r}")
        problem = self._problem(text)
        if problem:
            return Outcome(False, problem)
        self._forget(identity)
        self._put(identity, text)
        return Outcome(True, f"updated {identity}", identity)

    def delete(self, identity: str) -> Outcome:
        """Take an entry away."""
        if identity not in self._texts:
            return Outcome(False, f"there is no entry {identity!r}")
        self._forget(identity)
        del self._texts[identity]
        return Outcome(True, f"deleted {identity}", identity)

    def _problem(self, text: str) -> str | None:
        if not text.strip():
            return "the content is empty"
        if text in self._ids:
            return f"stored already, as {self._ids[text]}"
        return None

    def _put(self, identity: str, text: str) -> None:
        self._texts[identity] = text
        self._ids[text] = identity
        self.tokens += self._count(text)

    def _forget(self, identity: str) -> None:
        text = self._texts[identity]
        del self._ids[text]
        self.tokens -= self._count(text)


class Memory:
    """Core, semantic and episodic memory. `count` counts the tokens of a text."""

    def __init__(self, count: Count, core_limit: int) -> None:
        """`core_limit`: tokens that core may have at most (paper: 512)."""
        self._count = count
        self._core_limit = core_limit
        self.core = ""
        self.lists: dict[ListName, Entries] = {
            "semantic": Entries("s", count),
            "episodic": Entries("e", count),
        }

    @property
    def tokens(self) -> int:
        """Of core and of all entries."""
        return self._count(self.core) + sum(entries.tokens for entries in self.lists.values())

    def rewrite_core(self, text: str) -> Outcome:
        """Put a new core in place of the old one; what exceeds the limit is cut."""
        text = text.strip()
        if not text:
            return Outcome(False, "the content is empty")
        if text == self.core:
            return Outcome(False, "core memory says that already")
        if self._count(text) <= self._core_limit:
            self.core = text
            return Outcome(True, "core memory rewritten")
        room = self._core_limit - self._count(f" {CUT_NOTICE}")
        self.core = f"{beginning(text, room, self._count)} {CUT_NOTICE}".lstrip()
        return Outcome(True, f"core memory rewritten and cut to {self._core_limit} tokens")

    def render(self, newest: int, limit: int) -> str:
        """The memory as it stands in a prompt: core, and of each list at most `newest` entries.

        At most about `limit` tokens: the newest entries stay, those of both lists taken in turn.
        """
        left = limit - self._count(self.core)
        shown: dict[ListName, list[Entry]] = {name: [] for name in LISTS}
        waiting = {name: self.lists[name].newest() for name in LISTS}
        for _ in range(newest):
            for name in LISTS:
                entry = next(waiting[name], None)
                if entry is None:
                    continue
                left -= self._count(f"[{entry.id}] {entry.text}\n")
                if left < 0:
                    return self._rendered(shown)
                shown[name].append(entry)
        return self._rendered(shown)

    def _rendered(self, shown: dict[ListName, list[Entry]]) -> str:
        parts = [f"<core>\n{self.core or '(empty)'}\n</core>"]
        for name in LISTS:
            total = len(self.lists[name])
            lines = [f"[{entry.id}] {entry.text}" for entry in reversed(shown[name])]
            older = total - len(lines)
            head = [f"({older} older entries)"] if older else []
            parts.append("\n".join([f"<{name}>", *(head + lines or ["(empty)"]), f"</{name}>"]))
        return "\n".join(parts)
