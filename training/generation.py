"""Completions of token ids by a model on this machine, in batches padded on the left."""

from collections.abc import Sequence

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase


class Generator:
    """Samples from a model."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        tokens: int,
        temperature: float,
        at_once: int,
    ) -> None:
        """`tokens` of a completion at most; temperature 0 takes the likeliest token."""
        self._model = model
        self._pad = int(tokenizer.pad_token_id)
        ends = model.generation_config.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends])
        self._at_once = at_once
        how = {"do_sample": True, "temperature": temperature} if temperature else {}
        self._config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=tokens, pad_token_id=self._pad, eos_token_id=ends, **how
        )

    def completed(self, prompts: list[list[int]]) -> list[list[int]]:
        """A completion for each prompt, with its end token unless it was cut off."""
        done: list[list[int]] = []
        for first in range(0, len(prompts), self._at_once):
            done += self._batch(prompts[first : first + self._at_once])
        return done

    @torch.inference_mode()
    def _batch(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        longest = max(map(len, prompts))
        ids = torch.tensor([[self._pad] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        device = self._model.device
        made = self._model.generate(  # type: ignore[operator]
            input_ids=ids.to(device), attention_mask=mask.to(device), generation_config=self._config
        )
        return [self._ended(row) for row in made[:, longest:].tolist()]

    def _ended(self, written: list[int]) -> list[int]:
        """Up to its end token, that included."""
        for place, token in enumerate(written):
            if token in self._ends:
                return written[: place + 1]
        return written
