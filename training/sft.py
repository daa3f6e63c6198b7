"""Rows to fine-tune on: every step of the scripted writer, in the two shapes that TRL's SFTTrainer reads."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipeline.text.tokens import Count
from training.chats import Message
from training.episodes import Played, write
from training.memory import Memory
from training.params import MemoryParams, StepParams
from training.policies import Situation
from training.policies.scripted import ScriptedWriter
from training.prompts import step_prompt
from training.schema import InstanceToPlay

TEXTS = pa.schema([("prompt", pa.string()), ("completion", pa.string())])
_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
MESSAGES = pa.schema([("prompt", _MESSAGES), ("completion", _MESSAGES)])

# Ends a text prompt, whatever its chunk ends in: tokenizers always cut between this line end and the `<` of a
# call, so the tokens of the prompt are the first ones of the row's.
_CUE = "\n\nTool calls:\n"


class Step(NamedTuple):
    """What a policy reads at a step, and the calls that the writer answers with; none where it stores
    nothing.
    """

    prompt: list[Message]
    completion: str


def steps(
    instances: Iterable[InstanceToPlay], memory: MemoryParams, step: StepParams, count: Count, assets: Path
) -> Iterator[Step]:
    """All steps, instance by instance; prompts hold `step.prompt_tokens`, by `count`. `assets`: like
    data/assets.
    """
    writer = ScriptedWriter(assets)
    for instance in instances:
        played = Played(instance, Memory(count, memory.core_tokens))
        for chunk in instance.chunks:
            bare = step_prompt(played.memory, chunk.text, 0, 0, tools=True)
            room = max(0, step.prompt_tokens - sum(count(message["content"]) for message in bare))
            prompt = step_prompt(played.memory, chunk.text, memory.shown, room, tools=True)
            reply = writer.write([Situation(played.memory, chunk.text)])[0]
            write(reply, played.memory, chunk.text)
            yield Step(prompt, reply)


def texts(step: Step) -> dict[str, str]:
    """Prompt and completion as texts."""
    return {
        "prompt": "\n\n".join(message["content"] for message in step.prompt) + _CUE,
        "completion": step.completion,
    }


def messages(step: Step) -> dict[str, list[Message]]:
    """Prompt and completion as messages of a conversation."""
    return {"prompt": step.prompt, "completion": [{"role": "assistant", "content": step.completion}]}
