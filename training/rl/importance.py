"""Truncated importance sampling: weigh tokens where the sampler's probabilities differ from the trainer's.

A token drawn with probability q, which the trainer's copy of the same weights gives p, counts min(p / q, cap)
times (TRL's `token_truncate`; Yao et al. 2025). TRL corrects samples of vLLM alone, and multiplies its loss;
advantages are multiplied here, which is the same for a clipped loss, whatever the sampler is.
"""

from collections.abc import Sequence

import torch

from training.rl.rollouts import Transition


def pad_sampler_logps(rows: Sequence[Transition], shape: torch.Size) -> torch.Tensor:
    """Return the sampler's log probabilities, float32 of `shape` (rows, tokens); NaN where unknown."""
    logps = torch.full(shape, float("nan"))
    for index, row in enumerate(rows):
        if row.logps is not None:
            logps[index, : len(row.logps)] = torch.tensor(row.logps, dtype=torch.float32)
    return logps


def importance_ratios(differences: torch.Tensor, cap: float | None) -> torch.Tensor:
    """Return exp(difference), at most `cap`, for log probabilities of trainer minus sampler; 1 for NaN."""
    ratios = differences.nan_to_num(nan=0.0).exp()
    return ratios if cap is None else ratios.clamp(max=cap)


def sum_sampling_metrics(differences: torch.Tensor, ratios: torch.Tensor, cap: float | None) -> torch.Tensor:
    """Return sums over the tokens whose difference is not NaN, to be added up over processes.

    They are: the number of tokens, the absolute differences, the ratios, and the ratios that are at the cap.
    """
    known = ~differences.isnan()
    capped = ratios >= cap if cap is not None else torch.zeros_like(known)
    columns = (torch.ones_like(ratios), differences.abs(), ratios, capped.float())
    return torch.stack([column[known].sum() for column in columns])
