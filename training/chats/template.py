"""How a model reads a chat: its chat template, with tools where that has a place for them, and tokenizer."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from training.chats import Message
from training.tools import TOOLS


class Template:
    """A tokenizer and its chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        hello = [{"role": "user", "content": "hello"}]
        with_tools = tokenizer.apply_chat_template(hello, tools=TOOLS, tokenize=False)
        self.takes_tools = all(tool["function"]["name"] in with_tools for tool in TOOLS)

    def text(self, messages: Sequence[Message], tools: bool) -> str:
        """The chat as the model reads it, up to where it is to write."""
        return str(
            self.tokenizer.apply_chat_template(
                list(messages),
                tools=TOOLS if tools and self.takes_tools else None,
                add_generation_prompt=True,
                tokenize=False,
            )
        )

    def ids(self, messages: Sequence[Message], tools: bool) -> list[int]:
        """The same as token ids."""
        return list(self.tokenizer(self.text(messages, tools), add_special_tokens=False)["input_ids"])

    def read(self, completion: Sequence[int]) -> str:
        """What a model wrote, without special tokens."""
        return str(self.tokenizer.decode(list(completion), skip_special_tokens=True))
