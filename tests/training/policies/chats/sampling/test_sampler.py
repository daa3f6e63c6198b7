"""Sampling: the model's own distribution, whatever rows run together, and the state of the model before."""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from training.policies.chats.sampling import Completion, sampler, static_decoder, tree_decoder
from training.policies.chats.sampling.by_transformers import TransformersSampler
from training.policies.chats.sampling.sampler import Sampler, find_obstacle

END = 1
SIZES = {
    "vocab_size": 48,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.4,  # so large that the distributions differ between positions
}
BOTH = pytest.mark.parametrize("static", [False, True], ids=["tree", "static"])


def make_llama(**changes: Any) -> LlamaForCausalLM:
    torch.manual_seed(4)
    return LlamaForCausalLM(LlamaConfig(**{**SIZES, **changes})).train(False)


def make_prompts(seed: int = 1) -> list[list[int]]:
    """Make groups of equal prompts, prompts that begin alike, and short ones, in no order."""
    rng = random.Random(seed)

    def words(count: int) -> list[int]:
        return [rng.randrange(2, 48) for _ in range(count)]

    system, alone = words(60), words(9)
    chunk = system + words(45)
    prompts = [chunk] * 4 + [chunk + words(12 * number) for number in range(3)] + [system + words(40)] * 2
    prompts += [system, alone, alone + words(3), words(1)]
    rng.shuffle(prompts)
    return prompts


def plain_logps(model: Any, prompt: Sequence[int], tokens: Sequence[int], temperature: float) -> torch.Tensor:
    """Return the log-probabilities of tokens by a forward pass over the whole row."""
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *tokens]])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits / temperature, dim=-1)[range(len(tokens)), list(tokens)]


def assert_logps(
    model: Any, prompts: Sequence[Sequence[int]], completions: Sequence[Completion], temperature: float = 1.0
) -> None:
    for prompt, completion in zip(prompts, completions, strict=True):
        expected = plain_logps(model, prompt, completion.tokens, temperature)
        assert torch.allclose(torch.tensor(completion.logps), expected, atol=1e-4)


@BOTH
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("batch_size", [64, 3, 1])
def test_log_probabilities_are_those_of_a_forward_pass(
    static: bool, temperature: float, batch_size: int
) -> None:
    """Rows end at different lengths, so with few rows at once they enter while others run."""
    model, prompts = make_llama(), make_prompts()
    completions = Sampler(model, [END, 5, 9], 80, temperature, batch_size, static=static).sample(prompts, 3)
    lengths = {len(one.tokens) for one in completions}
    assert len(lengths) > 5 and max(lengths) <= 80
    for one in completions:
        ends = [token in (END, 5, 9) for token in one.tokens]
        assert not any(ends[:-1]) and (ends[-1] or len(ends) == 80)
    assert_logps(model, prompts, completions, temperature)


@BOTH
def test_at_temperature_0_tokens_are_those_of_transformers(static: bool) -> None:
    model, prompts = make_llama(), make_prompts()
    completions = Sampler(model, [END], 40, 0.0, 5, static=static).sample(prompts, 3)
    baseline = TransformersSampler(model, [END], 40, 0.0, 5, 4096).sample(prompts, 8)
    assert [one.tokens for one in completions] == [one.tokens for one in baseline]
    assert_logps(model, prompts, completions)
    assert_logps(model, prompts, baseline)


@BOTH
def test_draws_depend_on_seed_and_index_alone(static: bool) -> None:
    model, prompts = make_llama(), make_prompts()
    samples = [
        Sampler(model, [END], 30, 1.0, batch_size, static=static).sample(prompts, seed)
        for batch_size, seed in ((64, 3), (4, 3), (1, 3), (64, 4))
    ]
    first, second, third, other = ([one.tokens for one in completions] for completions in samples)
    assert first == second == third
    assert sum(one == two for one, two in zip(first, other, strict=True)) < 4
    equal = [
        tuple(tokens) for tokens, prompt in zip(first, prompts, strict=True) if prompts.count(prompt) == 5
    ]
    assert len(set(equal)) == len(equal) == 5  # equal prompts get draws of their own
    again = Sampler(model, [END], 30, 1.0, 64, static=static).sample(prompts[:5], 3)
    assert [one.tokens for one in again] == first[:5]


def test_both_decoders_draw_the_same_tokens() -> None:
    model, prompts = make_llama(), make_prompts()
    tree, static = (
        Sampler(model, [END, 5], 50, 1.0, 4, static=static).sample(prompts, 11) for static in (False, True)
    )
    assert [one.tokens for one in tree] == [one.tokens for one in static]


@BOTH
def test_sampled_frequencies_are_those_of_the_model(static: bool) -> None:
    """Chi-square over the pairs of the first two tokens, with expected counts of 5 and more."""
    model = make_llama(vocab_size=12, initializer_range=0.2)
    prompt, draws = [3, 7, 2, 9], 4000
    completions = Sampler(model, [], 2, 0.8, 512, static=static).sample([prompt] * draws, 5)
    counts = Counter(tuple(one.tokens) for one in completions)
    expected = {
        (first, second): draws * float(plain_logps(model, prompt, [first, second], 0.8).sum().exp())
        for first in range(12)
        for second in range(12)
    }
    common = [pair for pair, count in expected.items() if count >= 5]
    observed = [counts[pair] for pair in common] + [draws - sum(counts[pair] for pair in common)]
    wanted = [expected[pair] for pair in common] + [draws - sum(expected[pair] for pair in common)]
    degrees = len(observed) - 1
    assert degrees > 40
    statistic = sum((one - two) ** 2 / max(two, 1e-9) for one, two in zip(observed, wanted, strict=True))
    # Five standard deviations above the mean: a false alarm in about a million.
    assert statistic < degrees + 5 * (2 * degrees) ** 0.5


@BOTH
def test_small_calls(static: bool) -> None:
    model = make_llama()
    assert Sampler(model, [END], 5, 1.0, 8, static=static).sample([], 1) == []
    (one,) = Sampler(model, [END], 1, 1.0, 8, static=static).sample([[4, 5, 6]], 1)
    assert len(one.tokens) == len(one.logps) == 1
    for everything in Sampler(model, range(48), 9, 1.0, 2, static=static).sample([[4], [4], [5, 6]], 1):
        assert len(everything.tokens) == 1
    with pytest.raises(ValueError, match="a prompt is empty"):
        Sampler(model, [END], 5, 1.0, 8, static=static).sample([[4], []], 1)


@BOTH
def test_few_tokens_of_room_give_the_same_completions(static: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows wait, parts of prompts run in pieces, and the cache grows."""
    model, prompts = make_llama(), make_prompts()
    expected = Sampler(model, [END], 60, 1.0, 64, static=static).sample(prompts, 3)
    monkeypatch.setattr(sampler, "_TOKENS_PER_ROW", 30)
    monkeypatch.setattr(sampler, "_PREFILL_TOKENS", {"cpu": 16})
    monkeypatch.setattr(tree_decoder, "_MIN_FREE_COLUMNS", 2)
    monkeypatch.setattr(static_decoder, "_COLUMNS", 32)
    completions = Sampler(model, [END], 60, 1.0, 8, static=static).sample(prompts, 3)
    assert [one.tokens for one in completions] == [one.tokens for one in expected]
    assert_logps(model, prompts, completions)


def test_the_model_is_as_it_was_before() -> None:
    model = make_llama(attention_dropout=0.5)
    model.gradient_checkpointing_enable()
    model.train()
    model.model.layers[1].train(False)
    before = [module.training for module in model.modules()]
    completions = Sampler(model, [END], 20, 1.0, 8).sample(make_prompts(), 3)
    assert [module.training for module in model.modules()] == before
    assert model.config._attn_implementation == "sdpa"
    assert all(weight.grad is None and weight.requires_grad for weight in model.parameters())
    model(torch.tensor([[3, 4, 5]])).logits.sum().backward()  # nothing of the sampler is in its way
    model.train(False)
    assert_logps(model, make_prompts(), completions)


@BOTH
def test_the_precision_is_that_of_the_caller(static: bool) -> None:
    """Under autocast the log-probabilities are those of bfloat16, as the loss of a training has them."""
    model, prompts = make_llama(initializer_range=0.1), make_prompts()
    with torch.autocast("cpu", torch.bfloat16):
        completions = Sampler(model, [END], 20, 1.0, 8, static=static).sample(prompts, 3)
        low = [plain_logps(model, p, one.tokens, 1.0) for p, one in zip(prompts, completions, strict=True)]
    high = [plain_logps(model, p, one.tokens, 1.0) for p, one in zip(prompts, completions, strict=True)]
    own = torch.tensor([logp for one in completions for logp in one.logps])
    assert float((own - torch.cat(low)).abs().mean()) < 0.02
    assert float((own - torch.cat(high)).abs().mean()) > 1e-5


@BOTH
def test_adapters_are_part_of_the_model(static: bool) -> None:
    peft = pytest.importorskip("peft")
    model = peft.get_peft_model(make_llama(), peft.LoraConfig(r=4, target_modules="all-linear"))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.train(False)
    prompts = make_prompts()
    completions = Sampler(model, [END], 20, 1.0, 8, static=static).sample(prompts, 3)
    assert_logps(model, prompts, completions)
    with model.disable_adapter():
        differing = plain_logps(model, prompts[0], completions[0].tokens, 1.0)
    assert not torch.allclose(differing, torch.tensor(completions[0].logps), atol=0.1)


@BOTH
def test_other_models_and_attentions(static: bool) -> None:
    torch.manual_seed(2)
    qwen = Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=16, use_sliding_window=False)).train(False)
    eager = make_llama()
    eager.set_attn_implementation("eager")
    for model in (qwen, eager, GPT2LMHeadModel(GPT2Config(vocab_size=48, n_embd=32, n_layer=2, n_head=4))):
        assert find_obstacle(model) is None
        model.train(False)
        completions = Sampler(model, [END], 20, 1.0, 8, static=static).sample(make_prompts(), 3)
        assert_logps(model, make_prompts(), completions)


def test_a_model_with_sliding_windows_is_run_by_transformers(caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(2)
    model = MistralForCausalLM(MistralConfig(**SIZES, sliding_window=16)).train()
    with caplog.at_level(logging.WARNING):
        chosen = Sampler(model, [END], 20, 1.0, 3)
    assert "MistralForCausalLM keeps parts of its prompts only" in caplog.text
    state = torch.get_rng_state()
    completions = chosen.sample(make_prompts(), 3)
    assert torch.equal(torch.get_rng_state(), state) and model.training
    assert [one.tokens for one in chosen.sample(make_prompts(), 3)] == [one.tokens for one in completions]
    assert chosen.sample([], 3) == []
    model.train(False)
    assert_logps(model, make_prompts(), completions)


def test_frozen_weights_are_cast_once_and_stay_frozen() -> None:
    model = make_llama().requires_grad_(False)
    model.model.layers[1].requires_grad_(True)
    seen: list[bool] = []
    model.register_forward_pre_hook(
        lambda *_: seen.append(all(weights.requires_grad for weights in model.parameters()))
    )
    with torch.autocast("cpu", torch.bfloat16):
        Sampler(model, [END], 5, 1.0, 8).sample(make_prompts(), 3)
    assert seen and all(seen)
    layers = model.model.layers
    assert [all(one.requires_grad for one in layer.parameters()) for layer in layers] == [False, True]
    assert not model.get_input_embeddings().weight.requires_grad


def test_without_end_tokens_completions_are_whole() -> None:
    """The model's own end tokens are not taken instead."""
    model, prompts = make_llama(vocab_size=8, eos_token_id=END), [[3, 4]] * 6
    for one in (Sampler(model, [], 40, 1.0, 8), TransformersSampler(model, [], 40, 1.0, 8, 4096)):
        assert [len(completion.tokens) for completion in one.sample(prompts, 3)] == [40] * 6
