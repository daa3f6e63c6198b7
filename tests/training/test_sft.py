"""Rows of texts: the tokens of a prompt are the first ones of its row's, whatever a chunk ends in."""

from pathlib import Path

import pytest
from tiktoken import Encoding

from pipeline.text.tokens import Tokenizer
from tests.training.made_tokenizers import byte_level, sentence_pieces
from tests.training.making import instance, words
from training.params import AgentParams
from training.sft import Step, steps, texts

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


def rows() -> list[tuple[str, str]]:
    prompts = [
        [{"role": "system", "content": "Keep it."}, {"role": "user", "content": one}] for one in ENDINGS
    ]
    made = [texts(Step(prompt, COMPLETION)) for prompt in prompts]
    return [(one["prompt"], one["prompt"] + one["completion"]) for one in made]


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base", "qwen3"])
def test_a_prompt_is_not_glued_to_its_completion(name: str, assets: Path) -> None:
    tokenizer = Tokenizer(name, assets)
    (encoding,) = (value for value in vars(tokenizer).values() if isinstance(value, Encoding))
    for prompt, whole in rows():
        read = encoding.encode_ordinary(prompt)
        assert encoding.encode_ordinary(whole)[: len(read)] == read, prompt[-20:]


@pytest.mark.parametrize("kind", ["byte-level", "BPE of pieces", "unigram"])
def test_nor_by_tokenizers_of_models(kind: str) -> None:
    made = byte_level(added=()) if kind == "byte-level" else sentence_pieces(unigram=kind == "unigram")
    for prompt, whole in rows():
        read = made(prompt, add_special_tokens=False)["input_ids"]
        assert made(whole, add_special_tokens=False)["input_ids"][: len(read)] == read, prompt[-20:]


def test_every_chunk_is_a_step(agent: AgentParams, assets: Path) -> None:
    chunks = [
        "[Dialogue on 2024-01-01 00:00]\nSample: What is a kite?\nLabel: 3",
        "Sample: Who is Ann?\nLabel: 4",
    ]
    first, second = steps([instance("a", chunks)], agent.memory, agent.step, words, assets)
    assert chunks[0] in first.prompt[-1]["content"] and "label 3" in first.completion
    assert chunks[1] in second.prompt[-1]["content"] and "label 3" in second.prompt[-1]["content"]
