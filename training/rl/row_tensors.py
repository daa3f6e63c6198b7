"""Tensors of rows: advantages of their tokens, log probabilities of their completions, padding cut off."""

from collections.abc import Sequence
from typing import Any

import torch

from training.rl.rollouts import Transition


def spread_advantages(
    transitions: Sequence[Transition], part_advantages: Sequence[float], shape: torch.Size
) -> torch.Tensor:
    """Return the advantages of tokens, float32 of `shape`, (rows, longest completion); 0 for padding."""
    spread = torch.zeros(shape, dtype=torch.float32)
    remaining = iter(part_advantages)
    for index, row in enumerate(transitions):
        start = 0
        for part in row.list_parts():
            spread[index, start : part.end] = next(remaining)
            start = part.end
    return spread


def compute_token_logps(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, num_tokens: int, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (log probabilities, entropies) of the last `num_tokens` tokens of rows.

    Both are float32 of shape (rows, num_tokens). Rows are padded on the left and are moved there first: then
    the padding stands at their ends, where no token of the row attends to it. So attention needs no mask, and
    every position has a token to attend to.
    """
    prompts = ids.size(1) - num_tokens
    starts = mask[:, :prompts].sum(dim=1, keepdim=True)
    positions = torch.arange(ids.size(1), device=ids.device)
    moved = ids.gather(1, (positions + prompts - starts).clamp(max=ids.size(1) - 1))
    first = int(starts.min())
    moved = moved[:, : int(starts.max()) + num_tokens]
    logits = model(input_ids=moved, logits_to_keep=moved.size(1) - first + 1, use_cache=False).logits[:, :-1]
    all_logps = torch.log_softmax(logits.float() / temperature, dim=-1)
    logps = all_logps.gather(2, moved[:, first:, None]).squeeze(2)
    with torch.no_grad():
        entropies = -(all_logps.exp() * all_logps).sum(dim=2)
    own_positions = starts - first + positions[:num_tokens]
    return logps.gather(1, own_positions), entropies.gather(1, own_positions)


def trim_padding(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Cut the columns that are padding in all rows of a part of a batch; at least one column stays."""
    prompt_length = max(int(batch["prompt_mask"].sum(dim=1).max()), 1)
    completion_length = max(int(batch["completion_mask"].sum(dim=1).max()), 1)
    trimmed = dict(batch)
    for name in ("prompt_ids", "prompt_mask"):
        trimmed[name] = batch[name][:, -prompt_length:]
    columns = (
        "completion_ids",
        "completion_mask",
        "advantages",
        "old_per_token_logps",
        "ref_per_token_logps",
    )
    for name in columns:
        if name in batch:
            trimmed[name] = batch[name][:, :completion_length]
    return trimmed
