"""Build the rows to fine-tune on: a teacher's steps, in the two shapes that TRL's SFTTrainer reads."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipeline.core.params import GenerationParams, MemoryParams
from pipeline.text.tokens import TokenCounter
from training.memory.memory import Memory
from training.memory.prompts import Message, build_step_prompt
from training.memory.schema import EpisodeInput
from training.policies import Observation, Policy
from training.policies.run_episodes import apply_reply
from training.policies.scripted import ScriptedPolicy

TEXT_SCHEMA = pa.schema([("prompt", pa.string()), ("completion", pa.string())])
_MESSAGES_TYPE = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
MESSAGES_SCHEMA = pa.schema([("prompt", _MESSAGES_TYPE), ("completion", _MESSAGES_TYPE)])

# Tokenizers always cut between this line end and the `<` of a call, so the prompt's tokens begin the row's.
_COMPLETION_CUE = "\n\nTool calls:\n"


class SftRow(NamedTuple):
    """The prompt of a step, and the teacher's calls as its completion."""

    prompt: list[Message]
    completion: str  # empty where the teacher stores nothing


def run_teacher(
    teacher: Policy,
    instances: Iterable[EpisodeInput],
    build_prompt: Callable[[Observation], list[Message]],
    core_tokens: int,
    count_tokens: TokenCounter,
    num_kept_calls: Callable[[int, EpisodeInput, int], int] | None = None,
    max_tokens: int | None = None,
) -> Iterator[SftRow]:
    """Yield a row for each step of a teacher, instance by instance; prompts come from `build_prompt`.

    The memory at a step is that of the calls kept in earlier steps. `num_kept_calls` gets the number of calls
    of a step, its instance and the index of its chunk, and returns the number of first calls to keep; without
    it all are kept. `max_tokens` limits the memory.
    """
    for instance in instances:
        memory = Memory(count_tokens, core_tokens, max_tokens)
        for number, chunk in enumerate(instance.chunks):
            observation = Observation(memory, chunk.text)
            prompt = build_prompt(observation)
            (reply,) = teacher.act([observation])
            if num_kept_calls is not None:
                calls = reply.splitlines()
                reply = "\n".join(calls[: num_kept_calls(len(calls), instance, number)])
            apply_reply(reply, memory, chunk.text)
            yield SftRow(prompt, reply)


def generate_sft_rows(
    instances: Iterable[EpisodeInput],
    memory_params: MemoryParams,
    generation: GenerationParams,
    count_tokens: TokenCounter,
    assets: Path,
) -> Iterator[SftRow]:
    """Yield the rows of all steps of the scripted policy, instance by instance.

    A prompt has at most about `generation.max_prompt_tokens` tokens of `count_tokens`. `assets` is a folder
    with NLTK's data, like data/assets; raises MemcurateError where the data is missing.
    """

    def build_prompt(observation: Observation) -> list[Message]:
        memory, chunk = observation.memory, observation.chunk
        without_entries = build_step_prompt(memory, chunk, 0, 0, describe_tools=True)
        used = sum(count_tokens(message["content"]) for message in without_entries)
        max_memory_tokens = max(0, generation.max_prompt_tokens - used)
        return build_step_prompt(
            memory, chunk, memory_params.max_prompt_entries, max_memory_tokens, describe_tools=True
        )

    teacher = ScriptedPolicy(assets)
    return run_teacher(
        teacher,
        instances,
        build_prompt,
        memory_params.core_tokens,
        count_tokens,
        max_tokens=memory_params.max_tokens,
    )


def format_as_text(row: SftRow) -> dict[str, str]:
    """Return prompt and completion as texts."""
    return {
        "prompt": "\n\n".join(message["content"] for message in row.prompt) + _COMPLETION_CUE,
        "completion": row.completion,
    }


def format_as_messages(row: SftRow) -> dict[str, list[Message]]:
    """Return prompt and completion as messages of a conversation."""
    return {"prompt": row.prompt, "completion": [{"role": "assistant", "content": row.completion}]}
