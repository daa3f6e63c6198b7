"""Replay the calls of an episode: the memory after each step, without the policy that wrote it."""

from collections.abc import Iterable, Iterator

from pipeline.text.tokens import TokenCounter
from training.memory.memory import Memory
from training.memory.schema import Step, ToolCallRecord
from training.memory.tools import ToolCall, apply_call


def replay_steps(steps: Iterable[Step], max_core_tokens: int, count_tokens: TokenCounter) -> Iterator[Memory]:
    """Yield the memory after each step: always the same object, which changes with the next step.

    `max_core_tokens` and `count_tokens` are those of the memory that the steps were written to.
    """
    memory = Memory(count_tokens, max_core_tokens)
    for step in steps:
        for call in step.calls:
            if call.applied:
                apply_call(_rebuild_call(call), memory)
        yield memory


def _rebuild_call(call: ToolCallRecord) -> ToolCall:
    """Return the call that a record was made of."""
    content_name = "new_content" if call.tool == "memory_update" else "content"
    arguments = {
        "memory_type": call.memory_type,
        "memory_id": call.memory_id,
        content_name: call.content,
    }
    given = {name: value for name, value in arguments.items() if value is not None}
    return ToolCall(str(call.tool), given)
