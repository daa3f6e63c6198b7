"""A ChatModel on this machine, run by transformers: a folder of weights and tokenizer, or a hub name."""

from collections.abc import Sequence
from pathlib import Path

import torch

from pipeline.core.errors import MemcurateError
from training.memory.prompts import Message
from training.policies.chats import SamplingParams
from training.policies.chats.pretrained import load_tokenizer, load_weights
from training.policies.chats.sampling import Completion
from training.policies.chats.sampling.sampler import Sampler, list_end_tokens
from training.policies.chats.template import ChatTemplate

_SEED_STRIDE = 1_000  # between the seeds of two sample indices


class LocalChatModel:
    """The ChatModel of local weights: on a GPU in bfloat16 where there is one, else in float32."""

    def __init__(self, name: str, batch_size: int | None = None, bf16: bool = False) -> None:
        """Load tokenizer and weights.

        `batch_size` chats are completed together, by default 64 on a GPU and 8 on a CPU. With `bf16`,
        weights in float32 are multiplied in bfloat16. Raises MemcurateError where the folder has no
        tokenizer, no weights or no chat template.
        """
        missing = "" if Path(name).is_dir() else "there is no such folder, and "
        self.tokenizer = load_tokenizer(
            name,
            f"model {name}: {missing}its tokenizer cannot be loaded",
            ". Name a folder that `save_pretrained` of model and tokenizer wrote, or a model of the hub.",
        )
        if self.tokenizer.chat_template is None:
            raise MemcurateError(
                f"model {name}: its tokenizer has no chat template. Use an instruction-tuned model."
            )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        model = load_weights(name, f"model {name}: its weights cannot be loaded", dtype=dtype)
        self.model = model.train(False)
        self.model.to(self.device)
        self._bf16 = bf16
        self.batch_size = batch_size or (64 if self.device.type == "cuda" else 8)
        self.context_window: int | None = getattr(model.config, "max_position_embeddings", None)
        self._template = ChatTemplate(self.tokenizer)
        self.supports_tools = self._template.supports_tools

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of a chat as the model reads it."""
        return self._template.count_tokens(messages, with_tools=True)

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        """Return a completion for each chat; its draws depend on seed, sample index and its own index."""
        prompts = [self._template.encode(chat, allow_tools) for chat in chats]
        seed = sampling.seed + _SEED_STRIDE * sampling.sample_index
        completions = self.sample(prompts, seed, sampling.max_tokens, sampling.temperature)
        return [self._template.decode(completion.tokens) for completion in completions]

    def sample(
        self, prompts: Sequence[Sequence[int]], seed: int, max_tokens: int, temperature: float
    ) -> list[Completion]:
        """Return a completion for each prompt of token ids, as `Sampler.sample` does."""
        sampler = Sampler(self.model, list_end_tokens(self.model), max_tokens, temperature, self.batch_size)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            return sampler.sample(prompts, seed)
