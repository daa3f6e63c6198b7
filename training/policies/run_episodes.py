"""Run a policy over the chunks of instances: a fresh prompt at each step, the episodes of a batch together.

The result is a memory for each instance; `training/evaluation/evaluator.py` answers questions from it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.core.unicode import to_well_formed
from pipeline.text.tokens import TokenCounter
from training.memory.call_parser import MalformedCall, parse_calls
from training.memory.content_validity import invalidity_reason
from training.memory.memory import LIST_NAMES, Memory
from training.memory.schema import EpisodeInput, Step, StoredEntry, ToolCallRecord
from training.memory.tools import ToolCall, apply_call
from training.policies import Observation, Policy


@dataclass(slots=True)
class Trajectory:
    """An instance, the memory that a policy wrote of it, and the steps."""

    instance: EpisodeInput
    memory: Memory
    steps: list[Step] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        """Whether all chunks were read."""
        return len(self.steps) == len(self.instance.chunks)

    def observe(self) -> Observation:
        """Return the memory and the next chunk. Raises IndexError where all chunks were read."""
        return Observation(self.memory, self.instance.chunks[len(self.steps)].text)

    def add_step(self, reply: str) -> Step:
        """Apply the calls of a reply to the next chunk, and return the step."""
        chunk = self.instance.chunks[len(self.steps)]
        reply = to_well_formed(reply)  # lone surrogates cannot be stored
        calls = apply_reply(reply, self.memory, chunk.text)
        step = Step(chunk.text, chunk.tokens, reply, calls, self.memory.tokens)
        self.steps.append(step)
        return step

    def stored_entries(self) -> list[StoredEntry]:
        """Return all entries of both lists, semantic first, oldest first."""
        return [StoredEntry(entry.id, entry.text) for name in LIST_NAMES for entry in self.memory.lists[name]]


def run_episodes(
    policy: Policy,
    instances: Iterable[EpisodeInput],
    core_tokens: int,
    count_tokens: TokenCounter,
    find_limit: Callable[[EpisodeInput], int | None] = lambda instance: None,
) -> Iterator[Trajectory]:
    """Yield the trajectory of each instance, in their order, as soon as its batch is finished.

    Batches hold `policy.batch_size` instances; `core_tokens` limits core memory, in tokens of `count_tokens`,
    and `find_limit` gives the limit of an instance's whole memory, or None.
    """
    remaining = iter(instances)
    while batch := [
        Trajectory(instance, Memory(count_tokens, core_tokens, find_limit(instance)))
        for instance in islice(remaining, policy.batch_size)
    ]:
        while live := [trajectory for trajectory in batch if not trajectory.is_finished]:
            replies = policy.act([trajectory.observe() for trajectory in live])
            for trajectory, reply in zip(live, replies, strict=True):
                trajectory.add_step(reply)
        yield from batch


def apply_reply(reply: str, memory: Memory, chunk: str) -> list[ToolCallRecord]:
    """Apply the calls of a reply to a memory, in order, and return a record of each."""
    return [_record_call(call, memory, chunk) for call in parse_calls(reply)]


def _record_call(call: ToolCall | MalformedCall, memory: Memory, chunk: str) -> ToolCallRecord:
    if isinstance(call, MalformedCall):
        return ToolCallRecord(None, None, None, call.excerpt, False, False, call.reason, None)
    result = apply_call(call, memory)
    invalidity = invalidity_reason(call, chunk) if result.applied else None
    arguments = {key: value for key, value in call.arguments.items() if isinstance(value, str)}
    return ToolCallRecord(
        tool=call.tool,
        memory_type=arguments.get("memory_type"),
        memory_id=arguments.get("memory_id"),
        content=arguments.get("content", arguments.get("new_content")),
        applied=result.applied,
        valid=result.applied and invalidity is None,
        note=f"{result.note}; {invalidity}" if invalidity else result.note,
        entry_id=result.entry_id,
    )
