"""r4 by a judge, as in the paper: a model behind the endpoint says of each operation whether it is valid."""

from collections.abc import Sequence
from typing import Any

from pipeline.text.near_json import lists
from pipeline.text.thinking import without_thinking
from training.chats import Chat, Sampling
from training.prompts import judge_prompt
from training.schema import CallMade, Step

_TOKENS = 1024  # of a reply, for models that think before they answer …
_TOKENS_EACH = 8  # … and of the verdict on an operation


def judge(steps: Sequence[Step], chat: Chat) -> None:
    """Set `valid` of every call that stored something by what the judge says; no verdict counts as no."""
    judged = [(step, [call for call in step.calls if _stores(call)]) for step in steps]
    judged = [(step, calls) for step, calls in judged if calls]
    if not judged:
        return
    chats = [judge_prompt(step.chunk, [_shown(call) for call in calls]) for step, calls in judged]
    longest = max(len(calls) for _, calls in judged)
    replies = chat.complete(chats, Sampling(_TOKENS + _TOKENS_EACH * longest, 0.0), tools=False)
    for (_, calls), reply in zip(judged, replies, strict=True):
        said = verdicts(reply, len(calls))
        for call, valid in zip(calls, said, strict=True):
            call.valid = valid
            done = call.note.split("; ")[0]  # without what the rules said
            call.note = done if valid else f"{done}; the judge does not find it valid"


def verdicts(reply: str, count: int) -> list[bool]:
    """The first list of true and false in a reply, made `count` long; all false where none can be read."""
    found = (one.value for one in lists(without_thinking(reply)) if one.problem is None)
    said: list[Any] = next((one for one in found if any(isinstance(item, bool) for item in one)), [])
    return [place < len(said) and said[place] is True for place in range(count)]


def _stores(call: CallMade) -> bool:
    return call.applied and call.content is not None


def _shown(call: CallMade) -> str:
    return f"{call.tool} {call.memory_type}: {call.content}"
