"""A model as a policy: it gets a fresh prompt at every step and writes tool calls as text."""

from collections.abc import Iterable, Sequence

from pipeline.core.agent_params import GenerationParams, MemoryParams
from pipeline.core.errors import MemcurateError
from training.memory.memory import Memory
from training.memory.prompts import Message, build_step_prompt
from training.memory.schema import EpisodeInput
from training.policies import Observation
from training.policies.chats import ChatModel, SamplingParams
from training.policies.fitted_prompt import fit_step_prompt


class ModelPolicy:
    """The Policy of a chat model."""

    def __init__(
        self, name: str, chat: ChatModel, memory_params: MemoryParams, generation: GenerationParams, seed: int
    ) -> None:
        """Name the policy and its model; `seed` seeds the sampling of its replies."""
        self.name = name
        self.batch_size = chat.batch_size
        self._chat = chat
        self._memory_params = memory_params
        self._generation = generation
        self._seed = seed
        self._num_steps = 0

    def act(self, observations: Sequence[Observation]) -> list[str]:
        """Return a reply for each observation, all completed together."""
        self._num_steps += 1
        sampling = SamplingParams(
            self._generation.max_completion_tokens, self._generation.temperature, self._seed, self._num_steps
        )
        return self._chat.complete(
            [self.build_prompt(observation) for observation in observations], sampling, allow_tools=True
        )

    def check_prompt_lengths(self, instances: Iterable[EpisodeInput]) -> None:
        """Check that every chunk leaves enough prompt tokens for the instructions and core memory.

        Raises MemcurateError naming the first chunk that does not, or where the prompt and completion limits
        exceed the model's context window.
        """
        max_prompt_tokens = self._generation.max_prompt_tokens
        max_completion_tokens = self._generation.max_completion_tokens
        window = self._chat.context_window
        if window is not None and max_prompt_tokens + max_completion_tokens > window:
            raise MemcurateError(
                f"model {self.name} reads and writes at most {window} tokens, but params allow "
                f"{max_prompt_tokens + max_completion_tokens}: generation.max_prompt_tokens "
                f"{max_prompt_tokens} and generation.max_completion_tokens {max_completion_tokens}. "
                "Lower one of them."
            )
        for instance in instances:
            for number, chunk in enumerate(instance.chunks):
                messages = build_step_prompt(Memory(len, 0), chunk.text, 0, 0, not self._chat.supports_tools)
                # The model's tokenizer may count more tokens than the one that limits core memory.
                tokens = self._chat.count_tokens(messages) + self._memory_params.core_tokens * 4 // 3
                if tokens > max_prompt_tokens:
                    raise MemcurateError(
                        f"{instance.id}, chunk {number}: with instructions and core memory its prompt has "
                        f"{tokens} tokens of model {self.name}, over generation.max_prompt_tokens "
                        f"{max_prompt_tokens}. Raise generation.max_prompt_tokens, or lower the source's "
                        "chunking.max_tokens."
                    )

    def build_prompt(self, observation: Observation) -> list[Message]:
        """Build the messages of a step with about as many of the newest entries as fit into the prompt."""
        return fit_step_prompt(
            observation,
            self._memory_params.max_prompt_entries,
            self._generation.max_prompt_tokens,
            self._chat.count_tokens,
            not self._chat.supports_tools,
        )
