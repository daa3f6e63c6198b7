"""The prompt of a step, with about as many of the newest entries as fit into a number of tokens."""

from collections.abc import Callable, Sequence

from training.memory.prompts import Message, build_step_prompt
from training.policies import Observation

MessageCounter = Callable[[Sequence[Message]], int]  # of the tokens of a chat as a model reads it


def fit_step_prompt(
    observation: Observation,
    max_entries: int,
    max_prompt_tokens: int,
    count_tokens: MessageCounter,
    describe_tools: bool,
) -> list[Message]:
    """Build the messages of a step, `max_prompt_tokens` long at most unless core and chunk alone are longer.

    `max_entries` and `describe_tools` are those of `build_step_prompt`.
    """
    max_memory_tokens = max_prompt_tokens
    while True:
        messages = build_step_prompt(
            observation.memory, observation.chunk, max_entries, max_memory_tokens, describe_tools
        )
        if max_memory_tokens == 0 or count_tokens(messages) <= max_prompt_tokens:
            return messages
        max_memory_tokens = max_memory_tokens * 3 // 4 if max_memory_tokens > 50 else 0
