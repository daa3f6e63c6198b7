"""How many tokens rows have as TRL's SFTTrainer reads them, which cuts them at its `max_length`."""

from pathlib import Path
from typing import Protocol

from pipeline.text.tokens import Tokenizer
from training.sft import Step, messages, texts


class RowLengths(Protocol):
    """Lengths of rows by some tokenizer."""

    by: str  # which, for people

    def text(self, step: Step) -> int:
        """Return the tokens of a row of texts, with the end token that SFTTrainer adds."""

    def messages(self, step: Step) -> int:
        """Return the tokens of a row of messages."""

    def holds_control(self, step: Step) -> bool:
        """Tell whether a row holds the characters of a control token, such as the one that ends a turn."""


class ModelLengths:
    """Lengths by a model's own tokenizer and chat template. RowLengths."""

    def __init__(self, model: Path) -> None:
        """Load the tokenizer of a model folder.

        Raises OSError or ValueError where it has none, ImportError where transformers is not installed.
        """
        from transformers import AutoTokenizer, PreTrainedTokenizerBase

        from training.chats.template import Template

        self.by = f"the tokenizer of {model}"
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(model)
        self._template = Template(self._tokenizer)

    def text(self, step: Step) -> int:
        """See RowLengths."""
        row = texts(step)
        whole = row["prompt"] + row["completion"] + str(self._tokenizer.eos_token or "")
        return len(self._tokenizer(whole)["input_ids"])

    def messages(self, step: Step) -> int:
        """See RowLengths."""
        row = messages(step)
        chat = self._tokenizer.apply_chat_template([*row["prompt"], *row["completion"]], tokenize=False)
        return len(self._tokenizer(str(chat), add_special_tokens=False)["input_ids"])

    def holds_control(self, step: Step) -> bool:
        """See RowLengths."""
        contents = [message["content"] for message in step.prompt]
        return self._template.holds_control([*contents, step.completion])


class DeclaredLengths:
    """Lengths by the tokenizer of params.yaml, where there is no model yet, and no template. RowLengths."""

    def __init__(self, tokenizer: Tokenizer, name: str) -> None:
        self.by = f"{name}, without what a chat template adds"
        self._count = tokenizer.count

    def text(self, step: Step) -> int:
        """See RowLengths."""
        return self._count("".join(texts(step).values())) + 1

    def messages(self, step: Step) -> int:
        """See RowLengths."""
        contents = [message["content"] for message in step.prompt]
        return sum(map(self._count, [*contents, step.completion])) + 1

    def holds_control(self, step: Step) -> bool:
        """Return False: which tokens the model will have is not known."""
        return False
