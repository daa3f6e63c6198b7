"""Run the nodes of a prompt tree through the model, each once, several short ones in one forward pass."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from training.policies.chats.sampling.prompt_tree import PromptNode


def compute_nodes(model: Any, leaves: Iterable[PromptNode], max_tokens: int, dtype: torch.dtype) -> None:
    """Compute keys, values and logits of all nodes from the roots to `leaves` that lack them.

    A forward pass runs at most `max_tokens` tokens, or one node that has more. Keys and values get `dtype`.
    """
    missing = dict.fromkeys(node for leaf in leaves for node in leaf.path() if not node.keys)
    for nodes in _split(list(missing), max_tokens):
        _compute_together(model, nodes, dtype)


def _split(nodes: Sequence[PromptNode], max_tokens: int) -> Iterator[list[PromptNode]]:
    batch: list[PromptNode] = []
    for node in nodes:
        if batch and sum(len(one.tokens) for one in (*batch, node)) > max_tokens:
            yield batch
            batch = []
        batch.append(node)
    if batch:
        yield batch


def _compute_together(model: Any, nodes: Sequence[PromptNode], dtype: torch.dtype) -> None:
    """Run nodes as one sequence, in which a token attends to its own node and that node's ancestors alone."""
    past = list(dict.fromkeys(one for node in nodes for one in node.path() if one.keys))
    num_past = sum(len(node.tokens) for node in past)
    positions = [position for node in nodes for position in range(node.start, node.end)]
    ends = _find_ends(nodes)
    kept = [ends[node] - 1 - num_past for node in nodes if node.ends_prompt]
    output = model(
        input_ids=torch.tensor([[token for node in nodes for token in node.tokens]], device=model.device),
        position_ids=torch.tensor([positions], device=model.device),
        attention_mask=None if len(past) + len(nodes) == 1 else _build_mask(past, nodes).to(model.device),
        past_key_values=(cache := _fill_cache(past, model.dtype)),
        use_cache=True,
        logits_to_keep=torch.tensor(kept or [0], device=model.device),
    )
    for layer in cache.layers:
        assert isinstance(layer, DynamicLayer) and layer.keys is not None and layer.values is not None
        for node in nodes:
            columns = slice(ends[node] - len(node.tokens), ends[node])
            # Copies: a slice would keep the whole pass in memory.
            node.keys.append(layer.keys[0, :, columns].to(dtype, copy=True))
            node.values.append(layer.values[0, :, columns].to(dtype, copy=True))
    for node, logits in zip((node for node in nodes if node.ends_prompt), output.logits[0], strict=False):
        node.logits = logits.float()


def _find_ends(nodes: Sequence[PromptNode]) -> dict[PromptNode, int]:
    """Return the column of the cache after each node's last token; nodes of the past come first."""
    past = dict.fromkeys(one for node in nodes for one in node.path() if one.keys)
    ends, end = {}, 0
    for node in (*past, *nodes):
        end += len(node.tokens)
        ends[node] = end
    return ends


def _build_mask(past: Sequence[PromptNode], nodes: Sequence[PromptNode]) -> torch.Tensor:
    """Return which columns of the cache a token attends to: bool of shape (1, 1, tokens, columns)."""
    ends = _find_ends(nodes)
    num_past = sum(len(node.tokens) for node in past)
    num_tokens = sum(len(node.tokens) for node in nodes)
    mask = torch.zeros(num_tokens, num_past + num_tokens, dtype=torch.bool)
    for node in nodes:
        size, end = len(node.tokens), ends[node]
        rows = mask[end - size - num_past : end - num_past]
        for ancestor in node.path()[:-1]:
            rows[:, ends[ancestor] - len(ancestor.tokens) : ends[ancestor]] = True
        rows[:, end - size : end] = torch.ones(size, size, dtype=torch.bool).tril()
    return mask[None, None]


def _fill_cache(past: Sequence[PromptNode], dtype: torch.dtype) -> DynamicCache:
    cache = DynamicCache()
    for layer in range(len(past[0].keys) if past else 0):
        keys, values = (
            torch.cat([part[layer] for part in parts], dim=1)[None].to(dtype)
            for parts in ([node.keys for node in past], [node.values for node in past])
        )
        cache.update(keys, values, layer)
    return cache
