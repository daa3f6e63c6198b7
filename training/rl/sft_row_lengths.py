"""Count the tokens of rows as TRL's SFTTrainer reads them; it cuts rows at its `max_length`."""

from pathlib import Path
from typing import Protocol

from pipeline.text.tokens import Tokenizer
from training.rl.sft_rows import SftRow, format_as_messages, format_as_text


class RowLengths(Protocol):
    """The lengths of rows by some tokenizer."""

    tokenizer_name: str  # shown to the user

    def count_text(self, row: SftRow) -> int:
        """Return the tokens of a row of texts, with the end token that SFTTrainer adds."""

    def count_messages(self, row: SftRow) -> int:
        """Return the tokens of a row of messages."""

    def has_control_tokens(self, row: SftRow) -> bool:
        """Return whether a row holds the characters of a control token, such as the one that ends a turn."""


class ModelRowLengths:
    """The RowLengths of a model's own tokenizer and chat template."""

    def __init__(self, model: Path) -> None:
        """Load the tokenizer of a model folder.

        Raises OSError or ValueError where the folder has none, ImportError without transformers.
        """
        from transformers import AutoTokenizer, PreTrainedTokenizerBase

        from training.policies.chats.template import ChatTemplate

        self.tokenizer_name = f"the tokenizer of {model}"
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(model)
        self._template = ChatTemplate(self._tokenizer)

    def count_text(self, row: SftRow) -> int:
        """Return the tokens of a row of texts, with the end token that SFTTrainer adds."""
        texts = format_as_text(row)
        whole = texts["prompt"] + texts["completion"] + str(self._tokenizer.eos_token or "")
        return len(self._tokenizer(whole)["input_ids"])

    def count_messages(self, row: SftRow) -> int:
        """Return the tokens of a row of messages, rendered by the chat template."""
        messages = format_as_messages(row)
        chat = [*messages["prompt"], *messages["completion"]]
        text = str(self._tokenizer.apply_chat_template(chat, tokenize=False))
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def has_control_tokens(self, row: SftRow) -> bool:
        """Return whether a row holds the characters of a control token of the model."""
        contents = [message["content"] for message in row.prompt]
        return self._template.has_control_tokens([*contents, row.completion])


class DeclaredRowLengths:
    """The RowLengths of the tokenizer in params.yaml, used where no model with a chat template was built."""

    def __init__(self, tokenizer: Tokenizer, name: str) -> None:
        """Count with `tokenizer`, which params.yaml calls `name`."""
        self.tokenizer_name = f"{name}, without the tokens of a chat template"
        self._count_tokens = tokenizer.count

    def count_text(self, row: SftRow) -> int:
        """Return the tokens of a row of texts and one for the end token."""
        return self._count_tokens("".join(format_as_text(row).values())) + 1

    def count_messages(self, row: SftRow) -> int:
        """Return the tokens of the messages' contents and one for the end token."""
        contents = [message["content"] for message in row.prompt]
        return sum(map(self._count_tokens, [*contents, row.completion])) + 1

    def has_control_tokens(self, row: SftRow) -> bool:
        """Return False: the control tokens of the later model are not known."""
        return False
