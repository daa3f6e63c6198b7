"""Find rows that begin with the same tokens, so that an update computes these once.

The rows of a step begin alike: with the instructions and the chunk, which all episodes of a group share.
"""

from typing import NamedTuple

import torch

_MIN_SHARED_TOKENS = 32  # a shorter common part costs more as a pass of its own than it saves


class Run(NamedTuple):
    """Rows `first` to `end` - 1, whose first `shared` tokens are the same; 0 where each is run whole."""

    first: int
    end: int
    shared: int


def find_runs(ids: torch.Tensor, limits: torch.Tensor) -> list[Run]:
    """Split rows into runs of neighbours with a common beginning.

    `ids` are the tokens, int64 of shape (rows, tokens); at most the first `limits` of a row, int64 of shape
    (rows,), may be shared. A row joins the run before it where that saves more tokens than the run saves
    without it. Where no rows share anything, all are one run.
    """
    runs = [Run(0, 1, int(limits[0]))]
    for row in range(1, len(ids)):
        first, _, shared = runs[-1]
        common = min(_count_common(ids[first], ids[row]), shared, int(limits[row]))
        if common >= _MIN_SHARED_TOKENS and (row - first) * common > (row - first - 1) * shared:
            runs[-1] = Run(first, row + 1, common)
        else:
            runs.append(Run(row, row + 1, int(limits[row])))
    if all(run.end - run.first == 1 for run in runs):
        return [Run(0, len(ids), 0)]
    return [run if run.end - run.first > 1 else run._replace(shared=0) for run in runs]


def _count_common(one: torch.Tensor, other: torch.Tensor) -> int:
    """Return the number of tokens with which both rows begin."""
    return int((one == other).long().cumprod(dim=0).sum())
