"""Draw tokens from logits by uniform random numbers that depend on seed, row and position alone."""

import numpy as np
import torch


def draw_uniforms(seed: int, row: int, count: int) -> torch.Tensor:
    """Return `count` random numbers in [0, 1), float64; equal seeds and rows give equal numbers.

    `seed` is taken modulo 2^64. Philox makes them: a generator whose key is seed and row.
    """
    key = np.array([seed % 2**64, row], dtype=np.uint64)
    return torch.from_numpy(np.random.Generator(np.random.Philox(key=key)).random(count))


def choose_tokens(
    logits: torch.Tensor, uniforms: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (tokens, log-probabilities) of rows, int64 and float32 of shape (rows,).

    `logits` has the shape (rows, vocabulary), `uniforms` (rows,). A token is the place of its row's random
    number in the sums of the probabilities (inverse transform sampling), or the likeliest at temperature 0.
    """
    scaled = logits.float() / (temperature or 1.0)
    if temperature:
        # In float32 the sums would lose tokens with a probability below 1e-7.
        sums = scaled.softmax(dim=-1).cumsum(dim=-1, dtype=torch.float64)
        places = torch.searchsorted(sums, uniforms[:, None] * sums[:, -1:], right=True)
        tokens = places.clamp(max=sums.size(1) - 1)
    else:
        tokens = scaled.argmax(dim=-1, keepdim=True)
    logps = scaled.gather(1, tokens).squeeze(1) - scaled.logsumexp(dim=-1)
    return tokens.squeeze(1), logps
