"""Rows of texts: a row's tokens begin with those of its prompt, whatever the chunk ends in."""

from pathlib import Path

import pytest

from pipeline.core.params import AgentParams
from pipeline.text.tokens import Tokenizer
from tests.training.factories import count_words, make_instance
from tests.training.tokenizer_factories import make_byte_level_tokenizer, make_sentence_piece_tokenizer
from training.rl.sft_rows import SftRow, format_as_text, generate_sft_rows

ENDINGS = [
    *("kite.", "kite", "12", "kite\n", "kite \n", "kite\n\n", "kite\n\n\n", "kite\r\n", "kite \t ", "\n", ""),
    *(
        "“kite”",
        "kite]",
        "kite <",
        "kite />",
        "kite,\u3000",
        "风筝。",
        "🚀",
        "e\u0301",
        "\u00a0",
        "\u2028",
        "</s>",
    ),
]
COMPLETION = '<tool_call>{"name": "new_memory_insert", "arguments": {}}</tool_call>'


def make_rows() -> list[tuple[str, str]]:
    """Return (prompt, prompt and completion) of a row for each ending."""
    prompts = [
        [{"role": "system", "content": "Keep it."}, {"role": "user", "content": one}] for one in ENDINGS
    ]
    rows = [format_as_text(SftRow(prompt, COMPLETION)) for prompt in prompts]
    return [(row["prompt"], row["prompt"] + row["completion"]) for row in rows]


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base", "qwen3"])
def test_declared_tokenizers_cut_between_prompt_and_completion(name: str, assets: Path) -> None:
    tokenizer = Tokenizer(name, assets)
    encoding = tokenizer._encoding
    for prompt, full_text in make_rows():
        prompt_ids = encoding.encode_ordinary(prompt)
        assert encoding.encode_ordinary(full_text)[: len(prompt_ids)] == prompt_ids, prompt[-20:]


@pytest.mark.parametrize("kind", ["byte-level", "BPE of pieces", "unigram"])
def test_model_tokenizers_cut_between_prompt_and_completion(kind: str) -> None:
    tokenizer = (
        make_byte_level_tokenizer(added=())
        if kind == "byte-level"
        else make_sentence_piece_tokenizer(unigram=kind == "unigram")
    )
    for prompt, full_text in make_rows():
        prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        assert tokenizer(full_text, add_special_tokens=False)["input_ids"][: len(prompt_ids)] == prompt_ids, (
            prompt[-20:]
        )


def test_every_chunk_gives_a_row(agent: AgentParams, assets: Path) -> None:
    chunks = [
        "[Dialogue on 2024-01-01 00:00]\nSample: What is a kite?\nLabel: 3",
        "Sample: Who is Ann?\nLabel: 4",
    ]
    first, second = generate_sft_rows(
        [make_instance("a", chunks)], agent.memory, agent.generation, count_words, assets
    )
    assert chunks[0] in first.prompt[-1]["content"] and "label 3" in first.completion
    assert chunks[1] in second.prompt[-1]["content"] and "label 3" in second.prompt[-1]["content"]
