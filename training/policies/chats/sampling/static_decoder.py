"""Decode on a GPU: every row has a slot of fixed size, so that a step can be replayed as a CUDA graph.

A small model's step takes longer to launch than to run; a graph is launched at once. The same code runs on a
CPU without graphs, for the tests.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Cache
from transformers.cache_utils import CacheLayerMixin

from training.policies.chats.sampling.draws import choose_tokens
from training.policies.chats.sampling.prompt_tree import PromptNode
from training.policies.chats.sampling.rows import Row, find_segments

_STEPS_PER_CHECK = 8  # tokens between two looks for finished rows: each look waits for the GPU
_COLUMNS = 256  # the columns that attention reads are a multiple: each number of them needs a graph


class StaticDecoder:
    """The Decoder of a GPU."""

    def __init__(
        self, model: Any, num_slots: int, num_columns: int, max_new_tokens: int, temperature: float
    ) -> None:
        """Decode at most `num_slots` rows together, of at most `num_columns` tokens with their prompts."""
        self.rows: list[Row] = []
        self._model = model
        self._temperature = temperature
        num_columns = -(-num_columns // _COLUMNS) * _COLUMNS
        self._slots = _Slots(num_slots, num_columns, max_new_tokens, model.device)
        self._layers = [
            _SlotLayer(self._slots)
            for _ in range(model.config.get_text_config(decoder=True).num_hidden_layers)
        ]
        self._cache = Cache(layers=list(self._layers))
        self._graphs: dict[tuple[int, int], torch.cuda.CUDAGraph | None] = {}
        self._pool = torch.cuda.graph_pool_handle() if model.device.type == "cuda" else None

    def add(self, rows: Sequence[Row]) -> None:
        """Copy the prompts of rows into free slots, each part to all its rows at once."""
        start = len(self.rows)
        for node, first, last in find_segments(rows):
            for number, layer in enumerate(self._layers):
                layer.fill(slice(start + first, start + last), node, number)
        for index, row in enumerate(rows, start):
            self._slots.fill(index, row)
        self.rows += rows

    def step(self) -> None:
        """Append some tokens to each row."""
        slots = self._slots
        left = max(len(row.uniforms) - len(row.tokens) for row in self.rows)
        count = min(_STEPS_PER_CHECK, left)
        longest = max(row.leaf.end + len(row.tokens) for row in self.rows) + count
        num_rows = min(1 << (len(self.rows) - 1).bit_length(), slots.num_slots)
        columns = min(-(-longest // _COLUMNS) * _COLUMNS, slots.num_columns)  # unread tokens may pass the end
        for _ in range(count):
            self._run(num_rows, columns)
        tokens, logps = (part[: len(self.rows)].cpu() for part in (slots.drawn, slots.logps))
        for index, row in enumerate(self.rows):
            new = slice(len(row.tokens), len(row.tokens) + count)
            row.append(tokens[index, new].tolist(), logps[index, new].tolist())

    def remove_finished(self) -> None:
        """Let finished rows leave; rows from the end take their slots."""
        for index in range(len(self.rows) - 1, -1, -1):
            if self.rows[index].is_finished:
                last = self.rows.pop()
                if index < len(self.rows):
                    self.rows[index] = last
                    self._slots.move(len(self.rows), index)
                    for layer in self._layers:
                        layer.move(len(self.rows), index)

    def _run(self, num_rows: int, columns: int) -> None:
        """Run a step of the first slots: the first time as it is, the second time recorded as a graph."""
        key = (num_rows, columns)
        if self._pool is None or key not in self._graphs:
            self._decode(num_rows, columns)
            self._graphs[key] = None
            return
        graph = self._graphs[key]
        if graph is None:
            graph = self._graphs[key] = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool):
                self._decode(num_rows, columns)
        graph.replay()

    def _decode(self, num_rows: int, columns: int) -> None:
        """Append a token in each of the first slots; those without a row are computed and not read."""
        slots = self._slots
        slots.columns_read = columns
        indices, ends = slots.indices[:num_rows], slots.ends[:num_rows]
        mask = slots.all_columns[:columns] <= ends[:, None]
        logits = self._model(
            input_ids=slots.tokens[:num_rows, None],
            position_ids=ends[:, None],
            attention_mask=mask[:, None, None],
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        counts = slots.counts[:num_rows]
        tokens, logps = choose_tokens(logits, slots.uniforms[indices, counts], self._temperature)
        slots.tokens[:num_rows] = tokens
        slots.drawn[indices, counts] = tokens
        slots.logps[indices, counts] = logps
        # Rows that are finished run on until the next check: they stay in their slot.
        counts.add_(1).clamp_(max=slots.uniforms.size(1) - 1)  # the last column is not read
        ends.add_(1).clamp_(max=slots.num_columns - 1)


class _Slots:
    """The state of each slot, in tensors that keep their place in memory."""

    def __init__(self, num_slots: int, num_columns: int, max_new_tokens: int, device: torch.device) -> None:
        self.num_slots, self.num_columns = num_slots, num_columns
        self.columns_read = num_columns
        self.indices = torch.arange(num_slots, device=device)
        self.all_columns = torch.arange(num_columns, device=device)
        self.tokens = torch.zeros(num_slots, dtype=torch.int64, device=device)  # that runs next
        self.ends = torch.zeros_like(self.tokens)  # column of that token
        self.counts = torch.zeros_like(self.tokens)  # tokens drawn so far
        size = (num_slots, max_new_tokens + 1)
        self.uniforms = torch.zeros(size, dtype=torch.float64, device=device)
        self.drawn = torch.zeros(size, dtype=torch.int64, device=device)
        self.logps = torch.zeros(size, device=device)

    def fill(self, index: int, row: Row) -> None:
        self.tokens[index] = row.tokens[-1]
        self.ends[index] = row.leaf.end + len(row.tokens) - 1
        self.counts[index] = len(row.tokens)
        self.uniforms[index, :-1] = row.uniforms

    def move(self, source: int, target: int) -> None:
        for part in (self.tokens, self.ends, self.counts, self.uniforms, self.drawn, self.logps):
            part[target] = part[source]


class _SlotLayer(CacheLayerMixin):
    """Keys and values of a layer: (slots, heads, columns, dimension)."""

    def __init__(self, slots: _Slots) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._slots = slots

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make room for all slots, by the shapes of a prompt's states, (heads, tokens, dimension)."""
        self.keys, self.values = (
            states.new_zeros(self._slots.num_slots, states.size(0), self._slots.num_columns, states.size(2))
            for states in (key_states, value_states)
        )
        self.is_initialized = True

    def fill(self, slots: slice, node: PromptNode, layer: int) -> None:
        """Copy a node into each of the slots."""
        if not self.is_initialized:
            self.lazy_initialization(node.keys[layer], node.values[layer])
        assert self.keys is not None and self.values is not None
        self.keys[slots, :, node.start : node.end] = node.keys[layer]
        self.values[slots, :, node.start : node.end] = node.values[layer]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store a token of each slot, and return the columns that the step reads."""
        assert self.keys is not None and self.values is not None
        num_rows, columns = len(key_states), self._slots.columns_read
        indices, ends = self._slots.indices[:num_rows], self._slots.ends[:num_rows]
        self.keys[indices, :, ends] = key_states[:, :, 0].to(self.keys.dtype)
        self.values[indices, :, ends] = value_states[:, :, 0].to(self.values.dtype)
        return self.keys[:num_rows, :, :columns], self.values[:num_rows, :, :columns]

    def move(self, source: int, target: int) -> None:
        """Copy a slot to another."""
        for states in (self.keys, self.values):
            if states is not None:
                states[target] = states[source]

    def get_seq_length(self) -> int:
        return self._slots.columns_read

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._slots.columns_read, 0

    def get_max_length(self) -> int:
        return self._slots.num_columns
