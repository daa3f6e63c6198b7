"""Completions of token ids by a model on this machine, in batches padded on the left."""

from collections.abc import Sequence

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

_TOKENS = 2048  # of a prompt, for which a whole batch is taken


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
        self._config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=tokens,
            pad_token_id=self._pad,
            eos_token_id=ends,
            # All spelt out: what is left open is taken from the model's own folder.
            do_sample=temperature > 0,
            temperature=temperature or 1.0,
            top_k=0,
            top_p=1.0,
            repetition_penalty=1.0,
        )

    def completed(self, prompts: list[list[int]]) -> list[list[int]]:
        """A completion for each prompt, with its end token unless it was cut off."""
        done: list[list[int]] = []
        while len(done) < len(prompts):
            done += self._batch(prompts[len(done) : len(done) + self._fitting(prompts[len(done) :])])
        return done

    def _fitting(self, prompts: Sequence[list[int]]) -> int:
        """How many of the next prompts make a batch: fewer where they are long, since all are padded."""
        longest = 0
        for place, prompt in enumerate(prompts[: self._at_once]):
            longest = max(longest, len(prompt))
            if place and (place + 1) * longest > self._at_once * _TOKENS:
                return place
        return min(len(prompts), self._at_once)

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
