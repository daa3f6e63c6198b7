"""Decode on a CPU: rows attend to the nodes of the prompt tree, which are not copied for each row.

The keys of a node are multiplied with the queries of all its rows at once. Nodes of a single row are held
with the tokens of that row, so that all rows are multiplied with theirs at once. The cache of transformers
holds every prompt once for each row, and copies all of it at every token. Attention is computed in float32.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AttentionInterface, Cache
from transformers.cache_utils import CacheLayerMixin
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from training.policies.chats.sampling.draws import choose_tokens
from training.policies.chats.sampling.prompt_tree import PromptNode
from training.policies.chats.sampling.rows import Row, find_segments

ATTENTION = "memcurate_prompt_tree"  # its name in transformers
_MIN_FREE_COLUMNS = 64  # tokens that a row can grow by when its cache was made larger


class TreeDecoder:
    """The Decoder of a CPU."""

    def __init__(self, model: Any, num_rows: int, temperature: float) -> None:
        """Decode at most `num_rows` rows together with a model whose attention is ATTENTION."""
        self.rows: list[Row] = []
        self._model = model
        self._temperature = temperature
        layers = [
            _RowLayer(num_rows) for _ in range(model.config.get_text_config(decoder=True).num_hidden_layers)
        ]
        self._layers = layers
        self._cache = Cache(layers=list(layers))

    def add(self, rows: Sequence[Row]) -> None:
        """Let rows enter; with those that run they must be in the order of the tree."""
        for index, row in enumerate(rows, len(self.rows)):
            nodes = _list_own_nodes(row)
            row.num_own = sum(len(node.tokens) for node in nodes)
            for number, layer in enumerate(self._layers if nodes else []):
                layer.fill(index, *(torch.cat(parts, dim=1) for parts in _pick_layer(nodes, number)))
            for node in nodes:
                node.forget()
        self.rows += rows

    def step(self) -> None:
        """Append a token to each row."""
        device = self._model.device
        positions = [row.leaf.end + len(row.tokens) - 1 for row in self.rows]
        output = self._model(
            input_ids=torch.tensor([[row.tokens[-1]] for row in self.rows], device=device),
            position_ids=torch.tensor(positions, device=device)[:, None],
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
            prompt_tree=_Step(self._layers, self.rows),
        )
        uniforms = torch.stack([row.uniforms[len(row.tokens)] for row in self.rows]).to(device)
        tokens, logps = choose_tokens(output.logits[:, -1], uniforms, self._temperature)
        for row, token, logp in zip(self.rows, tokens.tolist(), logps.tolist(), strict=True):
            row.append([token], [logp])

    def remove_finished(self) -> None:
        """Let finished rows leave; the cache of the others moves together."""
        kept = [index for index, row in enumerate(self.rows) if not row.is_finished]
        if len(kept) == len(self.rows):
            return
        columns = max((row.own_tokens for row in self.rows), default=0)
        for layer in self._layers:
            layer.move_together(kept, columns)
        self.rows = [self.rows[index] for index in kept]


def _list_own_nodes(row: Row) -> list[PromptNode]:
    """Return the last nodes of a row's prompt that no other unfinished row has."""
    path = row.leaf.path()
    return path[sum(node.num_rows > 1 for node in path) :]


def _pick_layer(nodes: Sequence[PromptNode], layer: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the keys and the values of some nodes in a layer."""
    return [node.keys[layer] for node in nodes], [node.values[layer] for node in nodes]


class _Step:
    """A step of a TreeDecoder, as the layers of cache and attention see it."""

    def __init__(self, layers: Sequence["_RowLayer"], rows: Sequence[Row]) -> None:
        self.layers = layers
        self.num_prompt_columns = max(row.leaf.end - row.num_own for row in rows)
        longest = max(row.own_tokens for row in rows)
        lengths = torch.tensor([row.own_tokens for row in rows])
        self.num_own_columns = longest
        for layer in layers:
            layer.columns = lengths - 1  # the last token of a row enters the cache now
            layer.num_columns = longest
        self.hidden: torch.Tensor | None = None  # (rows, 1, 1, columns): tokens of longer rows alone
        if min(row.own_tokens for row in rows) < longest:
            columns = torch.arange(longest)
            self.hidden = (columns >= lengths[:, None])[:, None, None]
        self.segments = find_segments(rows)


class _RowLayer(CacheLayerMixin):
    """Keys and values of the rows' own tokens in a layer: (rows, heads, columns, dimension), float32."""

    def __init__(self, num_rows: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.columns = torch.zeros(0, dtype=torch.int64)  # of each row, where its next token enters
        self.num_columns = 0  # that hold tokens, after the next has entered
        self._num_rows = num_rows

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make room for the first tokens; the states have the shape (rows, heads, tokens, dimension)."""
        self._make_room(key_states.size(1), key_states.size(3), value_states.size(3), self.num_columns)

    def fill(self, row: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Store the first tokens of a row: keys and values have the shape (heads, tokens, dimension)."""
        self._make_room(keys.size(0), keys.size(2), values.size(2), keys.size(1))
        assert self.keys is not None and self.values is not None
        self.keys[row, :, : keys.size(1)] = keys
        self.values[row, :, : values.size(1)] = values

    def _make_room(self, heads: int, key_size: int, value_size: int, columns: int) -> None:
        """Make room for `columns` tokens of each row and some more; nothing where they have room."""
        if self.keys is not None and columns <= self.keys.size(2):
            return
        grown = []
        for size, old in ((key_size, self.keys), (value_size, self.values)):
            new = torch.zeros(self._num_rows, heads, columns + max(_MIN_FREE_COLUMNS, columns // 4), size)
            if old is not None:
                new[:, :, : old.size(2)] = old
            grown.append(new)
        self.keys, self.values = grown
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store a token of each row, and return its states: the attention takes the rest from the layer."""
        if self.keys is None or self.num_columns > self.keys.size(2):
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        rows = torch.arange(len(key_states), device=key_states.device)
        self.keys[rows, :, self.columns] = key_states[:, :, 0].float()
        self.values[rows, :, self.columns] = value_states[:, :, 0].float()
        return key_states, value_states

    def move_together(self, kept: Sequence[int], columns: int) -> None:
        """Move the rows `kept` to the front, with their first `columns` tokens."""
        for states in (self.keys, self.values):
            if states is not None:
                states[: len(kept), :, :columns] = states[list(kept), :, :columns]

    def get_seq_length(self) -> int:
        return self.num_columns

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.num_columns, 0

    def get_max_length(self) -> int:
        return -1


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    prompt_tree: _Step | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention of one token of each row; without a tree that of torch, as for prefill."""
    if prompt_tree is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    scaling = options.get("scaling")
    with torch.autocast(query.device.type, enabled=False):
        attended = _attend_to_tree(
            query.float() * (query.size(3) ** -0.5 if scaling is None else scaling),
            prompt_tree,
            prompt_tree.layers[module.layer_idx],
            module.layer_idx,
        )
    return attended.to(query.dtype), None


def _attend_to_tree(query: torch.Tensor, tree: _Step, own: _RowLayer, layer: int) -> torch.Tensor:
    """Return (rows, 1, heads, dimension) of scaled queries, (rows, heads, 1, dimension).

    A column of the scores is a position of the prompts, or after these a token of the rows' own. Queries that
    share a head of keys (grouped-query attention) are multiplied with it together.
    """
    assert own.keys is not None and own.values is not None
    num_rows, start = len(query), tree.num_prompt_columns
    own_keys, own_values = (part[:num_rows, :, : tree.num_own_columns] for part in (own.keys, own.values))
    heads = own_keys.size(1)
    grouped = query.view(num_rows, heads, -1, query.size(3))
    group = grouped.size(2)
    by_head = grouped.transpose(0, 1).reshape(heads, num_rows * group, -1)
    scores = query.new_full((heads, num_rows * group, start + tree.num_own_columns), float("-inf"))
    own_scores = grouped @ own_keys.transpose(2, 3)
    if tree.hidden is not None:
        own_scores = own_scores.masked_fill(tree.hidden, float("-inf"))
    scores.view(heads, num_rows, group, -1)[..., start:] = own_scores.transpose(0, 1)
    for node, first, last in tree.segments:
        span = slice(first * group, last * group)
        scores[:, span, node.start : node.end] = by_head[:, span] @ node.keys[layer].transpose(1, 2)
    weights = scores.softmax(dim=-1)
    own_weights = weights[..., start:].view(heads, num_rows, group, -1).transpose(0, 1)
    attended = (own_weights @ own_values).transpose(0, 1).reshape(heads, num_rows * group, -1)
    for node, first, last in tree.segments:
        span = slice(first * group, last * group)
        attended[:, span] += weights[:, span, node.start : node.end] @ node.values[layer]
    rows = attended.view(heads, num_rows, group, -1).transpose(0, 1)
    return rows.reshape(num_rows, 1, heads * group, -1)


AttentionInterface.register(ATTENTION, _attend)
