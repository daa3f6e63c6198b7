"""Turn chats into a model's token ids by its chat template and tokenizer.

Control tokens, such as the one that ends a turn, come from the template alone. The same characters in a
message are encoded as text: a chunk that holds `<|im_end|>` does not end a turn. A tokenizer by itself does
not make this difference.
"""

import re
from collections.abc import Iterable, Sequence

from transformers import PreTrainedTokenizerBase

from training.memory.prompts import Message
from training.memory.tools import TOOLS

_TAGGED_CALL = re.compile(r"^(<tool_call>)(.*)(</tool_call>)$", re.MULTILINE)
_PRIVATE_USE = range(0xF0000, 0x10FFFE)  # characters without a meaning; one of them marks text


class ChatTemplate:
    """A tokenizer and its chat template, which gets the tools where it has a place for them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Wrap a tokenizer that has a chat template."""
        self.tokenizer = tokenizer
        hello = [{"role": "user", "content": "hello"}]
        with_tools = tokenizer.apply_chat_template(hello, tools=TOOLS, tokenize=False)
        self.supports_tools = all(tool["function"]["name"] in with_tools for tool in TOOLS)
        self._control_token_ids = find_control_tokens(tokenizer)
        self._control_pattern = re.compile("|".join(map(re.escape, self._control_token_ids)) or "(?!)")
        self._control_id_set = set(self._control_token_ids.values())

    def render(self, messages: Sequence[Message], with_tools: bool) -> str:
        """Return the chat as text, up to the position where the model's reply begins."""
        return str(
            self.tokenizer.apply_chat_template(
                list(messages),
                tools=TOOLS if with_tools and self.supports_tools else None,
                add_generation_prompt=True,
                tokenize=False,
            )
        )

    def encode(self, messages: Sequence[Message], with_tools: bool) -> list[int]:
        """Return the rendered chat as token ids; no message content becomes a control token."""
        if not self.has_control_tokens(message["content"] for message in messages):
            return self._tokenize(self.render(messages, with_tools))
        mark = _find_unused_character("".join(message["content"] for message in messages))
        marked = [
            {**message, "content": self._insert_marks(message["content"], mark)} for message in messages
        ]
        return self._tokenize_marked(self.render(marked, with_tools), mark)

    def encode_reply(self, reply: str) -> list[int]:
        """Return a reply as the token ids that a model writes, without the end token.

        The tags around a call become control tokens where the model has them; the call itself is text.
        """
        if not self.has_control_tokens([reply]):
            return self._tokenize(reply)
        mark = _find_unused_character(reply)
        marked, position = "", 0
        for call in _TAGGED_CALL.finditer(reply):
            marked += self._insert_marks(reply[position : call.start()], mark)
            marked += call[1] + self._insert_marks(call[2], mark) + call[3]
            position = call.end()
        return self._tokenize_marked(marked + self._insert_marks(reply[position:], mark), mark)

    def count_tokens(self, messages: Sequence[Message], with_tools: bool) -> int:
        """Return the number of token ids of a chat."""
        return len(self.encode(messages, with_tools))

    def decode(self, completion: Sequence[int]) -> str:
        """Return the text of a completion, without special tokens."""
        return str(self.tokenizer.decode(list(completion), skip_special_tokens=True))

    def has_control_tokens(self, texts: Iterable[str]) -> bool:
        """Return whether one of the texts holds the characters of a control token."""
        return any(self._control_pattern.search(text) for text in texts)

    def _insert_marks(self, text: str, mark: str) -> str:
        """Put a mark into each control token, so that a template cannot cut a whole one out."""
        return self._control_pattern.sub(lambda match: f"{match[0][0]}{mark}{match[0][1:]}", text)

    def _tokenize(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _tokenize_marked(self, text: str, mark: str) -> list[int]:
        """Return the ids of a text without its marks; a marked token is encoded as text."""
        marked = "|".join(
            f"{re.escape(token[0])}{mark}{re.escape(token[1:])}" for token in self._control_token_ids
        )
        ids: list[int] = []
        for number, part in enumerate(re.split(f"({marked})|{mark}", text)):
            if part:
                is_token = number % 2  # re.split gives the matches of the group at odd indices
                ids += self._tokenize_as_text(part.replace(mark, "")) if is_token else self._tokenize(part)
        return ids

    def _tokenize_as_text(self, text: str) -> list[int]:
        """Return the ids of a text without taking any part of it for an added token."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        if backend is None:
            ids = self.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        else:
            # `split_special_tokens` would keep added tokens that are not marked as special.
            normalized = backend.normalizer.normalize_str(text) if backend.normalizer else text
            pre_tokenizer = backend.pre_tokenizer
            parts = pre_tokenizer.pre_tokenize_str(normalized) if pre_tokenizer else [(normalized, ())]
            ids = [token.id for part, _ in parts for token in backend.model.tokenize(part)]
        # Some vocabularies hold a control token as a word too: then it is cut.
        if len(text) > 1 and not self._control_id_set.isdisjoint(ids):
            return self._tokenize_as_text(text[:1]) + self._tokenize_as_text(text[1:])
        return list(ids)


def find_control_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """Return the added tokens of a tokenizer and their ids, longest first, without white space.

    Added tokens that are not marked as special count too, such as `<tool_call>` and `<think>` of some models.
    """
    added = {str(token): int(number) for number, token in tokenizer.added_tokens_decoder.items()}
    return {
        token: added[token]
        for token in sorted(added, key=len, reverse=True)
        if token.replace("\u2581", " ").strip()
    }


def _find_unused_character(text: str) -> str:
    """Return a character for private use that a text does not hold."""
    return next(mark for mark in map(chr, _PRIVATE_USE) if mark not in text)
