"""Lengths of rows: as TRL counts them, and whether a prompt's tokens begin those of its row."""

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase
from trl.data_utils import apply_chat_template

from pipeline.text.tokens import Tokenizer
from tests.training.tokenizer_factories import make_byte_level_tokenizer, make_gluing_tokenizer
from training.rl.sft_row_lengths import DeclaredRowLengths, ModelRowLengths
from training.rl.sft_rows import SftRow, format_as_messages, format_as_text

ROW = SftRow(
    [{"role": "system", "content": "Keep it."}, {"role": "user", "content": "Ann has a kite."}],
    '<tool_call>{"name": "new_memory_insert", "arguments": {}}</tool_call>',
)


def load_lengths(tokenizer: PreTrainedTokenizerBase, folder: Path) -> ModelRowLengths:
    tokenizer.save_pretrained(folder)
    return ModelRowLengths(folder)


def test_a_glued_prompt_is_noticed(tmp_path: Path) -> None:
    """Bar: no separator parts prompt and completion for a tokenizer with a token across it."""
    lengths = load_lengths(make_gluing_tokenizer("Tool calls:\n<tool_call>"), tmp_path)
    assert not lengths.measure_text(ROW).keeps_prompt
    assert lengths.measure_messages(ROW).keeps_prompt


def test_lengths_are_those_of_the_tokenized_row(tmp_path: Path) -> None:
    tokenizer = make_byte_level_tokenizer(added=())
    lengths = load_lengths(tokenizer, tmp_path)
    texts = format_as_text(ROW)
    whole = texts["prompt"] + texts["completion"] + str(tokenizer.eos_token)
    assert lengths.measure_text(ROW) == (len(tokenizer(whole)["input_ids"]), True)
    rendered = apply_chat_template(format_as_messages(ROW), tokenizer)
    ids = tokenizer(rendered["prompt"] + rendered["completion"], add_special_tokens=False)["input_ids"]
    assert lengths.measure_messages(ROW) == (len(ids), True)


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base", "qwen3"])
def test_declared_tokenizers_keep_prompts(name: str, assets: Path) -> None:
    tokenizer = Tokenizer(name, assets)
    lengths = DeclaredRowLengths(tokenizer, name)
    whole = "".join(format_as_text(ROW).values())
    assert lengths.measure_text(ROW) == (tokenizer.count(whole) + 1, True)
    assert lengths.measure_messages(ROW).keeps_prompt
