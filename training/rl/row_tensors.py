"""Tensors of rows: advantages of their tokens, log probabilities of their completions, padding cut off."""

from collections.abc import Sequence
from typing import Any

import torch

from training.rl.rollouts import Transition
from training.rl.shared_prefixes import Run, find_runs


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
    model: Any,
    ids: torch.Tensor,
    mask: torch.Tensor,
    num_tokens: int,
    temperature: float,
    share: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (log probabilities, entropies) of the last `num_tokens` tokens of rows.

    Both are float32 of shape (rows, num_tokens). Rows are padded on the left and are moved there first: then
    the padding stands at their ends, where no token of the row attends to it. So attention needs no mask, and
    every position has a token to attend to. With `share`, what neighbouring rows begin with is run once.
    """
    prompts = ids.size(1) - num_tokens
    starts = mask[:, :prompts].sum(dim=1)
    positions = torch.arange(ids.size(1), device=ids.device)
    moved = ids.gather(1, (positions + prompts - starts[:, None]).clamp(max=ids.size(1) - 1))
    runs = find_runs(moved, starts - 1) if share else [Run(0, len(ids), 0)]
    parts = []
    for first, end, shared in runs:
        rows, own_starts = moved[first:end], starts[first:end]
        parts.append(_compute_run(model, rows, own_starts, shared, num_tokens, temperature))
    logps, entropies = (torch.cat(column) for column in zip(*parts, strict=True))
    return logps, entropies


def _compute_run(
    model: Any, rows: torch.Tensor, starts: torch.Tensor, shared: int, num_tokens: int, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (log probabilities, entropies) of the `num_tokens` tokens of each row from its start on.

    The first `shared` tokens, which are the same in all rows, are run once. The distributions of one row at a
    time are computed: those of all rows together are tensors so large that the C library would map each one
    anew, and clearing their pages took a quarter of an update's time.
    """
    first = int(starts.min())
    rows = rows[:, : int(starts.max()) + num_tokens]
    logits_to_keep = rows.size(1) - first + 1
    if shared:
        beginning = model(input_ids=rows[:1, :shared], logits_to_keep=1, use_cache=True)
        cache = beginning.past_key_values
        cache.batch_repeat_interleave(len(rows))
        rest = rows[:, shared:]
        output = model(input_ids=rest, past_key_values=cache, logits_to_keep=logits_to_keep, use_cache=True)
    else:
        output = model(input_ids=rows, logits_to_keep=logits_to_keep, use_cache=False)
    logps, entropies = [], []
    for logits, row, start in zip(output.logits, rows, starts.tolist(), strict=True):
        own = logits[start - first : start - first + num_tokens]
        all_logps = torch.log_softmax(own.float() / temperature, dim=-1)
        logps.append(all_logps.gather(1, row[start : start + num_tokens, None]).squeeze(1))
        with torch.no_grad():
            entropies.append(-(all_logps.exp() * all_logps).sum(dim=1))
    return torch.stack(logps), torch.stack(entropies)


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


def arrange_rows(num_rows: int, num_updates: int) -> torch.Tensor:
    """Return a random order of rows, int64 of shape (rows,), by the updates that learn from them.

    Each update has as many rows; within it they keep their order. torch's generator gives the seed.
    """
    return torch.randperm(num_rows).view(num_updates, -1).sort(dim=1).values.flatten()
