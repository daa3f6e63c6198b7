"""Judge the memory operations for r4, as in the paper: a model decides for each whether it is valid."""

from collections.abc import Sequence
from typing import Any

from pipeline.llm.lenient_json import find_lists
from pipeline.llm.thinking import strip_thinking
from training.memory.prompts import build_judge_prompt
from training.memory.schema import Step, ToolCallRecord
from training.policies.chats import ChatModel, SamplingParams

_MAX_THINKING_TOKENS = 1024  # for models that think before they answer …
_TOKENS_PER_OPERATION = 8  # … and for the verdict on an operation


def judge_operations(steps: Sequence[Step], model: ChatModel) -> None:
    """Set `valid` of every call that stored something by the model's verdict; a missing verdict is false.

    The notes of these calls lose the verdict of the rules and get the model's.
    """
    judged = [(step, [call for call in step.calls if _has_stored(call)]) for step in steps]
    judged = [(step, calls) for step, calls in judged if calls]
    if not judged:
        return
    chats = [
        build_judge_prompt(step.chunk, [_format_operation(call) for call in calls]) for step, calls in judged
    ]
    most_calls = max(len(calls) for _, calls in judged)
    max_tokens = _MAX_THINKING_TOKENS + _TOKENS_PER_OPERATION * most_calls
    replies = model.complete(chats, SamplingParams(max_tokens, 0.0), allow_tools=False)
    for (_, calls), reply in zip(judged, replies, strict=True):
        for call, valid in zip(calls, parse_verdicts(reply, len(calls)), strict=True):
            call.valid = valid
            change = call.note.split("; ")[0]
            call.note = change if valid else f"{change}; the judge does not find it valid"


def parse_verdicts(reply: str, count: int) -> list[bool]:
    """Return the first list of booleans in a reply, cut or padded with False to `count` items.

    Items that are not booleans count as False, and so do all where the reply has no such list.
    """
    lists = (match.value for match in find_lists(strip_thinking(reply)) if match.error is None)
    verdicts: list[Any] = next((one for one in lists if any(isinstance(item, bool) for item in one)), [])
    return [index < len(verdicts) and verdicts[index] is True for index in range(count)]


def _has_stored(call: ToolCallRecord) -> bool:
    return call.applied and call.content is not None


def _format_operation(call: ToolCallRecord) -> str:
    return f"{call.tool} {call.memory_type}: {call.content}"
