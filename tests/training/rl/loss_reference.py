"""The losses as their papers write them, over rows without padding, fillers, parts or processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import Transition

DUAL_CLIP = 3.0
MAX_COMPLETION_TOKENS = 16  # of make_profile

CHUNK = [*range(4, 32), *range(8, 16)]  # so long that the rows that begin with it share its computation
ROWS = [
    Transition([*CHUNK, 5, 6], [2, 7, 1], 1.0, "a"),
    Transition([*CHUNK, 5], [3, 1], 0.0, "a"),
    Transition([*CHUNK, 8, 9, 10], [2], 0.5, "a"),
    Transition([4, 9], [3, 8, 9, 11, 6, 1], 0.2, "b"),
    Transition([4, 9], [2, 1], 0.8, "b"),
]


def row_logps(model: Any, row: Transition) -> torch.Tensor:
    """The log probabilities of a row's completion, at temperature 1."""
    ids = torch.tensor([row.prompt + row.completion])
    logps = torch.log_softmax(model(input_ids=ids).logits[0, :-1], dim=-1)
    return logps[range(len(row.prompt) - 1, ids.shape[1] - 1), row.completion]


@dataclass(frozen=True)
class Clip:
    low: float
    high: float


def reference_loss(
    logps: Sequence[torch.Tensor],
    old_logps: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    loss: str,
    clip: Clip,
) -> torch.Tensor:
    """The loss of rows; `weights` holds the advantages of the tokens, already times their importance."""
    rows = []
    for now, before, weight in zip(logps, old_logps, weights, strict=True):
        ratio = (now - before).exp()
        clipped = ratio.clamp(1 - clip.low, 1 + clip.high)
        rows.append(-torch.minimum(ratio.clamp(max=DUAL_CLIP) * weight, clipped * weight))
    if loss == "dapo":
        return torch.cat(rows).mean()
    if loss == "dr_grpo":
        return torch.stack([row.sum() / MAX_COMPLETION_TOKENS for row in rows]).mean()
    assert loss == "grpo"
    return torch.stack([row.mean() for row in rows]).mean()


def perturb(model: torch.nn.Module) -> None:
    """Move the weights so far that ratios of probabilities pass every bound of the clip."""
    generator = torch.Generator().manual_seed(12)
    with torch.no_grad():
        for weights in model.parameters():
            weights += 0.15 * torch.randn(weights.shape, generator=generator)


def accumulate(trainer: MemoryTrainer, batch: dict[str, torch.Tensor]) -> float:
    """Add up the gradients of all parts of a batch, as of one update; return the sum of the losses."""
    parts = trainer.args.steps_per_generation
    trainer.model.train()  # in training mode the loss is divided by the number of parts
    trainer.model.zero_grad()
    trainer.current_gradient_accumulation_steps = parts
    size = len(batch["advantages"]) // parts
    total = 0.0
    for part in range(parts):
        rows = slice(part * size, (part + 1) * size)
        one = {name: value[rows] if value.dim() else value for name, value in batch.items()}
        loss = trainer.compute_loss(trainer.model, one)
        loss.backward()
        total += float(loss.detach())
    return total


def copy_gradients(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
