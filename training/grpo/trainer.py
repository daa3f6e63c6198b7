"""TRL's GRPO trainer over rows that episodes give.

Where it deviates from TRL: a dataset row is a task and not a prompt; a batch of tasks is played and becomes
as many rows as its episodes have steps; advantages are ours, pooled over the rows of a group and over all
processes. The loss is TRL's `grpo`: token mean in a row, rows alike. Rows are filled up so that they divide
evenly over processes and parts of a batch; the fillers have no token to learn, and the loss is scaled as if
they were not there. The distribution over next tokens is worked out for completions only: TRL does so for
prompts too, which takes half of an update's time on a CPU.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from pipeline import draws
from training.grpo.advantages import advantages, without_variance
from training.grpo.rollouts import Rollouts, Row
from training.rewards import mean

_SEEDS = 1_000_003  # a prime: generation seeds of different updates and processes stay apart


def _unused(**_: Any) -> list[float]:
    """TRL wants a reward function; rewards come with the rows."""
    raise AssertionError("rewards come with the rows")


class MemoryTrainer(GRPOTrainer):  # type: ignore[misc]  # mypy does not follow TRL
    """See above."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        rollouts: Rollouts,
        tasks: int,
        args: GRPOConfig,
        at_once: int,
        callbacks: Sequence[TrainerCallback] = (),
        peft_config: Any = None,
    ) -> None:
        """`tasks`: how many there are; `at_once`: prompts that are completed together."""
        self._rollouts = rollouts
        self._at_once = at_once
        self._tasks = tasks
        self._learnt = 0  # tokens read and written, since the last log
        super().__init__(
            model=model,
            reward_funcs=[_unused],
            args=args,
            # Places of a batch, and nothing else: which tasks a batch has is drawn by its number (`_drawn`).
            train_dataset=Dataset.from_dict({"prompt": [""] * args.generation_batch_size}),
            processing_class=tokenizer,
            callbacks=list(callbacks),
            peft_config=peft_config,
        )

    def completed(self, prompts: list[list[int]]) -> list[list[int]]:
        """A completion for each prompt, as token ids, by the policy as it is now."""
        done: list[list[int]] = []
        for first in range(0, len(prompts), self._at_once):
            completions, _ = self._generate_single_turn(prompts[first : first + self._at_once], None, {}, 1)
            done += completions
        return done

    def seed_generation(self, number: int) -> None:
        """What is sampled depends on seed, update and process alone, and so is the same after a resume."""
        seed = self.args.seed + _SEEDS * (number + 1) + self.accelerator.process_index
        torch.manual_seed(seed)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Play the tasks of a batch; tensors of its rows, as TRL's loss takes them."""
        self.seed_generation(self.state.global_step)
        start = perf_counter()
        rolled = self._rollouts.play(self._drawn(len(inputs)), self.completed)
        seconds = perf_counter() - start
        rows = rolled.rows
        here = self.accelerator.process_index
        everywhere = gather_object([(here, row.reward, row.group) for row in rows])
        processes, earned, groups = (list(column) for column in zip(*everywhere, strict=True))
        found = advantages(earned, groups)
        own = [float(value) for process, value in zip(processes, found, strict=True) if process == here]
        size = self._size(processes)
        batch = self._tensors(rows, own, size)
        batch["row_scale"] = torch.tensor(
            size * self.accelerator.num_processes / len(everywhere), device=self.accelerator.device
        )
        if self.args.gradient_accumulation_steps % self.args.steps_per_generation:
            batch["old_per_token_logps"] = self._logps(self.model, batch)
        if self.beta:
            batch["ref_per_token_logps"] = self._reference_logps(batch)
        tokens = sum(len(row.completion) for row in rows)
        self.note(
            {
                **rolled.figures,
                "rows": len(everywhere),
                "reward": mean(reward for reward in earned if not np.isnan(reward)),
                "groups_without_variance": without_variance(earned, groups),
                "playing_seconds": seconds,
                "generated_tokens_per_second": tokens
                / (seconds - rolled.figures.get("environment_seconds", 0.0)),
            }
        )
        return batch

    def _drawn(self, count: int) -> list[int]:
        """The tasks of this process's part of a batch: a group of each of the next ones in drawn order.

        The order depends on seed and pass alone, so a resumed run draws what an unbroken one does; TRL's own
        sampler begins anew.
        """
        updates = self.args.steps_per_generation // self.args.gradient_accumulation_steps
        number = self.state.global_step // updates
        size = self.args.generation_batch_size // self.num_generations
        episodes = []
        for place in range(number * size, (number + 1) * size):
            passed, position = divmod(place, self._tasks)
            order = draws.shuffled(range(self._tasks), str, self.args.seed, "tasks", passed)
            episodes += [order[position]] * self.num_generations
        first = self.accelerator.process_index * count
        return episodes[first : first + count]

    def _size(self, processes: Sequence[int]) -> int:
        """Rows that every process is filled up to: those of the fullest, in equal parts of a batch."""
        fullest = max(np.bincount(processes, minlength=self.accelerator.num_processes))
        parts = self.args.steps_per_generation
        return int(-(-fullest // parts) * parts)

    def _tensors(self, rows: Sequence[Row], own: Sequence[float], size: int) -> dict[str, torch.Tensor]:
        """Prompts padded on the left, completions on the right; `size` rows, fillers last."""
        fillers = size - len(rows)
        prompts = [row.prompt for row in rows] + [rows[0].prompt] * fillers
        completions = [row.completion for row in rows] + [rows[0].completion[:1]] * fillers
        prompt_ids, prompt_mask = self._padded(prompts, left=True)
        completion_ids, completion_mask = self._padded(completions, left=False)
        if fillers:
            completion_mask[-fillers:] = 0
        device = self.accelerator.device
        return {
            "prompt_ids": prompt_ids,
            "prompt_mask": prompt_mask,
            "completion_ids": completion_ids,
            "completion_mask": completion_mask,
            "advantages": torch.tensor([*own, *[0.0] * fillers], dtype=torch.float32, device=device),
            "num_items_in_batch": self.accelerator.gather(completion_mask.sum()).sum(),
        }

    def _padded(self, texts: Sequence[Sequence[int]], left: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """(ids, mask), int64 of shape (texts, longest text)."""
        longest = max(map(len, texts))
        ids = torch.full((len(texts), longest), int(self._tokenizer.pad_token_id))
        mask = torch.zeros_like(ids)
        for place, text in enumerate(texts):
            span = slice(longest - len(text), longest) if left else slice(0, len(text))
            ids[place, span] = torch.tensor(list(text))
            mask[place, span] = 1
        return ids.to(self.accelerator.device), mask.to(self.accelerator.device)

    def _reference_logps(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Log probabilities by the policy that training began with."""
        if self.ref_model is not None:
            return self._logps(self.ref_model, batch)
        with self.accelerator.unwrap_model(self.model).disable_adapter():
            return self._logps(self.model, batch)

    def _logps(self, model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Log probabilities of the completions, before any update on them."""
        with torch.no_grad():
            logps, _, _ = self._get_per_token_logps_and_entropies(
                model,
                torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
                torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
                batch["completion_ids"].size(1),
                batch_size=batch["prompt_ids"].size(0) // self.args.steps_per_generation,
            )
        return torch.as_tensor(logps)

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        **others: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """(log probabilities, entropies, None) of the last `logits_to_keep` tokens."""
        parts = []
        size = batch_size or len(input_ids)
        for first in range(0, len(input_ids), size):
            ids, mask = input_ids[first : first + size], attention_mask[first : first + size]
            with self.accelerator.autocast():
                parts.append(_logps(model, ids, mask, logits_to_keep, self.temperature))
        logps, entropies = (torch.cat(column) for column in zip(*parts, strict=True))
        return logps, entropies, None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """TRL's loss of a part of a batch, as if it had no fillers, without columns of padding alone."""
        self._learnt += int(inputs["prompt_mask"].sum() + inputs["completion_mask"].sum())
        loss = super().compute_loss(model, trimmed(inputs), return_outputs, num_items_in_batch)
        scaled: torch.Tensor = loss * inputs["row_scale"]
        return scaled

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's log of an update, with where its time went."""
        whole, playing, environment = (
            sum(self._metrics["train"].get(name, []))
            for name in ("step_time", "playing_seconds", "environment_seconds")
        )
        if whole:
            self.note(
                {
                    "update_tokens_per_second": self._learnt / (whole - playing),
                    "generation_share": (playing - environment) / whole,
                    "environment_share": environment / whole,
                    "update_share": 1 - playing / whole,
                }
            )
            self._learnt = 0
        super().log(logs, start_time)

    def note(self, figures: dict[str, float]) -> None:
        """Have figures in the log of this update."""
        for name, value in figures.items():
            self._metrics["train"][name].append(float(value))


def _logps(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, tokens: int, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(log probabilities, entropies) of the last `tokens` places of rows; float32 of shape (rows, tokens).

    Rows come padded on the left and are moved there first: padding then stands at their ends, where no token
    of theirs sees it. So attention needs no mask, and no place is without anything to attend to.
    """
    prompts = ids.size(1) - tokens
    starts = mask[:, :prompts].sum(dim=1, keepdim=True)
    places = torch.arange(ids.size(1), device=ids.device)
    moved = ids.gather(1, (places + prompts - starts).clamp(max=ids.size(1) - 1))
    first = int(starts.min())
    moved = moved[:, : int(starts.max()) + tokens]
    logits = model(input_ids=moved, logits_to_keep=moved.size(1) - first + 1, use_cache=False).logits[:, :-1]
    all_logps = torch.log_softmax(logits.float() / temperature, dim=-1)
    logps = all_logps.gather(2, moved[:, first:, None]).squeeze(2)
    with torch.no_grad():
        entropies = -(all_logps.exp() * all_logps).sum(dim=2)
    own = starts - first + places[:tokens]
    return logps.gather(1, own), entropies.gather(1, own)


def trimmed(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A part of a batch without the columns that are padding in all of its rows; one column stays."""
    prompts = max(int(batch["prompt_mask"].sum(dim=1).max()), 1)
    completions = max(int(batch["completion_mask"].sum(dim=1).max()), 1)
    cut = dict(batch)
    for name in ("prompt_ids", "prompt_mask"):
        cut[name] = batch[name][:, -prompts:]
    for name in ("completion_ids", "completion_mask", "old_per_token_logps", "ref_per_token_logps"):
        if name in batch:
            cut[name] = batch[name][:, :completions]
    return cut
