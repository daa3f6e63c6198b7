"""A model of a few thousand weights and an environment of two arms: training that a CPU does in seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.grpo.rollouts import Generate, Rolled, Row
from training.params import BaseModelParams, MemoryParams, Profile, TrainedStepParams, WarmStartParams

WORDS = ["<pad>", "<end>", "left", "right", "go", *(f"w{number}" for number in range(27))]
LEFT = WORDS.index("left")


def tokenizer() -> PreTrainedTokenizerFast:
    made = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, "<pad>"))
    made.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<end>")


def small_model(folder: Path, vocabulary: int, positions: int, pad: int, end: int) -> None:
    """Write the weights of a Llama of two small layers, drawn."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        pad_token_id=pad,
        eos_token_id=end,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def model_folder(folder: Path) -> Path:
    """A small model of WORDS."""
    small_model(folder, len(WORDS), positions=64, pad=0, end=1)
    tokenizer().save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class TwoArms:
    """A step that begins with `left` earns 1, any other 0. Task t has t % 3 + 1 steps."""

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        rows = []
        for task in tasks:
            prompts = [[WORDS.index("go"), 5 + task, 9 + step] for step in range(task % 3 + 1)]
            for prompt, completion in zip(prompts, generate(prompts), strict=True):
                rows.append(Row(prompt, completion, float(completion[0] == LEFT), f"task {task}"))
        total = sum(row.reward for row in rows) / len(rows)
        return Rolled(rows, {"total": total, "nan": math.nan})


def profile(**changes: object) -> Profile:
    made = Profile(
        gpus=0,
        bfloat16=False,
        base_model=BaseModelParams(hub="made/up", revision="0" * 40),
        sources=None,
        chunks=None,
        questions=None,
        memory=MemoryParams(core_tokens=16, shown=2),
        warm_start=WarmStartParams(
            rows=1, batch=1, learning_rate=1e-4, whole=1.0, least_kept=1.0, most_kept=1.0
        ),
        validation=1,
        tests=None,
        stretch=[],
        step=TrainedStepParams(prompt_tokens=256, reply_tokens=16, temperature=1.0),
        batches=4,
        instances=2,
        group=4,
        pooled="instance",
        updates=1,
        parts=2,
        learning_rate=1e-2,
        warm_up=0,
        clip=0.2,
        kl=0.0,
        generate="batch",
        at_once=64,
        every=2,
        lora=None,
    )
    return made.model_copy(update=changes)
