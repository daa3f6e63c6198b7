"""Measure how much a policy's samples vary, by the entropy of its next-token distribution."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel


@torch.no_grad()
def mean_entropy(
    model: PreTrainedModel, rows: Sequence[tuple[list[int], list[int]]], temperature: float
) -> float:
    """Return the mean entropy in nats per token over the completions of the rows; 0 for no rows.

    `rows` are (prompt, completion) pairs of token ids; logits are divided by `temperature`.
    """
    total, tokens = 0.0, 0
    for prompt, completion in rows:
        ids = torch.tensor([prompt + completion], device=model.device)
        logits = model(input_ids=ids, logits_to_keep=len(completion) + 1).logits[0, :-1].float() / temperature
        logps = torch.log_softmax(logits, dim=-1)
        total += float(-(logps.exp() * logps).sum())
        tokens += len(completion)
    return total / max(tokens, 1)
