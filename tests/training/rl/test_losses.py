"""Each loss and its gradient equal a reference over plain rows: with fillers, in parts, in two processes."""

from pathlib import Path

import pytest
import torch

from tests.training.rl.factories import (
    TwoArmedBandit,
    make_profile,
    make_tokenizer,
    measure_left_fraction,
    write_model,
)
from tests.training.rl.loss_reference import (
    ROWS,
    Clip,
    accumulate,
    copy_gradients,
    perturb,
    reference_loss,
    row_logps,
)
from tests.training.rl.processes import run_in_processes
from tests.training.rl.test_grpo_trainer import make_trainer, max_difference
from training.rl.advantages import compute_advantages
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.run_dir import RunDir
from training.rl.train import train

LOSSES = ("grpo", "dapo", "dr_grpo")
ADVANTAGES = compute_advantages([row.reward for row in ROWS], [row.group_id for row in ROWS])
WEIGHTS = [
    torch.full((len(row.completion),), float(value)) for row, value in zip(ROWS, ADVANTAGES, strict=True)
]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_run_with_each_loss_learns(tmp_path: Path, loss: str) -> None:
    """The real trainer to its end, on a bandit whose rows have several lengths, with an asymmetric clip."""
    run_dir = RunDir(tmp_path / "run")
    start = write_model(tmp_path / "model")
    profile = make_profile(num_batches=30, eval_every=30, loss=loss, clip_epsilon_high=0.28)
    with run_dir.hold_lock():
        train(start, make_tokenizer(), TwoArmedBandit(), 6, measure_left_fraction, profile, 1, run_dir)
    totals = [line["validation/total"] for line in run_dir.read_log() if "validation/total" in line]
    assert totals[0] < 0.3 and totals[-1] >= 0.8, totals


def make_perturbed(
    folder: Path, parts: int, loss: str, clip: Clip
) -> tuple[MemoryTrainer, dict[str, torch.Tensor], list[torch.Tensor]]:
    """Make a trainer whose weights have moved since its batch: (trainer, batch, log probabilities before)."""
    trainer = make_trainer(
        folder,
        ROWS,
        loss=loss,
        clip_epsilon=clip.low,
        clip_epsilon_high=clip.high,
        instances_per_batch=1,
        num_generations=4,
        steps_per_generation=parts,
        optimizer_steps_per_batch=parts,
    )
    batch = trainer._generate_and_score_completions([{}])
    with torch.no_grad():
        old = [row_logps(trainer.model, row) for row in ROWS]
    if parts == 1:  # one update needs no ratio; give it one
        batch["old_per_token_logps"] = trainer._compute_logps(trainer.model, batch)
    perturb(trainer.model)
    return trainer, batch, old


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_a_loss_and_its_gradient_equal_the_reference(tmp_path: Path, loss: str, parts: int) -> None:
    """Five rows are five, six and eight in one, two and four parts."""
    clip = Clip(0.1, 0.3)
    trainer, batch, old = make_perturbed(tmp_path, parts, loss, clip)
    value = accumulate(trainer, batch)
    gradients = copy_gradients(trainer.model)
    trainer.model.zero_grad()
    logps = [row_logps(trainer.model, row) for row in ROWS]
    expected = reference_loss(logps, old, WEIGHTS, loss, clip)
    expected.backward()
    assert value == pytest.approx(float(expected), abs=1e-6)
    assert max_difference(gradients, copy_gradients(trainer.model)) < 1e-6
    assert max(float(one.abs().max()) for one in gradients.values()) > 1e-3
    ratios = torch.cat([(now - before).exp().detach() for now, before in zip(logps, old, strict=True)])
    assert (ratios < 0.9).any() and (ratios > 1.3).any()
    other = reference_loss(logps, old, WEIGHTS, loss, Clip(0.1, 0.1))
    assert abs(float(other) - value) > 1e-4  # the upper bound matters


@pytest.mark.parametrize("loss", LOSSES)
def test_advantages_may_be_of_tokens(tmp_path: Path, loss: str) -> None:
    clip = Clip(0.2, 0.2)
    trainer, batch, old = make_perturbed(tmp_path, 2, loss, clip)
    weights = [weight * torch.linspace(0.5, 1.5, len(weight)) for weight in WEIGHTS]
    batch["advantages"] = torch.zeros(batch["completion_ids"].shape)
    for index, weight in enumerate(weights):
        batch["advantages"][index, : len(weight)] = weight
    value = accumulate(trainer, batch)
    gradients = copy_gradients(trainer.model)
    trainer.model.zero_grad()
    expected = reference_loss([row_logps(trainer.model, row) for row in ROWS], old, weights, loss, clip)
    expected.backward()
    assert value == pytest.approx(float(expected), abs=1e-6)
    assert max_difference(gradients, copy_gradients(trainer.model)) < 1e-6


@pytest.mark.slow
def test_two_processes_compute_the_loss_of_one(tmp_path: Path) -> None:
    """The mean over processes, as the update takes it, is the loss of all rows together."""
    model = write_model(tmp_path / "model")
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        run_in_processes(processes, "loss_processes.py", folder, model)
    for loss in LOSSES:
        one = torch.load(tmp_path / "1" / f"{loss}-0.pt")
        several = [torch.load(tmp_path / "2" / f"{loss}-{process}.pt") for process in range(2)]
        assert one[0] == pytest.approx(sum(value for value, _ in several) / 2, abs=1e-6)
        means = {name: (several[0][1][name] + several[1][1][name]) / 2 for name in one[1]}
        assert max_difference(one[1], means) < 1e-6
        assert max(float(gradient.abs().max()) for gradient in means.values()) > 1e-3
