"""generation: completions by our sampler against `generate` of transformers, same model and prompts.

Prompts come in groups of eight equal ones, as the first steps of training have them. On a GPU both run in
bfloat16, and the groups are more.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any

import torch
from transformers import GenerationConfig

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.storage import read_rows
from stages.cli.bench.timing import BenchmarkResult, measure_speedup, run_alternating
from stages.shared.paths import DATASET_DIR, WARM_START_DIR
from training.memory.memory import Memory
from training.memory.prompts import build_step_prompt
from training.memory.schema import EpisodeInput
from training.policies.chats.local import LocalChatModel
from training.policies.chats.sampling.sampler import Sampler, list_end_tokens
from training.policies.chats.template import ChatTemplate

GROUP_SIZE = 8
_NUM_PROMPTS = {"cpu": (8,), "cuda": (64, 256)}
MAX_NEW_TOKENS = 224


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure the warm-started model on first chunks of train instances.

    First every completion has MAX_NEW_TOKENS tokens, then they end by themselves.
    Raises MemcurateError where the model or the dataset is not built, or the dataset is too small.
    """
    for path in (WARM_START_DIR, DATASET_DIR):
        if not path.exists():
            raise MemcurateError(f"{path} is missing: build it with `dvc repro`")
    chat = LocalChatModel(str(WARM_START_DIR))
    sizes = _NUM_PROMPTS["cuda" if chat.device.type == "cuda" else "cpu"]
    prompts = _read_prompts(ChatTemplate(chat.tokenizer), max(sizes) // GROUP_SIZE)
    temperature = params.training.active_profile.generation.temperature
    ends = list_end_tokens(chat.model)
    return [
        compare(chat.model, prompts[:size], end_token_ids, MAX_NEW_TOKENS, temperature, repeat)
        for size, end_token_ids in ((sizes[0], []), *((size, ends) for size in sizes))
    ]


def compare(
    model: Any,
    prompts: Sequence[Sequence[int]],
    end_token_ids: Sequence[int],
    max_new_tokens: int,
    temperature: float,
    repeat: int,
) -> BenchmarkResult:
    """Measure the seconds per token of a completion, all prompts together, in `repeat` rounds.

    Both sample anew in each round, so lengths differ where completions end by themselves.
    """
    sampler = Sampler(model, end_token_ids, max_new_tokens, temperature, len(prompts))
    seeds = iter(range(repeat))
    sampler.sample(prompts[:1], repeat)  # the first call of a process is slower

    def run_ours() -> list[int]:
        return [len(one.tokens) for one in sampler.sample(prompts, next(seeds))]

    baseline = partial(_generate, model, prompts, end_token_ids, max_new_tokens, temperature)
    ours, theirs = run_alternating(
        [partial(_measure, run_ours), partial(_measure, baseline)], repeat, "generation"
    )
    longest = max(map(len, prompts))
    until = f"up to {max_new_tokens}" if end_token_ids else str(max_new_tokens)
    return measure_speedup(
        f"{len(prompts)} × {longest}+{until}: {_format_speed(ours)}",
        f"transformers: {_format_speed(theirs)}",
        [seconds / tokens for seconds, tokens in ours],
        [seconds / tokens for seconds, tokens in theirs],
    )


def _measure(run: Callable[[], list[int]]) -> tuple[float, int]:
    """Return (seconds, tokens) of a function that returns the lengths of completions."""
    start = perf_counter()
    tokens = sum(run())
    return perf_counter() - start, tokens


def _generate(
    model: Any,
    prompts: Sequence[Sequence[int]],
    end_token_ids: Sequence[int],
    max_new_tokens: int,
    temperature: float,
) -> list[int]:
    """Sample by transformers with padding on the left; return the lengths of the completions."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    config = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=max_new_tokens,
        do_sample=True,
        temperature=temperature,
        top_k=0,
        top_p=1.0,
        # None would be replaced by the model's own end tokens; this one is never drawn.
        eos_token_id=list(end_token_ids) or [model.config.vocab_size],
        pad_token_id=0,
    )
    with torch.no_grad():
        output = model.generate(
            input_ids=ids.to(model.device), attention_mask=mask.to(model.device), generation_config=config
        )
    is_end = torch.isin(output[:, longest:].cpu(), torch.tensor(list(end_token_ids), dtype=torch.int64))
    first_end = torch.where(is_end.any(dim=1), is_end.int().argmax(dim=1) + 1, is_end.size(1))
    return [int(length) for length in first_end]


def _read_prompts(template: ChatTemplate, num_groups: int) -> list[list[int]]:
    """Return the prompt of the first chunk of each of some train instances, GROUP_SIZE times."""
    instances = list(islice(read_rows(DATASET_DIR / "train.parquet", EpisodeInput), num_groups))
    if len(instances) < num_groups:
        raise MemcurateError(
            f"{DATASET_DIR}: the train split has {len(instances)} instances, and the benchmark needs "
            f"{num_groups}. Enable more sources."
        )
    prompts = []
    for instance in instances:
        chunk = instance.chunks[0].text
        messages = build_step_prompt(Memory(len, 0), chunk, 0, 0, not template.supports_tools)
        prompts += [template.encode(messages, with_tools=True)] * GROUP_SIZE
    return prompts


def _format_speed(runs: Sequence[tuple[float, int]]) -> str:
    """Format the tokens per second of all runs together."""
    seconds, tokens = (sum(column) for column in zip(*runs, strict=True))
    return f"{tokens / seconds:.1f} tokens/s"
