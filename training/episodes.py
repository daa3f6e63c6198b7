"""Episodes: a fresh prompt at each step, all live episodes of a batch together, then the questions.

`play` has a policy write memories; `episode` turns what any method kept into answers, scores and rewards.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.text.tokens import Count
from pipeline.text.well_formed import to_well_formed
from training.memory import LISTS, Memory
from training.parsing import Unread, parse
from training.policies import Policy, Situation
from training.schema import CallMade, InstanceToPlay, Step, StoredEntry
from training.tools import Call, run
from training.validity import problem


@dataclass(slots=True)
class Played:
    """An instance whose chunks were read."""

    instance: InstanceToPlay
    memory: Memory
    steps: list[Step] = field(default_factory=list)

    def entries(self) -> list[StoredEntry]:
        """All entries, semantic first, oldest first."""
        return [StoredEntry(entry.id, entry.text) for name in LISTS for entry in self.memory.lists[name]]


def play(
    policy: Policy, instances: Iterable[InstanceToPlay], core_tokens: int, count: Count
) -> Iterator[Played]:
    """Have a policy read instances, and give each when its batch is through, in their order."""
    remaining = iter(instances)
    while batch := [
        Played(instance, Memory(count, core_tokens)) for instance in islice(remaining, policy.at_once)
    ]:
        for ordinal in range(max(len(played.instance.chunks) for played in batch)):
            live = [played for played in batch if ordinal < len(played.instance.chunks)]
            situations = [Situation(played.memory, played.instance.chunks[ordinal].text) for played in live]
            for played, written in zip(live, policy.write(situations), strict=True):
                reply = to_well_formed(written)  # it is stored, and read
                chunk = played.instance.chunks[ordinal]
                calls = write(reply, played.memory, chunk.text)
                played.steps.append(Step(chunk.text, chunk.tokens, reply, calls, played.memory.tokens))
        yield from batch


def write(reply: str, memory: Memory, chunk: str) -> list[CallMade]:
    """Apply the calls of a reply to a memory, in order, and say what became of each."""
    return [_made(call, memory, chunk) for call in parse(reply)]


def _made(call: Call | Unread, memory: Memory, chunk: str) -> CallMade:
    if isinstance(call, Unread):
        return CallMade(None, None, None, call.text, False, False, call.why, None)
    outcome = run(call, memory)
    wrong = problem(call, chunk) if outcome.applied else None
    arguments = {key: value for key, value in call.arguments.items() if isinstance(value, str)}
    return CallMade(
        tool=call.tool,
        memory_type=arguments.get("memory_type"),
        memory_id=arguments.get("memory_id"),
        content=arguments.get("content", arguments.get("new_content")),
        applied=outcome.applied,
        valid=outcome.applied and wrong is None,
        note=f"{outcome.note}; {wrong}" if wrong else outcome.note,
        entry=outcome.entry,
    )
