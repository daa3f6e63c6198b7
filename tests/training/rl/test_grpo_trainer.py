"""The trainer: the loss of advantages, masks and fillers, and that it solves a bandit."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from pipeline.core.params import LoraParams, TrainingProfile
from tests.training.rl.factories import (
    TwoArmedBandit,
    make_profile,
    make_tokenizer,
    measure_left_fraction,
    write_model,
)
from tests.training.rl.processes import run_in_processes
from training.rl.advantages import compute_advantages
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import GenerateFn, RewardPart, RolloutBatch, Transition
from training.rl.row_tensors import trim_padding
from training.rl.run_dir import RunDir
from training.rl.train import build_grpo_config, build_lora_config, train


@dataclass(frozen=True)
class FixedCollector:
    """A collector that returns the same rows for any tasks."""

    rows: Sequence[Transition]

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        return RolloutBatch(list(self.rows), {})


ROWS = [
    Transition([4, 5, 6], [2, 7, 1], 1.0, "a"),
    Transition([4, 5], [3, 1], 0.0, "a"),
    Transition([4, 8, 9, 10], [2], 0.5, "a"),
    Transition([4, 9], [3, 8, 9, 1], 0.2, "b"),
    Transition([4, 9], [2, 1], 0.8, "b"),
]


def make_trainer(folder: Path, rows: Sequence[Transition] = ROWS, **changes: object) -> MemoryTrainer:
    profile: TrainingProfile = make_profile(**changes)
    model = AutoModelForCausalLM.from_pretrained(write_model(folder / "model"))
    args = build_grpo_config(profile, 1, folder / "checkpoints")
    return MemoryTrainer(model, make_tokenizer(), FixedCollector(rows), 6, args, max_batch_size=64)


def compute_gradients(
    trainer: MemoryTrainer, parts: int
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the batch, and the gradients of the loss over all its parts."""
    batch = trainer._generate_and_score_completions([{}])
    trainer.model.train()  # in training mode the loss is divided by the number of parts
    trainer.model.zero_grad()
    trainer.current_gradient_accumulation_steps = parts
    size = len(batch["advantages"]) // parts
    for part in range(parts):
        rows = slice(part * size, (part + 1) * size)
        part_batch = {name: value[rows] if value.dim() else value for name, value in batch.items()}
        trainer.compute_loss(trainer.model, part_batch).backward()
    return batch, {
        name: one.grad.clone() for name, one in trainer.model.named_parameters() if one.grad is not None
    }


def max_difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], scale: float = 1.0) -> float:
    return max(float((one[name] * scale - other[name]).abs().max()) for name in one)


def test_advantages_reach_the_loss(tmp_path: Path) -> None:
    """The gradient is that of the sum over rows of advantage x mean log probability."""
    trainer = make_trainer(tmp_path, steps_per_generation=1, instances_per_batch=1, num_generations=2)
    batch, gradients = compute_gradients(trainer, 1)
    expected = compute_advantages([row.reward for row in ROWS], [row.group_id for row in ROWS])
    assert np.allclose(batch["advantages"][:, 0].numpy(), expected)
    trainer.model.zero_grad()
    loss = torch.zeros(())
    for row, advantage in zip(ROWS, expected, strict=True):
        ids = torch.tensor([row.prompt + row.completion])
        logps = torch.log_softmax(trainer.model(input_ids=ids).logits[0, :-1], dim=-1)
        completion_logps = logps[range(len(row.prompt) - 1, ids.shape[1] - 1), row.completion]
        loss = loss - float(advantage) * completion_logps.mean() / len(ROWS)
    loss.backward()
    expected_gradients = {
        name: one.grad for name, one in trainer.model.named_parameters() if one.grad is not None
    }
    assert max_difference(gradients, expected_gradients) < 1e-6
    assert max(float(one.abs().max()) for one in gradients.values()) > 1e-3


def test_a_token_has_the_advantage_of_its_part(tmp_path: Path) -> None:
    rows = [
        Transition([4, 5], [2, 7, 9, 1], 1.0, "a", parts=[RewardPart(2, 1.0), RewardPart(4, 0.0)]),
        Transition([4, 6], [3, 1], 0.0, "a", parts=[RewardPart(1, 0.0), RewardPart(2, 0.5)]),
    ]
    trainer = make_trainer(tmp_path, rows, steps_per_generation=1, instances_per_batch=1, num_generations=2)
    batch, gradients = compute_gradients(trainer, 1)
    first, rest, other_first, other_rest = compute_advantages([1.0, 0.0, 0.0, 0.5], ["a"] * 4, [0, 1, 0, 1])
    expected = [[first, first, rest, rest], [other_first, other_rest, 0, 0]]
    assert np.allclose(batch["advantages"].numpy(), expected)
    assert first > 0 > rest and any(one.any() for one in gradients.values())


@pytest.mark.parametrize("parts", [2, 4])
def test_fillers_change_no_gradient(tmp_path: Path, parts: int) -> None:
    """Five rows in two or four parts are six or eight; the gradient is that of five."""
    alone = make_trainer(tmp_path / "a", steps_per_generation=1, instances_per_batch=1, num_generations=4)
    filled = make_trainer(
        tmp_path / "b", steps_per_generation=parts, instances_per_batch=1, num_generations=4
    )
    batch, gradients = compute_gradients(filled, parts)
    assert len(batch["advantages"]) == (6 if parts == 2 else 8)
    assert max_difference(compute_gradients(alone, 1)[1], gradients) < 1e-6


def test_a_row_with_advantage_0_has_gradient_0(tmp_path: Path) -> None:
    rows = [Transition([4, 5], [2, 1], 0.7, "a"), Transition([4, 6], [3, 1], 0.7, "a")]
    _, gradients = compute_gradients(
        make_trainer(tmp_path, rows, steps_per_generation=1, instances_per_batch=1, num_generations=2), 1
    )
    assert all(not one.any() for one in gradients.values())


def test_prompts_and_padding_have_no_loss(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, steps_per_generation=1, instances_per_batch=1, num_generations=2)
    batch, gradients = compute_gradients(trainer, 1)
    other = dict(batch)
    other["completion_ids"] = batch["completion_ids"].masked_fill(batch["completion_mask"] == 0, 9)
    other["prompt_ids"] = batch["prompt_ids"].masked_fill(batch["prompt_mask"] == 0, 9)
    trainer.model.zero_grad()
    trainer.compute_loss(trainer.model, other).backward()
    again = {name: one.grad for name, one in trainer.model.named_parameters() if one.grad is not None}
    assert max_difference(gradients, again) < 1e-6


@pytest.mark.parametrize(
    ("changes", "tolerance"),
    [({}, 1e-4), ({"bf16": True}, 0.03), ({"lora": LoraParams(rank=4, alpha=8)}, 1e-4)],
    ids=["float32", "bf16", "lora"],
)
def test_sampled_tokens_have_the_log_probabilities_of_the_loss(
    tmp_path: Path, changes: dict[str, object], tolerance: float
) -> None:
    profile: TrainingProfile = make_profile(**changes)
    trainer = MemoryTrainer(
        AutoModelForCausalLM.from_pretrained(write_model(tmp_path / "model")),
        make_tokenizer(),
        FixedCollector(ROWS),
        6,
        build_grpo_config(profile, 1, tmp_path / "checkpoints"),
        max_batch_size=3,
        peft_config=build_lora_config(profile),
    )
    trainer.model.train()
    prompts = [row.prompt for row in ROWS]
    trainer.seed_generation(0)
    completions = trainer._sample(prompts)
    assert trainer.model.training
    trainer.seed_generation(0)
    assert trainer.generate(prompts) == completions
    rows = [
        Transition(prompt, one.tokens, 1.0, "a") for prompt, one in zip(prompts, completions, strict=True)
    ]
    logps = trainer._compute_logps(trainer.model, trainer._build_tensors(rows, [0.0] * len(rows), 6))
    for own, one in zip(logps, completions, strict=False):
        assert torch.allclose(own[: len(one.tokens)], torch.tensor(one.logps), atol=tolerance)


def test_every_task_is_drawn_once_in_a_pass(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, instances_per_batch=2, num_generations=4, steps_per_generation=2)
    drawn = []
    for number in range(6):
        trainer.state.global_step = number
        episodes = trainer._draw_tasks(8)
        assert episodes[:4] == [episodes[0]] * 4 and episodes[4:] == [episodes[4]] * 4
        drawn += [episodes[0], episodes[4]]
    assert sorted(drawn[:6]) == sorted(drawn[6:]) == list(range(6))
    assert drawn[:6] != drawn[6:]


def test_trimming_keeps_every_token() -> None:
    batch = {
        "prompt_ids": torch.tensor([[0, 0, 4, 5], [0, 4, 5, 6]]),
        "prompt_mask": torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]]),
        "completion_ids": torch.tensor([[2, 0, 0], [2, 1, 0]]),
        "completion_mask": torch.tensor([[1, 0, 0], [1, 1, 0]]),
    }
    trimmed = trim_padding(batch)
    assert trimmed["prompt_ids"].tolist() == [[0, 4, 5], [4, 5, 6]]
    assert trimmed["completion_ids"].tolist() == [[2, 0], [2, 1]]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"optimizer_steps_per_batch": 2, "steps_per_generation": 2}, marks=pytest.mark.slow),
        pytest.param({"kl_coef": 0.001}, marks=pytest.mark.slow),
    ],
)
def test_the_two_armed_bandit_is_solved(tmp_path: Path, changes: dict[str, object]) -> None:
    run_dir = RunDir(tmp_path / "run")
    start = write_model(tmp_path / "model")
    with run_dir.hold_lock():
        train(
            start,
            make_tokenizer(),
            TwoArmedBandit(),
            6,
            measure_left_fraction,
            make_profile(num_batches=40, eval_every=20, **changes),
            1,
            run_dir,
        )
    totals = [line["validation/total"] for line in run_dir.read_log() if "validation/total" in line]
    assert totals[0] < 0.3 and totals[-1] >= 0.9, totals
    assert (run_dir.best_dir / "model.safetensors").exists()


class InfiniteRewardBandit:
    """A bandit with an infinite reward in its first batch; the others vary whatever is sampled."""

    def __init__(self) -> None:
        self.batches = 0

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        batch = TwoArmedBandit().collect(tasks, generate)
        batch.transitions[:] = [replace(row, reward=index % 2) for index, row in enumerate(batch.transitions)]
        self.batches += 1
        if self.batches == 1:
            batch.transitions[0] = replace(batch.transitions[0], reward=math.inf)
        return batch


def test_an_update_without_a_finite_gradient_is_skipped(tmp_path: Path) -> None:
    run_dir = RunDir(tmp_path / "run")
    start = write_model(tmp_path / "model")
    with run_dir.hold_lock():
        train(
            start,
            make_tokenizer(),
            InfiniteRewardBandit(),
            6,
            measure_left_fraction,
            make_profile(num_batches=2, eval_every=1),
            1,
            run_dir,
        )
    assert [line["skipped_updates"] for line in run_dir.read_log() if "skipped_updates" in line] == [1.0, 0.0]
    last = run_dir.find_last_checkpoint()
    assert last is not None
    before, after = (load_file(folder / "model.safetensors") for folder in (start, last))
    assert all(bool(weights.isfinite().all()) for weights in after.values())
    assert any(not torch.equal(weights, before[name]) for name, weights in after.items())


@pytest.mark.slow
def test_two_processes_compute_the_advantages_of_one() -> None:
    """Groups are pooled over processes. torchrun starts them: on a CPU accelerate would need MPI."""
    gradients = []
    for processes in (1, 2):
        output = run_in_processes(processes, "grpo_processes.py")
        rows = [json.loads(of) for of in re.findall(r"ROWS (\[\[.*?\]\])", output)]
        assert len(rows) == processes, output[-2000:]
        gradients.append(sorted(row for of in rows for row in of))
    assert len(gradients[0]) == len(gradients[1]) == 16
    assert np.allclose([row[1] for row in gradients[0]], [row[1] for row in gradients[1]], atol=1e-6)
    assert [row[0] for row in gradients[0]] == [row[0] for row in gradients[1]]


@pytest.mark.slow
def test_two_processes_credit_the_calls_of_one() -> None:
    """Each call of the memory agent's replies has the advantage that it has in one process."""
    advantages = []
    for processes in (1, 2):
        output = run_in_processes(processes, "credit_processes.py")
        rows = [json.loads(of) for of in re.findall(r"ROWS (\[\[.*?\]\]\])", output)]
        assert len(rows) == processes, output[-2000:]
        advantages.append({(episode, step): own for of in rows for episode, step, own in of})
    one, two = advantages
    assert one.keys() == two.keys() and len(one) == 24
    for key, own in one.items():
        assert own == pytest.approx(two[key], abs=1e-6)
    assert sum(len(set(own)) > 2 for own in one.values()) > 8  # calls of one reply differ
