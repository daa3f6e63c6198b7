"""A completion that is being sampled, and the decoders that add tokens to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from training.policies.chats.sampling.prompt_tree import PromptNode


@dataclass(slots=True, eq=False)
class Row:
    """A prompt, the random numbers of its completion, and the tokens so far."""

    leaf: PromptNode  # the last of its prompt
    uniforms: torch.Tensor  # a random number for each token, float64
    end_token_ids: frozenset[int]
    tokens: list[int] = field(default_factory=list)
    logps: list[float] = field(default_factory=list)
    num_own: int = 0  # last tokens of the prompt that the cache holds with the row's own tokens

    @property
    def own_tokens(self) -> int:
        """The tokens of the row that the cache holds for it alone."""
        return self.num_own + len(self.tokens)

    @property
    def is_finished(self) -> bool:
        """Whether an end token was drawn, or all tokens that are allowed."""
        if len(self.tokens) == len(self.uniforms):
            return True
        return bool(self.tokens) and self.tokens[-1] in self.end_token_ids

    def append(self, tokens: Sequence[int], logps: Sequence[float]) -> None:
        """Append tokens until the row is finished; later ones are left out."""
        for token, logp in zip(tokens, logps, strict=True):
            if self.is_finished:
                return
            self.tokens.append(token)
            self.logps.append(logp)


def find_segments(rows: Sequence[Row]) -> list[tuple[PromptNode, int, int]]:
    """Return (node, first row, row after the last) of each node above rows in the order of the tree.

    Nodes that the cache holds with a row's own tokens are left out.
    """
    spans: dict[PromptNode, tuple[int, int]] = {}
    for index, row in enumerate(rows):
        for node in row.leaf.path():
            if node.start >= row.leaf.end - row.num_own:
                break
            spans[node] = (spans.get(node, (index, 0))[0], index + 1)
    return [(node, *span) for node, span in spans.items()]


class Decoder(Protocol):
    """Rows that run together; the tokens that each has are at least one."""

    rows: list[Row]

    def add(self, rows: Sequence[Row]) -> None:
        """Let rows enter, in the order of the tree; the nodes of their prompts are computed."""

    def step(self) -> None:
        """Append one or several tokens to each row."""

    def remove_finished(self) -> None:
        """Let finished rows leave."""
