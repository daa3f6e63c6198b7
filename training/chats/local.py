"""A model on this machine, by transformers: a folder of weights and tokenizer, or a hub name."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from pipeline.errors import MemcurateError
from training.chats import Message, Sampling
from training.chats.template import Template
from training.generation import Generator

_TURN = 1_000  # seeds of turns that follow each other are so far apart


class LocalChat:
    """See above. Chat. On a GPU where there is one, in bfloat16; else in float32."""

    def __init__(self, name: str, at_once: int | None = None) -> None:
        """Load tokenizer and weights; `at_once` chats are completed together, by default as suits the device.

        Raises MemcurateError when a folder has no tokenizer, no weights or no chat template.
        """
        try:
            self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name)
        except (OSError, ValueError, KeyError) as error:
            raise MemcurateError(
                f"model {name}: {_missing(name)}its tokenizer cannot be loaded ({_first_line(error)}). "
                "It takes a folder that `save_pretrained` of model and tokenizer wrote, or a hub name."
            ) from error
        if self.tokenizer.chat_template is None:
            raise MemcurateError(
                f"model {name}: its tokenizer has no chat template; use an instruction-tuned model"
            )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        try:
            model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
        except (OSError, ValueError, KeyError) as error:
            raise MemcurateError(
                f"model {name}: its weights cannot be loaded ({_first_line(error)})"
            ) from error
        self.model = model.train(False)
        self.model.to(self.device)
        self.at_once = at_once or (64 if self.device.type == "cuda" else 8)
        self.longest: int | None = getattr(model.config, "max_position_embeddings", None)
        self._template = Template(self.tokenizer)
        self.takes_tools = self._template.takes_tools
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def count(self, messages: Sequence[Message]) -> int:
        """See Chat."""
        return self._template.count(messages, tools=True)

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """See Chat."""
        generator = Generator(
            self.model, self.tokenizer, sampling.max_tokens, sampling.temperature, self.at_once
        )
        torch.manual_seed(sampling.seed + _TURN * sampling.turn)
        completions = generator.completed([self._template.ids(chat, tools) for chat in chats])
        return [self._template.read(completion) for completion in completions]


def _missing(name: str) -> str:
    return "" if Path(name).is_dir() else "there is no such folder, and "


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
