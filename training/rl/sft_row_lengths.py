"""Measure rows as TRL's SFTTrainer reads them.

It cuts rows at its `max_length`. It also tokenizes the prompt apart from the row: tokens of the prompt that
do not begin the row are left out of it, and the model then learns on another prompt than it gets in use.
"""

from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.text.tokens import Tokenizer
from training.rl.sft_rows import SftRow, format_as_messages, format_as_text


class RowLength(NamedTuple):
    """The tokens of a row in one of its formats."""

    num_tokens: int
    keeps_prompt: bool  # whether the tokens of the prompt begin those of the row


class RowLengths(Protocol):
    """The lengths of rows by some tokenizer."""

    tokenizer_name: str  # shown to the user

    def measure_text(self, row: SftRow) -> RowLength:
        """Return the length of a row of texts, with the end token that SFTTrainer adds."""

    def measure_messages(self, row: SftRow) -> RowLength:
        """Return the length of a row of messages."""

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

    def measure_text(self, row: SftRow) -> RowLength:
        """Return the length of a row of texts, with the end token that SFTTrainer adds."""
        texts = format_as_text(row)
        end = str(self._tokenizer.eos_token or "")
        return self._measure(texts["prompt"], texts["prompt"] + texts["completion"] + end, True)

    def measure_messages(self, row: SftRow) -> RowLength:
        """Return the length of a row of messages, rendered by the chat template."""
        messages = format_as_messages(row)
        chat = [*messages["prompt"], *messages["completion"]]
        whole = str(self._tokenizer.apply_chat_template(chat, tokenize=False))
        return self._measure(self._template.render(row.prompt, with_tools=False), whole, False)

    def _measure(self, prompt: str, whole: str, add_special_tokens: bool) -> RowLength:
        # Both in one call: the two are tokenized at the same time.
        prompt_ids, ids = self._tokenizer([prompt, whole], add_special_tokens=add_special_tokens)["input_ids"]
        return RowLength(len(ids), ids[: len(prompt_ids)] == prompt_ids)

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

    def measure_text(self, row: SftRow) -> RowLength:
        """Return the length of a row of texts, and one more for the end token.

        The prompt counts as kept where prompt and completion have as many tokens apart as together.
        """
        prompt, completion = format_as_text(row).values()
        num_tokens = self._count_tokens(prompt + completion)
        apart = self._count_tokens(prompt) + self._count_tokens(completion)
        return RowLength(num_tokens + 1, num_tokens == apart)

    def measure_messages(self, row: SftRow) -> RowLength:
        """Return the tokens of the messages' contents and one for the end token; control tokens part them."""
        contents = [message["content"] for message in row.prompt]
        return RowLength(sum(map(self._count_tokens, [*contents, row.completion])) + 1, True)

    def has_control_tokens(self, row: SftRow) -> bool:
        """Return False: the control tokens of the later model are not known."""
        return False
