"""Sample by `generate` of transformers: for models whose cache a Sampler cannot share, and as a baseline."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from training.policies.chats.sampling import Completion


class TransformersSampler:
    """A sampler of batches that are padded on the left."""

    def __init__(
        self,
        model: Any,
        end_token_ids: Sequence[int],
        max_new_tokens: int,
        temperature: float,
        batch_size: int,
        full_batch_tokens: int,
    ) -> None:
        """Sample at most `batch_size` completions together, fewer where a prompt is long.

        Padded prompts have at most `full_batch_tokens` tokens, unless one prompt alone has more.
        """
        self._model = model
        self._end_token_ids = frozenset(end_token_ids)
        self._batch_size = batch_size
        self._full_batch_tokens = full_batch_tokens
        self._temperature = temperature
        self._config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=max_new_tokens,
            pad_token_id=min(end_token_ids, default=0),
            # None would be replaced by the model's own end tokens; this one is never drawn.
            eos_token_id=list(end_token_ids) or [model.config.get_text_config(decoder=True).vocab_size],
            # All are set: transformers takes settings that are left out from the model's own folder.
            repetition_penalty=1.0,
            do_sample=temperature > 0,
            **({"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}),
        )

    def sample(self, prompts: Sequence[Sequence[int]], seed: int) -> list[Completion]:
        """Return a completion for each prompt; `seed` and the batches determine the draws."""
        completions: list[Completion] = []
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            for batch in self._split(prompts):
                completions += self._sample_batch(batch)
        return completions

    def _split(self, prompts: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
        batch: list[Sequence[int]] = []
        for prompt in prompts:
            tokens = (len(batch) + 1) * max(map(len, (*batch, prompt)))
            if batch and (len(batch) == self._batch_size or tokens > self._full_batch_tokens):
                yield batch
                batch = []
            batch.append(prompt)
        if batch:
            yield batch

    def _sample_batch(self, prompts: Sequence[Sequence[int]]) -> list[Completion]:
        longest = max(map(len, prompts))
        pad, device = self._config.pad_token_id, self._model.device
        ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        recorder = _LogpRecorder(longest, self._temperature)
        output = self._model.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            generation_config=self._config,
            logits_processor=LogitsProcessorList([recorder]),
        )
        logps = recorder.finish(output).tolist()
        return [
            self._cut_at_end_token(tokens, row_logps)
            for tokens, row_logps in zip(output[:, longest:].tolist(), logps, strict=True)
        ]

    def _cut_at_end_token(self, tokens: list[int], logps: list[float]) -> Completion:
        """Return a completion up to and with its first end token."""
        end = next((index + 1 for index, token in enumerate(tokens) if token in self._end_token_ids), None)
        return Completion(tokens[:end], logps[:end])


class _LogpRecorder(LogitsProcessor):
    """A processor of logits that changes nothing, and keeps the log-probabilities of the tokens drawn."""

    def __init__(self, num_prompt_tokens: int, temperature: float) -> None:
        self._num_prompt_tokens = num_prompt_tokens
        self._temperature = temperature or 1.0
        self._last: torch.Tensor | None = None  # logits of the token that is drawn next
        self._logps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self._record(input_ids)
        self._last = scores.float() / self._temperature
        return scores

    def finish(self, sequences: torch.Tensor) -> torch.Tensor:
        """Return the log-probabilities of all tokens drawn, of shape (rows, tokens)."""
        self._record(sequences)
        return torch.stack(self._logps, dim=1)

    def _record(self, sequences: torch.Tensor) -> None:
        if self._last is not None:
            drawn = self._last.gather(1, sequences[:, -1:]).squeeze(1)
            self._logps.append(drawn - self._last.logsumexp(dim=-1))
