"""A model as a policy: a fresh prompt at every step, tool calls as text."""

from collections.abc import Iterable, Sequence

from pipeline.errors import MemcurateError
from training.chats import Chat, Message, Sampling
from training.memory import Memory
from training.params import MemoryParams, StepParams
from training.policies import Situation
from training.prompts import step_prompt
from training.schema import InstanceToPlay


class ModelPolicy:
    """See above. Policy."""

    def __init__(self, name: str, chat: Chat, memory: MemoryParams, step: StepParams, seed: int) -> None:
        self.name = name
        self.at_once = chat.at_once
        self._chat = chat
        self._memory = memory
        self._step = step
        self._seed = seed
        self._steps = 0

    def write(self, situations: Sequence[Situation]) -> list[str]:
        """See Policy."""
        self._steps += 1
        sampling = Sampling(self._step.reply_tokens, self._step.temperature, self._seed, self._steps)
        return self._chat.complete([self.prompt(one) for one in situations], sampling, tools=True)

    def check(self, instances: Iterable[InstanceToPlay]) -> None:
        """See whether every chunk leaves room for instructions and core memory.

        Raises MemcurateError naming the first that does not, or when the model is made for shorter texts.
        """
        most = self._step.prompt_tokens
        longest = self._chat.longest
        if longest is not None and most + self._step.reply_tokens > longest:
            raise MemcurateError(
                f"model {self.name} reads and writes at most {longest} tokens: step.prompt_tokens {most} and "
                f"step.reply_tokens {self._step.reply_tokens} are more together. Lower them."
            )
        for instance in instances:
            for number, chunk in enumerate(instance.chunks):
                messages = step_prompt(Memory(len, 0), chunk.text, 0, 0, not self._chat.takes_tools)
                # A model's own tokens may be more than those that core memory is limited by.
                tokens = self._chat.count(messages) + self._memory.core_tokens * 4 // 3
                if tokens > most:
                    raise MemcurateError(
                        f"{instance.id}, chunk {number}: with instructions and core memory its prompt has "
                        f"{tokens} tokens of model {self.name}, over step.prompt_tokens {most}. Raise that, "
                        "or lower the source's chunking.max_tokens."
                    )

    def prompt(self, situation: Situation) -> list[Message]:
        """The messages of a step: of the newest entries about as many as fit into the prompt."""
        room = self._step.prompt_tokens
        while True:
            messages = step_prompt(
                situation.memory, situation.chunk, self._memory.shown, room, not self._chat.takes_tools
            )
            if room == 0 or self._chat.count(messages) <= self._step.prompt_tokens:
                return messages
            room = room * 3 // 4 if room > 50 else 0
