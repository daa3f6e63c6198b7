"""The texts that the calls of an episode gave core and the entries, and the memory without some of the calls.

To take calls away means: entries that they inserted are gone, texts that they changed are as before, and
entries that they deleted are back in their place. All other calls stay as they were: one that was refused,
for instance because the memory was full, is still refused.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.text.normalize import normalize_text
from pipeline.text.tokens import TokenCounter
from training.memory.memory import Memory, MemoryType
from training.memory.schema import Step, ToolCallRecord


@dataclass(frozen=True, slots=True)
class TextVersion:
    """A text of core or of an entry."""

    number: int  # among all versions of an episode
    memory_type: MemoryType
    entry_id: str  # `core` for core
    text: str
    normalized: str  # as `normalize_text` returns it
    tokens: int


@dataclass(frozen=True, slots=True)
class Write:
    """The change that an applied call made to core or to an entry."""

    step: int
    call: int  # number of the call in the episode
    version: TextVersion | None  # None: the entry was deleted


Place = tuple[MemoryType, str]  # memory type and entry id
CORE: Place = ("core", "core")


class MemoryHistory:
    """All writes of an episode, by place."""

    def __init__(self, steps: Sequence[Step], max_core_tokens: int, count_tokens: TokenCounter) -> None:
        """Read the writes from the records of the steps' calls.

        `max_core_tokens` and `count_tokens` are those of the memory that the steps were written to.
        """
        self.calls_by_step: list[list[int]] = []  # numbers of the calls of each step, applied or not
        self.versions: list[TextVersion] = []
        self.writes: dict[Place, list[Write]] = {}  # places in the order in which they were first written
        self._places_by_call: dict[int, Place] = {}
        self._count_tokens = count_tokens
        core = Memory(count_tokens, max_core_tokens)
        number = 0
        for index, step in enumerate(steps):
            self.calls_by_step.append(list(range(number, number + len(step.calls))))
            for call in step.calls:
                if call.applied:
                    place = _find_place(call)
                    text = call.content or ""
                    if place == CORE:
                        core.rewrite_core(text)
                        text = core.core  # it may have been cut
                    version = None if call.tool == "memory_delete" else self._add_version(place, text)
                    self.writes.setdefault(place, []).append(Write(index, number, version))
                    self._places_by_call[number] = place
                number += 1
        self.num_calls = number

    def versions_of(self, memory_type: MemoryType) -> list[TextVersion]:
        """Return all versions of core or of a list's entries, entry by entry, oldest first."""
        return [
            write.version
            for (of, _), writes in self.writes.items()
            if of == memory_type
            for write in writes
            if write.version is not None
        ]

    def state_after(self, step: int) -> dict[Place, TextVersion]:
        """Return the memory after a step: the version at each place that has one, oldest places first."""
        found = ((place, find_surviving(place, writes, step)) for place, writes in self.writes.items())
        return {place: version for place, version in found if version is not None}

    def changes_without(self, calls: Collection[int], step: int) -> dict[Place, TextVersion | None]:
        """Return the places that are otherwise after a step without some calls, with what is there then."""
        places = {self._places_by_call[call] for call in calls if call in self._places_by_call}
        changes = {}
        for place in places:
            without = find_surviving(place, self.writes[place], step, calls)
            if without != find_surviving(place, self.writes[place], step):
                changes[place] = without
        return changes

    def _add_version(self, place: Place, text: str) -> TextVersion:
        memory_type, entry_id = place
        version = TextVersion(
            len(self.versions), memory_type, entry_id, text, normalize_text(text), self._count_tokens(text)
        )
        self.versions.append(version)
        return version


def _find_place(call: ToolCallRecord) -> Place:
    if call.memory_type == "core":
        return CORE
    return "semantic" if call.memory_type == "semantic" else "episodic", str(call.entry_id)


def find_surviving(
    place: Place, writes: Sequence[Write], step: int, without: Collection[int] = ()
) -> TextVersion | None:
    """Return the version at a place after a step, without some calls; None where there is none."""
    found = None
    for number, write in enumerate(writes):
        if write.step > step:
            break
        if write.call not in without:
            found = write.version
        elif number == 0 and place != CORE:
            return None  # an entry that was never inserted
    return found
