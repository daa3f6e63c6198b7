"""How a model reads a chat: its chat template, with tools where that has a place for them, and tokenizer.

Control tokens, such as the one that ends a turn, come of the template alone. Where a content holds the same
characters, it is read as those characters: a text that says `<|im_end|>` ends nothing. A tokenizer by itself
does not tell the two apart.
"""

import re
from collections.abc import Iterable, Sequence

from transformers import PreTrainedTokenizerBase

from training.chats import Message
from training.tools import TOOLS

_CALL = re.compile(r"^(<tool_call>)(.*)(</tool_call>)$", re.MULTILINE)
_PRIVATE = range(0xF0000, 0x10FFFE)  # characters without a meaning, of which one marks what is text


class Template:
    """A tokenizer and its chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        hello = [{"role": "user", "content": "hello"}]
        with_tools = tokenizer.apply_chat_template(hello, tools=TOOLS, tokenize=False)
        self.takes_tools = all(tool["function"]["name"] in with_tools for tool in TOOLS)
        self._tokens = control_tokens(tokenizer)
        self._controls = re.compile("|".join(map(re.escape, self._tokens)) or "(?!)")
        self._control_ids = set(self._tokens.values())

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
        """Return the same as token ids; no control token comes of a content."""
        if not self.holds_control(message["content"] for message in messages):
            return self._encoded(self.text(messages, tools))
        mark = _unused("".join(message["content"] for message in messages))
        marked = [{**message, "content": self._marked(message["content"], mark)} for message in messages]
        return self._encoded_apart(self.text(marked, tools), mark)

    def reply_ids(self, reply: str) -> list[int]:
        """Return a reply as the token ids that a model writes, without the one that ends it.

        The tags around a call are tokens where the model has such; what a call says is text.
        """
        if not self.holds_control([reply]):
            return self._encoded(reply)
        mark = _unused(reply)
        marked, place = "", 0
        for call in _CALL.finditer(reply):
            marked += self._marked(reply[place : call.start()], mark)
            marked += call[1] + self._marked(call[2], mark) + call[3]
            place = call.end()
        return self._encoded_apart(marked + self._marked(reply[place:], mark), mark)

    def count(self, messages: Sequence[Message], tools: bool) -> int:
        """Return how many token ids a chat has."""
        return len(self.ids(messages, tools))

    def read(self, completion: Sequence[int]) -> str:
        """What a model wrote, without special tokens."""
        return str(self.tokenizer.decode(list(completion), skip_special_tokens=True))

    def holds_control(self, texts: Iterable[str]) -> bool:
        """Tell whether one of the texts has the characters of a control token."""
        return any(self._controls.search(text) for text in texts)

    def _marked(self, text: str, mark: str) -> str:
        """Put a mark into each control token, so that a template cannot cut a whole one out."""
        return self._controls.sub(lambda found: f"{found[0][0]}{mark}{found[0][1:]}", text)

    def _encoded(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _encoded_apart(self, text: str, mark: str) -> list[int]:
        """Return the ids of a text without its marks; a marked token is encoded as text."""
        marked = "|".join(f"{re.escape(token[0])}{mark}{re.escape(token[1:])}" for token in self._tokens)
        ids: list[int] = []
        for number, piece in enumerate(re.split(f"({marked})|{mark}", text)):
            if piece:
                ids += self._as_text(piece.replace(mark, "")) if number % 2 else self._encoded(piece)
        return ids

    def _as_text(self, text: str) -> list[int]:
        """Return the ids of a text of which nothing is taken for an added token."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        if backend is None:
            ids = self.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        else:
            # Splitting special tokens would leave the added ones that are not marked as special.
            normal = backend.normalizer.normalize_str(text) if backend.normalizer else text
            cuts = backend.pre_tokenizer.pre_tokenize_str(normal) if backend.pre_tokenizer else [(normal, ())]
            ids = [token.id for cut, _ in cuts for token in backend.model.tokenize(cut)]
        if len(text) > 1 and not self._control_ids.isdisjoint(ids):  # some vocabularies hold it as a word too
            return self._as_text(text[:1]) + self._as_text(text[1:])
        return list(ids)


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """Return the added tokens of a tokenizer and their ids, the longest first, but for white space.

    Those that are not marked as special count too: `<tool_call>` and `<think>` are such in some models.
    """
    added = {str(token): int(number) for number, token in tokenizer.added_tokens_decoder.items()}
    return {
        token: added[token]
        for token in sorted(added, key=len, reverse=True)
        if token.replace("\u2581", " ").strip()
    }


def _unused(text: str) -> str:
    """Return a private character that a text does not hold."""
    return next(mark for mark in map(chr, _PRIVATE) if mark not in text)
