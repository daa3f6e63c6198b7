"""Sample completions: rows enter and leave a batch, and each shared part of the prompts runs once."""

import inspect
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from training.policies.chats.sampling import Completion
from training.policies.chats.sampling.by_transformers import TransformersSampler
from training.policies.chats.sampling.draws import choose_tokens, draw_uniforms
from training.policies.chats.sampling.prefill import compute_nodes
from training.policies.chats.sampling.prompt_tree import build_prompt_tree
from training.policies.chats.sampling.rows import Decoder, Row
from training.policies.chats.sampling.static_decoder import StaticDecoder
from training.policies.chats.sampling.tree_decoder import ATTENTION, TreeDecoder

_TOKENS_PER_ROW = 2048  # rows of a full batch have as many on average, with their part of the prompts
_PREFILL_TOKENS = {"cpu": 512, "cuda": 4096}  # that run in one forward pass
_FREE_PARTS_TO_FILL = 4  # on a GPU rows enter when a fourth of the batch is free, for fewer small passes

_log = logging.getLogger(__name__)


class Sampler:
    """A sampler of completions from a causal model of transformers."""

    def __init__(
        self,
        model: Any,
        end_token_ids: Sequence[int],
        max_new_tokens: int,
        temperature: float,
        batch_size: int,
        *,
        static: bool | None = None,
    ) -> None:
        """Sample at most `max_new_tokens` tokens a completion; `temperature` 0 takes the likeliest token.

        At most `batch_size` rows run together, fewer where they are long. `static` chooses the StaticDecoder,
        by default on a GPU. The model may have adapters of PEFT, but no wrapper of accelerate.
        """
        self._model = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._end_token_ids = frozenset(end_token_ids)
        self._max_new_tokens = max_new_tokens
        self._temperature = temperature
        self._batch_size = batch_size
        self._static = self._model.device.type == "cuda" if static is None else static
        self._fallback: TransformersSampler | None = None
        reason = find_obstacle(self._model)
        if reason:
            _warn_once(reason)
            self._fallback = TransformersSampler(
                self._model,
                sorted(self._end_token_ids),
                max_new_tokens,
                temperature,
                batch_size,
                batch_size * _TOKENS_PER_ROW,
            )

    def sample(self, prompts: Sequence[Sequence[int]], seed: int) -> list[Completion]:
        """Return a completion for each prompt.

        The draws of a row depend on `seed` and its index in `prompts` alone, not on the rows beside it.
        Raises ValueError where a prompt is empty.
        """
        if self._fallback is not None:
            with _evaluating(self._model):
                return self._fallback.sample(prompts, seed)
        leaves = build_prompt_tree(prompts)
        rows = [
            Row(leaves[tuple(prompt)], draw_uniforms(seed, index, self._max_new_tokens), self._end_token_ids)
            for index, prompt in enumerate(prompts)
        ]
        places = {leaf: place for place, leaf in enumerate(leaves.values())}
        in_order = sorted(rows, key=lambda row: places[row.leaf])
        if rows:
            with _evaluating(self._model), _attending_to_trees(self._model), torch.no_grad():
                self._run(in_order)
        return [Completion(row.tokens, row.logps) for row in rows]

    def _run(self, rows: Sequence[Row]) -> None:
        """Sample rows, which are in the order of the prompt tree."""
        for row in rows:
            for node in row.leaf.path():
                node.num_rows += 1
        decoder, max_rows = self._build_decoder(rows)
        waiting = deque(rows)
        while waiting or decoder.rows:
            free = max_rows - len(decoder.rows)
            if waiting and (not decoder.rows or free >= self._num_free_to_fill(max_rows)):
                self._admit(decoder, waiting, free)
            if decoder.rows:
                decoder.step()
                finished = [row for row in decoder.rows if row.is_finished]
                decoder.remove_finished()
                if not self._static:  # slots have copies of the nodes
                    self._release(finished)

    def _build_decoder(self, rows: Sequence[Row]) -> tuple[Decoder, int]:
        """Return a decoder, and the number of rows that it has room for."""
        max_rows = min(self._batch_size, len(rows))
        if not self._static:
            return TreeDecoder(self._model, max_rows, self._temperature), max_rows
        columns = max(row.leaf.end for row in rows) + self._max_new_tokens
        max_rows = max(min(max_rows, self._max_slot_tokens() // columns), 1)
        settings = (self._max_new_tokens, self._temperature)
        return StaticDecoder(self._model, max_rows, columns, *settings), max_rows

    def _max_slot_tokens(self) -> int:
        """Return the tokens that all slots together have room for: on a GPU half of its free memory."""
        device = self._model.device
        if device.type != "cuda":
            return self._batch_size * _TOKENS_PER_ROW
        free = torch.cuda.mem_get_info(device)[0]
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        config = self._model.config.get_text_config(decoder=True)
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token_bytes = 2 * config.num_hidden_layers * heads * head_size * self._cache_dtype().itemsize
        return int(free // 2 // token_bytes)

    def _cache_dtype(self) -> torch.dtype:
        device = self._model.device.type
        if not self._static:
            return torch.float32
        if torch.is_autocast_enabled(device):
            return torch.get_autocast_dtype(device)
        dtype: torch.dtype = self._model.dtype
        return dtype

    def _num_free_to_fill(self, max_rows: int) -> int:
        return -(-max_rows // _FREE_PARTS_TO_FILL) if self._static else 1

    def _admit(self, decoder: Decoder, waiting: deque[Row], count: int) -> None:
        """Let up to `count` rows enter, as far as they have room, and draw the first token of each."""
        admitted: list[Row] = []
        nodes = {node for row in decoder.rows for node in row.leaf.path()}
        while waiting and len(admitted) < count:
            path = waiting[0].leaf.path()
            num_rows = len(decoder.rows) + len(admitted) + 1
            tokens = sum(len(node.tokens) for node in nodes.union(path)) + num_rows * self._max_new_tokens
            if not self._static and num_rows > 1 and tokens > self._batch_size * _TOKENS_PER_ROW:
                break
            nodes.update(path)
            admitted.append(waiting.popleft())
        if not admitted:
            return
        leaves = [row.leaf for row in admitted]
        max_tokens = _PREFILL_TOKENS.get(self._model.device.type, 512)
        compute_nodes(self._model, leaves, max_tokens, self._cache_dtype())
        logits = torch.stack([leaf.logits for leaf in leaves if leaf.logits is not None])
        uniforms = torch.stack([row.uniforms[0] for row in admitted]).to(logits.device)
        tokens_drawn, logps = choose_tokens(logits, uniforms, self._temperature)
        for row, token, logp in zip(admitted, tokens_drawn.tolist(), logps.tolist(), strict=True):
            row.append([token], [logp])
        decoder.add([row for row in admitted if not row.is_finished])
        self._release([row for row in admitted if row.is_finished or self._static])

    def _release(self, finished: Sequence[Row]) -> None:
        """Free the nodes of the prompt tree that no unfinished row needs."""
        for row in finished:
            for node in row.leaf.path():
                node.num_rows -= 1
                if not node.num_rows:
                    node.forget()


def find_obstacle(model: Any) -> str | None:
    """Return why a Sampler cannot run a model by itself, or None.

    It needs a cache that holds all tokens in all layers, and attention by transformers' interface.
    """
    name = type(model).__name__
    parameters = inspect.signature(type(model).forward).parameters
    if not {"position_ids", "logits_to_keep", "past_key_values"} <= parameters.keys():
        return f"{name} takes no position_ids, logits_to_keep or past_key_values"
    if not getattr(model, "_supports_attention_backend", False):
        return f"{name} does not use transformers' interface of attention functions"
    if getattr(model.config, "attn_logit_softcapping", None):
        return f"{name} caps the logits of its attention"
    layers = DynamicCache(config=model.config).layers
    if not layers or any(type(layer) is not DynamicLayer for layer in layers):
        return f"{name} keeps parts of its prompts only (sliding windows or linear attention)"
    return None


def list_end_tokens(model: Any) -> list[int]:
    """Return the ids of the tokens that end a completion, by the model's generation settings."""
    ends = model.generation_config.eos_token_id
    if ends is None:
        return []
    return list(ends) if isinstance(ends, list) else [ends]


@cache
def _warn_once(reason: str) -> None:
    _log.warning("%s: completions are sampled by `generate` of transformers, which is slower", reason)


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Run without dropout and gradient checkpointing; afterwards all modules have the mode of before.

    Frozen weights are marked as trained ones meanwhile: autocast casts them once, and others at every token.
    """
    training = [module for module in model.modules() if module.training]
    frozen = [weights for weights in model.parameters() if not weights.requires_grad]
    model.train(False)
    for weights in frozen:
        weights.requires_grad_(weights.is_floating_point())
    try:
        yield
    finally:
        for module in training:
            module.training = True
        for weights in frozen:
            weights.requires_grad_(False)


@contextmanager
def _attending_to_trees(model: Any) -> Iterator[None]:
    """Let the model attend to prompt trees; afterwards it has the attention of before."""
    before = model.config._attn_implementation
    model.set_attn_implementation(ATTENTION)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
