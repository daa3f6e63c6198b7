"""The trainer: advantages, masks and fillers reach the loss as they should, and it learns what it can."""

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.conftest import ROOT
from tests.training.grpo_tiny import LEFT, TwoArms, model_folder, profile, tokenizer
from training.grpo.advantages import advantages, without_variance
from training.grpo.learning import _config, learn
from training.grpo.rollouts import Generate, Rolled, Row
from training.grpo.runs import RunFolder
from training.grpo.trainer import MemoryTrainer, trimmed
from training.params import Profile


@given(
    st.lists(
        st.tuples(st.floats(-5, 5) | st.just(float("nan")), st.sampled_from("abc")), min_size=1, max_size=30
    )
)
def test_advantages_equal_the_reference(rows: list[tuple[float, str]]) -> None:
    rewards, groups = (list(column) for column in zip(*rows, strict=True))
    found = advantages(rewards, groups)
    for group in set(groups):
        own = np.array([reward for reward, of in rows if of == group and not np.isnan(reward)])
        places = [place for place, (reward, of) in enumerate(rows) if of == group and not np.isnan(reward)]
        if len(own) < 2 or own.max() == own.min():
            assert not found[places].any()
        else:
            assert np.allclose(found[places], (own - own.mean()) / (own.std(ddof=1) + 1e-6))
    assert not found[[bool(np.isnan(reward)) for reward in rewards]].any()


def test_groups_without_variance() -> None:
    assert without_variance([1.0, 1.0, 0.0, 1.0], ["a", "a", "b", "b"]) == 0.5


@dataclass(frozen=True)
class Fixed:
    """The same rows whatever is asked."""

    rows: Sequence[Row]

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        return Rolled(list(self.rows), {})


ROWS = [
    Row([4, 5, 6], [2, 7, 1], 1.0, "a"),
    Row([4, 5], [3, 1], 0.0, "a"),
    Row([4, 8, 9, 10], [2], 0.5, "a"),
    Row([4, 9], [3, 8, 9, 1], 0.2, "b"),
    Row([4, 9], [2, 1], 0.8, "b"),
]


def trainer(folder: Path, rows: Sequence[Row] = ROWS, **changes: object) -> MemoryTrainer:
    made: Profile = profile(**changes)
    model = AutoModelForCausalLM.from_pretrained(model_folder(folder / "model"))
    args = _config(made, 1, folder / "checkpoints")
    return MemoryTrainer(model, tokenizer(), Fixed(rows), 6, args, at_once=64)


def gradients(made: MemoryTrainer, parts: int) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """(the batch, the gradient of the loss over all its parts)."""
    batch = made._generate_and_score_completions([{}])
    made.model.train()  # as while training: a part's loss is a part of the whole
    made.model.zero_grad()
    made.current_gradient_accumulation_steps = parts
    size = len(batch["advantages"]) // parts
    for part in range(parts):
        rows = slice(part * size, (part + 1) * size)
        cut = {name: value[rows] if value.dim() else value for name, value in batch.items()}
        made.compute_loss(made.model, cut).backward()
    return batch, {
        name: one.grad.clone() for name, one in made.model.named_parameters() if one.grad is not None
    }


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], scale: float = 1.0) -> float:
    return max(float((one[name] * scale - other[name]).abs().max()) for name in one)


def test_advantages_reach_the_loss(tmp_path: Path) -> None:
    """The gradient is that of a plain sum: over rows, advantage x mean log probability, by hand."""
    made = trainer(tmp_path, parts=1, instances=1, group=2)
    batch, found = gradients(made, 1)
    expected = advantages([row.reward for row in ROWS], [row.group for row in ROWS])
    assert np.allclose(batch["advantages"].numpy(), expected)
    made.model.zero_grad()
    loss = torch.zeros(())
    for row, advantage in zip(ROWS, expected, strict=True):
        ids = torch.tensor([row.prompt + row.completion])
        logps = torch.log_softmax(made.model(input_ids=ids).logits[0, :-1], dim=-1)
        own = logps[range(len(row.prompt) - 1, ids.shape[1] - 1), row.completion]
        loss = loss - float(advantage) * own.mean() / len(ROWS)
    loss.backward()
    by_hand = {name: one.grad for name, one in made.model.named_parameters() if one.grad is not None}
    assert same(found, by_hand) < 1e-6
    assert max(float(one.abs().max()) for one in found.values()) > 1e-3


@pytest.mark.parametrize("parts", [2, 4])
def test_fillers_change_no_gradient(tmp_path: Path, parts: int) -> None:
    """Five rows in two or four parts are six or eight; the gradient is that of five."""
    alone = trainer(tmp_path / "a", parts=1, instances=1, group=4)
    filled = trainer(tmp_path / "b", parts=parts, instances=1, group=4)
    batch, found = gradients(filled, parts)
    assert len(batch["advantages"]) == (6 if parts == 2 else 8)
    assert same(gradients(alone, 1)[1], found) < 1e-6


def test_a_row_with_advantage_0_has_gradient_0(tmp_path: Path) -> None:
    rows = [Row([4, 5], [2, 1], 0.7, "a"), Row([4, 6], [3, 1], 0.7, "a")]
    _, found = gradients(trainer(tmp_path, rows, parts=1, instances=1, group=2), 1)
    assert all(not one.any() for one in found.values())


def test_prompts_and_padding_get_no_loss(tmp_path: Path) -> None:
    made = trainer(tmp_path, parts=1, instances=1, group=2)
    batch, found = gradients(made, 1)
    other = dict(batch)
    other["completion_ids"] = batch["completion_ids"].masked_fill(batch["completion_mask"] == 0, 9)
    other["prompt_ids"] = batch["prompt_ids"].masked_fill(batch["prompt_mask"] == 0, 9)
    made.model.zero_grad()
    made.compute_loss(made.model, other).backward()
    again = {name: one.grad for name, one in made.model.named_parameters() if one.grad is not None}
    assert same(found, again) < 1e-6


def test_every_task_is_drawn_once_in_a_pass(tmp_path: Path) -> None:
    made = trainer(tmp_path, instances=2, group=4, parts=2)
    drawn = []
    for number in range(6):
        made.state.global_step = number
        episodes = made._drawn(8)
        assert episodes[:4] == [episodes[0]] * 4 and episodes[4:] == [episodes[4]] * 4
        drawn += [episodes[0], episodes[4]]
    assert sorted(drawn[:6]) == sorted(drawn[6:]) == list(range(6))
    assert drawn[:6] != drawn[6:]


def test_trimmed_keeps_every_token() -> None:
    batch = {
        "prompt_ids": torch.tensor([[0, 0, 4, 5], [0, 4, 5, 6]]),
        "prompt_mask": torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]]),
        "completion_ids": torch.tensor([[2, 0, 0], [2, 1, 0]]),
        "completion_mask": torch.tensor([[1, 0, 0], [1, 1, 0]]),
    }
    cut = trimmed(batch)
    assert cut["prompt_ids"].tolist() == [[0, 4, 5], [4, 5, 6]]
    assert cut["completion_ids"].tolist() == [[2, 0], [2, 1]]


def validated(generate: Generate, update: int) -> dict[str, float]:
    """The share of `left` over many samples."""
    completions = generate([[4, 5 + task, 9] for task in range(6)] * 20)
    return {"total": sum(one[0] == LEFT for one in completions) / len(completions)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"updates": 2, "parts": 2}, marks=pytest.mark.slow),
        pytest.param({"kl": 0.001}, marks=pytest.mark.slow),
    ],
)
def test_two_arms_are_solved(tmp_path: Path, changes: dict[str, object]) -> None:
    run = RunFolder(tmp_path / "run")
    start = model_folder(tmp_path / "model")
    with run.locked():
        learn(start, tokenizer(), TwoArms(), 6, validated, profile(batches=40, every=20, **changes), 1, run)
    figures = [line["validation/total"] for line in run.log() if "validation/total" in line]
    assert figures[0] < 0.3 and figures[-1] >= 0.9, figures
    assert (run.best / "model.safetensors").exists()


class BrokenAtFirst:
    """Two arms, with a reward that no gradient can be made of in the first batch."""

    def __init__(self) -> None:
        self.batches = 0

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        rolled = TwoArms().play(tasks, generate)
        self.batches += 1
        if self.batches == 1:
            rolled.rows[0] = replace(rolled.rows[0], reward=math.inf)
        return rolled


def test_an_update_without_a_finite_gradient_is_left_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    start = model_folder(tmp_path / "model")
    with run.locked():
        learn(start, tokenizer(), BrokenAtFirst(), 6, validated, profile(batches=2, every=1), 1, run)
    assert [line["skipped_updates"] for line in run.log() if "skipped_updates" in line] == [1.0, 0.0]
    last = run.last_checkpoint()
    assert last is not None
    before, after = (load_file(folder / "model.safetensors") for folder in (start, last))
    assert all(bool(weights.isfinite().all()) for weights in after.values())
    assert any(not torch.equal(weights, before[name]) for name, weights in after.items())


@pytest.mark.slow
def test_two_processes_find_the_advantages_of_one() -> None:
    """Groups are pooled over processes; torchrun starts them, since accelerate does on a CPU by MPI alone."""
    script = ROOT / "tests" / "training" / "grpo_processes.py"
    found = []
    for processes in (1, 2):
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node"]
        output = subprocess.check_output(
            [*launch, str(processes), str(script)],
            cwd=ROOT,
            text=True,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        )
        rows = [json.loads(of) for of in re.findall(r"ROWS (\[\[.*?\]\])", output)]
        assert len(rows) == processes, output[-2000:]
        found.append(sorted(row for of in rows for row in of))
    assert len(found[0]) == len(found[1]) == 16
    assert np.allclose([row[1] for row in found[0]], [row[1] for row in found[1]], atol=1e-6)
    assert [row[0] for row in found[0]] == [row[0] for row in found[1]]
