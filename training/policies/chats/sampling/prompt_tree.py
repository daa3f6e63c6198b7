"""Arrange prompts as a tree: prompts that begin with the same tokens share the nodes of these tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch

_MIN_SHARED_TOKENS = 32  # a shorter common part costs more as a node than it saves
_MAX_NODE_TOKENS = 2048  # a longer part becomes several nodes, which bounds memory in a forward pass


@dataclass(slots=True, eq=False)
class PromptNode:
    """Tokens that some prompts have at the same place, and what the model made of them."""

    tokens: tuple[int, ...]
    start: int  # position of its first token
    parent: "PromptNode | None"
    ends_prompt: bool = False
    num_rows: int = 0  # unfinished rows whose prompt goes through this node
    keys: list[torch.Tensor] = field(default_factory=list)  # of each layer: (heads, tokens, dimension)
    values: list[torch.Tensor] = field(default_factory=list)
    logits: torch.Tensor | None = None  # (vocabulary,) after its last token, if it ends a prompt

    @property
    def end(self) -> int:
        """The position after its last token."""
        return self.start + len(self.tokens)

    def path(self) -> list["PromptNode"]:
        """Return the nodes from the root to this one."""
        nodes = [self]
        while (parent := nodes[-1].parent) is not None:
            nodes.append(parent)
        return nodes[::-1]

    def forget(self) -> None:
        """Free the tensors."""
        self.keys, self.values, self.logits = [], [], None


def build_prompt_tree(prompts: Iterable[Sequence[int]]) -> dict[tuple[int, ...], PromptNode]:
    """Return the last node of each distinct prompt, by the prompt, in lexicographic order.

    In this order the prompts below any node stand side by side. Raises ValueError where a prompt is empty.
    """
    distinct = sorted(set(map(tuple, prompts)))
    if distinct and not distinct[0]:
        raise ValueError("a prompt is empty: it needs at least one token")
    shared = [0, *(_count_shared(one, other) for one, other in pairwise(distinct))]
    leaves: dict[tuple[int, ...], PromptNode] = {}
    stack: list[tuple[int, int, PromptNode | None]] = [(0, len(distinct), None)] if distinct else []
    while stack:
        first, last, parent = stack.pop()
        depth = parent.end if parent else 0
        if last - first == 1:
            leaf = _append_nodes(parent, distinct[first][depth:])
            assert leaf is not None
            leaf.ends_prompt = True
            leaves[distinct[first]] = leaf
            continue
        common = min(shared[first + 1 : last])
        if common - depth >= _MIN_SHARED_TOKENS:
            parent, depth = _append_nodes(parent, distinct[first][depth:common]), common
        cuts = [index for index in range(first + 1, last) if shared[index] < depth + _MIN_SHARED_TOKENS]
        stack += [(*bounds, parent) for bounds in zip([first, *cuts], [*cuts, last], strict=True)][::-1]
    return leaves


def _count_shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the number of tokens with which both begin."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _append_nodes(parent: PromptNode | None, tokens: tuple[int, ...]) -> PromptNode | None:
    """Append a chain of nodes below `parent`; return the last one, or `parent` where there are no tokens."""
    for index in range(0, len(tokens), _MAX_NODE_TOKENS):
        start = parent.end if parent else 0
        parent = PromptNode(tokens[index : index + _MAX_NODE_TOKENS], start, parent)
    return parent
