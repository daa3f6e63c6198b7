"""A policy that makes room in a full memory: it deletes entries until what another policy writes fits.

Oldest first forgets what was long ago. Newest first keeps the beginning. Age is by the newest time in an
entry's text, so that an entry that was updated is as new as its last change, and else by its position.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from training.memory.call_parser import parse_calls
from training.memory.memory import FULL_NOTE, LIST_NAMES, ListName, Memory, OperationResult
from training.memory.tools import ToolCall, apply_call
from training.policies import Observation, Policy
from training.policies.scripted import format_call

EvictionOrder = Literal["oldest", "newest"]

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?")


class EvictingPolicy:
    """The Policy of another policy's calls, with deletions before those that would not fit."""

    def __init__(self, inner: Policy, order: EvictionOrder) -> None:
        """Delete the oldest or the newest entries first; calls that fail for other reasons stay."""
        self.name = f"{inner.name}_{order}_first"
        self.batch_size = inner.batch_size
        self._inner = inner
        self._order = order

    def act(self, observations: Sequence[Observation]) -> list[str]:
        """Return a reply for each observation, one call a line."""
        return [
            "\n".join(self._make_room(observation.memory, reply))
            for observation, reply in zip(observations, self._inner.act(observations), strict=True)
        ]

    def _make_room(self, memory: Memory, reply: str) -> Iterator[str]:
        """Yield the calls of a reply, each after the deletions that it needs; not one that never fits."""
        if memory.max_tokens is None:
            yield reply
            return
        trial = memory.copy()
        queue = _EvictionQueue(trial, self._order)
        for call in parse_calls(reply):
            if not isinstance(call, ToolCall) or not _can_fit(call, trial):
                continue
            if queue.has_deleted(call):
                if call.tool == "memory_delete":
                    continue
                call = _as_insertion(call)
            while (result := apply_call(call, trial)).note == FULL_NOTE:
                deletion = queue.pop_deletion(str(call.arguments.get("memory_id")))
                if deletion is None:
                    break
                apply_call(deletion, trial)
                yield format_call(deletion.tool, dict(deletion.arguments))
            if result.note != FULL_NOTE:
                queue.push_inserted(call, result)
                yield format_call(call.tool, dict(call.arguments))


class _EvictionQueue:
    """The entries of a memory in the order in which they are deleted; sorted when the first one is."""

    def __init__(self, memory: Memory, order: EvictionOrder) -> None:
        self._memory = memory
        self._order = order
        self._entries: deque[tuple[ListName, str]] | None = None  # list and id, oldest first
        self._deleted: set[tuple[str, str]] = set()

    def has_deleted(self, call: ToolCall) -> bool:
        """Return whether the entry that a call names was deleted to make room."""
        names = (call.arguments.get("memory_type"), call.arguments.get("memory_id"))
        return names in self._deleted

    def pop_deletion(self, own_id: str) -> ToolCall | None:
        """Return the next deletion, not of the entry `own_id`; None where there is nothing else."""
        if self._entries is None:
            self._entries = deque(_sort_by_age(self._memory))
        kept: list[tuple[ListName, str]] = []
        deletion = None
        while self._entries and deletion is None:
            name, entry_id = self._entries.popleft() if self._order == "oldest" else self._entries.pop()
            if entry_id == own_id:
                kept.append((name, entry_id))
            else:
                self._deleted.add((name, entry_id))
                deletion = ToolCall("memory_delete", {"memory_type": name, "memory_id": entry_id})
        for entry in kept:
            (self._entries.appendleft if self._order == "oldest" else self._entries.append)(entry)
        return deletion

    def push_inserted(self, call: ToolCall, result: OperationResult) -> None:
        """Add the entry of an insertion as the newest one."""
        if self._entries is not None and call.tool == "new_memory_insert" and result.entry_id is not None:
            self._entries.append((call.arguments["memory_type"], result.entry_id))


def _sort_by_age(memory: Memory) -> list[tuple[ListName, str]]:
    """Return list and id of all entries, oldest first."""
    aged = [
        (_find_newest_time(entry.text), position, name, entry.id)
        for name in LIST_NAMES
        for position, entry in enumerate(memory.lists[name])
    ]
    return [(name, entry_id) for _, _, name, entry_id in sorted(aged)]


@lru_cache(1 << 14)
def _find_newest_time(text: str) -> str:
    """Return the newest time in a text; an empty one without any."""
    return max(_TIME.findall(text), default="")


def _can_fit(call: ToolCall, memory: Memory) -> bool:
    """Return whether a call's content fits beside core, or as core, into the memory without entries."""
    content = call.arguments.get("content", call.arguments.get("new_content", ""))
    core = "" if call.arguments.get("memory_type") == "core" else memory.core
    return memory.max_tokens is None or memory.count(content) + memory.count(core) <= memory.max_tokens


def _as_insertion(update: ToolCall) -> ToolCall:
    """Return an update of an entry as an insertion of its new text."""
    arguments = {"memory_type": update.arguments["memory_type"], "content": update.arguments["new_content"]}
    return ToolCall("new_memory_insert", arguments)
