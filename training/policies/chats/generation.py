"""Generate completions as token ids with a model on this machine, in batches padded on the left."""

from collections.abc import Sequence

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

_FULL_BATCH_TOKENS = 2048  # longest prompt of a full batch; longer prompts come in smaller batches


class BatchGenerator:
    """A sampler of completions from a model."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        max_new_tokens: int,
        temperature: float,
        batch_size: int,
    ) -> None:
        """Sample at most `max_new_tokens` a completion; `temperature` 0 takes the likeliest token.

        A batch has at most `batch_size` prompts.
        """
        self._model = model
        self._pad_token_id = int(tokenizer.pad_token_id)
        ends = model.generation_config.eos_token_id
        self._end_token_ids = set(ends if isinstance(ends, list) else [ends])
        self._batch_size = batch_size
        self._config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=max_new_tokens,
            pad_token_id=self._pad_token_id,
            eos_token_id=ends,
            # All are set: transformers takes settings that are left out from the model's own folder.
            do_sample=temperature > 0,
            temperature=temperature or 1.0,
            top_k=0,
            top_p=1.0,
            repetition_penalty=1.0,
        )

    def generate(self, prompts: list[list[int]]) -> list[list[int]]:
        """Return a completion for each prompt, with its end token unless it was cut off."""
        completions: list[list[int]] = []
        while remaining := prompts[len(completions) :]:
            completions += self._generate_batch(remaining[: self._next_batch_size(remaining)])
        return completions

    def _next_batch_size(self, prompts: Sequence[list[int]]) -> int:
        """Return the number of prompts in the next batch: fewer where they are long, since all are padded."""
        longest = 0
        for index, prompt in enumerate(prompts[: self._batch_size]):
            longest = max(longest, len(prompt))
            if index and (index + 1) * longest > self._batch_size * _FULL_BATCH_TOKENS:
                return index
        return min(len(prompts), self._batch_size)

    @torch.inference_mode()
    def _generate_batch(self, prompts: Sequence[list[int]]) -> list[list[int]]:
        longest = max(map(len, prompts))
        ids = torch.tensor([[self._pad_token_id] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        device = self._model.device
        output = self._model.generate(  # type: ignore[operator]
            input_ids=ids.to(device), attention_mask=mask.to(device), generation_config=self._config
        )
        return [self._cut_at_end_token(row) for row in output[:, longest:].tolist()]

    def _cut_at_end_token(self, completion: list[int]) -> list[int]:
        """Return a completion up to and with its first end token."""
        for index, token in enumerate(completion):
            if token in self._end_token_ids:
                return completion[: index + 1]
        return completion
