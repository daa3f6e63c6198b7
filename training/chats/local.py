"""A model on this machine, by transformers: a folder of weights and tokenizer, or a hub name."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerBase

from pipeline.errors import MemcurateError
from training.chats import Message, Sampling
from training.tools import TOOLS


class LocalChat:
    """See above. Chat. On a GPU where there is one, in bfloat16; else in float32."""

    def __init__(self, name: str) -> None:
        """Load tokenizer and weights.

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
        self.at_once = 64 if self.device.type == "cuda" else 8
        self.longest: int | None = getattr(model.config, "max_position_embeddings", None)
        self.takes_tools = _mentions_tools(self.tokenizer)
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    def count(self, messages: Sequence[Message]) -> int:
        """See Chat."""
        return len(
            self.tokenizer(self._text(messages, self.takes_tools), add_special_tokens=False)["input_ids"]
        )

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """See Chat."""
        replies: list[str] = []
        for first in range(0, len(chats), self.at_once):
            texts = [
                self._text(chat, tools and self.takes_tools) for chat in chats[first : first + self.at_once]
            ]
            torch.manual_seed(sampling.seed + first)
            replies += self._generate(texts, sampling)
        return replies

    def _text(self, messages: Sequence[Message], tools: bool) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                list(messages), tools=TOOLS if tools else None, add_generation_prompt=True, tokenize=False
            )
        )

    @torch.inference_mode()
    def _generate(self, texts: list[str], sampling: Sampling) -> list[str]:
        read = self.tokenizer(
            texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False
        ).to(self.device)
        how = {"do_sample": True, "temperature": sampling.temperature} if sampling.temperature else {}
        config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=sampling.max_tokens,
            pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=self.model.generation_config.eos_token_id,
            **how,
        )
        made = self.model.generate(**read, generation_config=config)
        written = made[:, read["input_ids"].shape[1] :]
        return [str(text) for text in self.tokenizer.batch_decode(written, skip_special_tokens=True)]


def _mentions_tools(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the chat template shows tools."""
    chat = [{"role": "user", "content": "hello"}]
    text = tokenizer.apply_chat_template(chat, tools=TOOLS, add_generation_prompt=True, tokenize=False)
    return all(tool["function"]["name"] in text for tool in TOOLS)


def _missing(name: str) -> str:
    return "" if Path(name).is_dir() else "there is no such folder, and "


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
