"""Make a model of a few thousand weights and a two-armed bandit: a CPU trains on them in seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from pipeline.core.params import (
    BaseModelParams,
    MemoryParams,
    TrainingGenerationParams,
    TrainingProfile,
    WarmStartParams,
)
from training.rl.rollouts import GenerateFn, RolloutBatch, Transition

WORDS = ["<pad>", "<end>", "left", "right", "go", *(f"w{number}" for number in range(27))]
LEFT = WORDS.index("left")


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Make a tokenizer whose tokens are WORDS."""
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, "<pad>"))
    tokenizer.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")


def write_small_model(folder: Path, vocabulary: int, positions: int, pad: int, end: int) -> None:
    """Write a Llama of two small layers with random weights."""
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


def write_model(folder: Path) -> Path:
    """Write a small model and its tokenizer of WORDS."""
    write_small_model(folder, len(WORDS), positions=64, pad=0, end=1)
    make_tokenizer().save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class TwoArmedBandit:
    """A bandit: a completion that begins with `left` earns 1, any other 0; task t has t % 3 + 1 steps."""

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        rows = []
        for task in tasks:
            prompts = [[WORDS.index("go"), 5 + task, 9 + step] for step in range(task % 3 + 1)]
            for prompt, completion in zip(prompts, generate(prompts), strict=True):
                reward = float(completion.tokens[0] == LEFT)
                rows.append(Transition(prompt, completion.tokens, reward, f"task {task}", completion.logps))
        total = sum(row.reward for row in rows) / len(rows)
        return RolloutBatch(rows, {"total": total, "nan": math.nan})


def measure_left_fraction(generate: GenerateFn, update: int) -> dict[str, float]:
    """Return the fraction of `left` among many samples, as the validation of the bandit."""
    completions = generate([[4, 5 + task, 9] for task in range(6)] * 20)
    return {"total": sum(one.tokens[0] == LEFT for one in completions) / len(completions)}


def make_profile(**changes: object) -> TrainingProfile:
    """Make a small training profile; `changes` replace fields of it."""
    profile = TrainingProfile(
        gpus=0,
        bf16=False,
        base_model=BaseModelParams(hub="made/up", revision="0" * 40),
        sources=None,
        max_chunks=None,
        max_questions=None,
        memory=MemoryParams(core_tokens=16, max_prompt_entries=2),
        warm_start=WarmStartParams(
            num_rows=1,
            batch_size=1,
            learning_rate=1e-4,
            full_fraction=1.0,
            min_keep_fraction=1.0,
            max_keep_fraction=1.0,
        ),
        num_validation=1,
        max_test_instances=None,
        context_lengths=[],
        generation=TrainingGenerationParams(max_prompt_tokens=256, max_completion_tokens=16, temperature=1.0),
        num_batches=4,
        instances_per_batch=2,
        num_generations=4,
        advantage_group="instance",
        credit="episode",
        optimizer_steps_per_batch=1,
        steps_per_generation=2,
        learning_rate=1e-2,
        warmup_steps=0,
        clip_epsilon=0.2,
        kl_coef=0.0,
        generation_backend="batch",
        generation_batch_size=64,
        eval_every=2,
        lora=None,
    )
    assert changes.keys() <= profile.model_dump().keys()
    return profile.model_copy(update=changes)
