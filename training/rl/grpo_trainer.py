"""TRL's GRPO trainer over the steps of episodes.

It deviates from TRL in six ways:

- A dataset row is a task and not a prompt. The episodes of a batch of tasks give one row for each step.
- Advantages are ours, pooled over the rows of a group and over all processes.
- Fillers pad the rows, so that these divide evenly over processes and parts of a batch. Fillers have no token
  to learn, and the loss is scaled as if they were not there.
- Samples of any generator that gives log probabilities are corrected (`importance.py`), not of vLLM alone.
- The distribution over next tokens is computed for completions only. TRL computes it for prompts too, which
  takes half of an update's time on a CPU.
- Rows of an update keep their order, in which those of a step stand together, and what these begin with is
  computed once (`shared_prefixes.py`). With gradient checkpointing, rows are run whole.

The loss is one of TRL's: `grpo` is the mean over the tokens of a row, then over rows; `dapo` is the mean over
the tokens of all rows; `dr_grpo` is the mean over rows of their sums, divided by the maximum length.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import GRPOConfig, GRPOTrainer
from trl.models import unwrap_model_for_generation
from trl.trainer.utils import split_tensor_dict

from pipeline.core.errors import MemcurateError
from training.evaluation.rewards import mean
from training.policies.chats.sampling import Completion
from training.policies.chats.sampling.sampler import Sampler, find_obstacle
from training.rl.advantages import compute_advantages, zero_variance_fraction
from training.rl.group_replacement import BatchTasks, collect_varied
from training.rl.importance import importance_ratios, pad_sampler_logps, sum_sampling_metrics
from training.rl.rollouts import RolloutBatch, RolloutCollector, Transition
from training.rl.row_tensors import arrange_rows, compute_token_logps, spread_advantages, trim_padding
from training.rl.task_pool import TaskOutcomes, TaskPool

_SEED_STRIDE = 1_000_003  # a prime: generation seeds of different updates and processes stay apart


def _unused_reward(**_: Any) -> list[float]:
    """Stand in for the reward function that TRL requires; rewards come with the rows."""
    raise AssertionError("rewards come with the rows")


class MemoryTrainer(GRPOTrainer):  # type: ignore[misc]  # mypy does not follow TRL
    """The GRPO trainer of the memory agent."""

    _buffered_inputs: list[dict[str, torch.Tensor]] | None  # parts of the last batch

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        collector: RolloutCollector,
        num_tasks: int,
        args: GRPOConfig,
        max_batch_size: int,
        callbacks: Sequence[TrainerCallback] = (),
        peft_config: Any = None,
        importance_cap: float | None = None,
        max_replaced: int = 0,
        pool: TaskPool | None = None,
        record_outcomes: Callable[[TaskOutcomes], None] = lambda outcomes: None,
    ) -> None:
        """Set up TRL's trainer.

        `collector` runs the episodes of tasks, which are numbers below `num_tasks`. At most `max_batch_size`
        prompts are completed together. `importance_cap` bounds the weights of `importance.py`; None: no
        weights. At most `max_replaced` groups of a batch are replaced for want of variance. `pool` chooses
        tasks; None: in plain passes. `record_outcomes` keeps what a pool by difficulty needs after a resume.
        The other arguments are those of TRL.
        """
        self._importance_cap = importance_cap
        self._max_replaced = max_replaced
        self._pool = pool or TaskPool(num_tasks, args.seed)
        self._record_outcomes = record_outcomes
        self._collector = collector
        self._max_batch_size = max_batch_size
        self._num_update_tokens = 0  # tokens of the rows that were learnt from since the last log
        super().__init__(
            model=model,
            reward_funcs=[_unused_reward],
            args=args,
            # These rows only give a batch its size: `_draw_tasks` chooses its tasks by its number.
            train_dataset=Dataset.from_dict({"prompt": [""] * args.generation_batch_size}),
            processing_class=tokenizer,
            callbacks=list(callbacks),
            peft_config=peft_config,
        )
        base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        self._shares_prefixes = not args.gradient_checkpointing and find_obstacle(base) is None

    def generate(self, prompts: list[list[int]]) -> list[Completion]:
        """Return a completion for each prompt, as token ids, by the policy with its current weights."""
        other_backend = self.use_vllm or self.use_transformers_continuous_batching
        # The sampler runs whole models: weights in parts of FSDP or DeepSpeed are gathered by TRL.
        if not (other_backend or self.is_fsdp_enabled or self.is_deepspeed_enabled):
            return self._sample(prompts)
        completions: list[Completion] = []
        for first in range(0, len(prompts), self._max_batch_size):
            batch = prompts[first : first + self._max_batch_size]
            tokens, logps = self._generate_single_turn(batch, None, {}, 1)
            completions += map(Completion, tokens, logps or [None] * len(tokens))
        return completions

    def _sample(self, prompts: list[list[int]]) -> list[Completion]:
        """Sample with the precision of the loss; torch's generator gives the seed."""
        seed = int(torch.randint(2**63 - 1, ()))
        with (
            unwrap_model_for_generation(
                self.model_wrapped,
                self.accelerator,
                gather_deepspeed3_params=self.args.ds3_gather_for_generation,
                gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
            ) as model,
            self._dist.summon_full_params(self.model_wrapped, recurse=False),
            self.accelerator.autocast(),
        ):
            sampler = Sampler(
                model, self.eos_token_ids, self.max_completion_length, self.temperature, self._max_batch_size
            )
            return sampler.sample(prompts, seed)

    def seed_generation(self, number: int) -> None:
        """Seed sampling by seed, update and process alone, so that it is the same after a resume."""
        seed = self.args.seed + _SEED_STRIDE * (number + 1) + self.accelerator.process_index
        torch.manual_seed(seed)

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, torch.Tensor]:
        """Return the rows of the next part of a batch; after the last part, collect a new batch.

        As in TRL, it is drawn at random which update of a batch learns from which row.
        """
        parts = self.args.steps_per_generation
        if self._buffered_inputs is None or self._step % (parts * self.num_iterations) == 0:
            batch = self._generate_and_score_completions(generation_batch)
            order = arrange_rows(len(batch["prompt_ids"]), parts // self.args.gradient_accumulation_steps)
            arranged = {name: value[order] if value.dim() else value for name, value in batch.items()}
            self._buffered_inputs = split_tensor_dict(arranged, parts)
        return dict(self._buffered_inputs[self._step % parts])

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Run the episodes of a batch's tasks; return the tensors of its rows, as TRL's loss takes them."""
        self.seed_generation(self.state.global_step)
        start = perf_counter()
        rollouts = self._collect_episodes(len(inputs))
        seconds = perf_counter() - start
        rows = rollouts.transitions
        own_process = self.accelerator.process_index
        all_rows = gather_object([(own_process, row.reward, row.group_id) for row in rows])
        processes, all_rewards, groups = (list(column) for column in zip(*all_rows, strict=True))
        size = self._padded_size(processes)
        batch = self._build_tensors(rows, self._compute_part_advantages(rows), size)
        batch["row_scale"] = self._row_scale(size, len(all_rows))
        if self.args.gradient_accumulation_steps % self.args.steps_per_generation:
            batch["old_per_token_logps"] = self._compute_logps(self.model, batch)
        self._correct_sampling(batch, rows)
        if self.beta:
            batch["ref_per_token_logps"] = self._compute_ref_logps(batch)
        tokens = sum(len(row.completion) for row in rows) + rollouts.dropped_tokens
        self.record_metrics(
            {
                **rollouts.metrics,
                "rows": len(all_rows),
                "reward": mean(reward for reward in all_rewards if not np.isnan(reward)),
                "frac_reward_zero_std": zero_variance_fraction(all_rewards, groups),
                "rollout_seconds": seconds,
                "generated_tokens_per_second": tokens
                / (seconds - rollouts.metrics.get("environment_seconds", 0.0)),
            }
        )
        return batch

    def _compute_part_advantages(self, rows: Sequence[Transition]) -> list[float]:
        """Return the advantages of the parts of this process's rows, compared over all processes."""
        own_process = self.accelerator.process_index
        own_parts = [
            (own_process, part.reward, row.group_id, position)
            for row in rows
            for position, part in enumerate(row.list_parts())
        ]
        processes, rewards, groups, positions = zip(*gather_object(own_parts), strict=True)
        advantages = compute_advantages(rewards, groups, positions, self.args.scale_rewards)
        return [
            float(value)
            for process, value in zip(processes, advantages, strict=True)
            if process == own_process
        ]

    def _collect_episodes(self, num_episodes: int) -> RolloutBatch:
        """Run this process's episodes of a batch; replace groups without variance where that is asked for."""
        if not self._max_replaced and not self._pool.by_difficulty:
            return self._collector.collect(self._draw_tasks(num_episodes), self.generate)

        def collect(tasks: Sequence[int]) -> RolloutBatch:
            return self._collector.collect(tasks, self.generate)

        batch = collect_varied(self._draw_batch(num_episodes), collect, gather_object)
        outcomes = TaskOutcomes(self.state.global_step + 1, batch.varied, batch.alike)
        self._pool.add(outcomes)
        if self._pool.by_difficulty and self.accelerator.is_main_process:
            self._record_outcomes(outcomes)
        return batch.rollouts

    def _draw_tasks(self, num_episodes: int) -> list[int]:
        """Return the task of each episode of this process's part of a batch."""
        return self._draw_batch(num_episodes).own_tasks

    def _draw_batch(self, num_episodes: int) -> BatchTasks:
        """Return the tasks of a batch, of which this process runs `num_episodes` episodes.

        They depend on seed, batch and recorded outcomes alone, so a resumed run draws the same tasks as an
        unbroken one; TRL's own sampler would begin anew.
        """
        updates_per_batch = self.args.steps_per_generation // self.args.gradient_accumulation_steps
        number = self.state.global_step // updates_per_batch
        groups = self._pool.draw(number, self.args.generation_batch_size // self.num_generations)
        first = self.accelerator.process_index * num_episodes
        own_groups = [episode // self.num_generations for episode in range(first, first + num_episodes)]
        fresh = (
            self._pool.list_replacements(number, groups)[: self._max_replaced] if self._max_replaced else []
        )
        return BatchTasks(groups, own_groups, fresh)

    def _padded_size(self, processes: Sequence[int]) -> int:
        """Return the number of rows that every process is padded to.

        It is the largest number of any process, rounded up to equal parts of a batch. `processes` holds the
        process of each row.
        """
        fullest = max(np.bincount(processes, minlength=self.accelerator.num_processes))
        parts = self.args.steps_per_generation
        return int(-(-fullest // parts) * parts)

    def _row_scale(self, size: int, num_rows: int) -> torch.Tensor:
        """Return the factor that takes fillers out of the loss, where it is a mean over rows.

        Each process has `size` rows, fillers included; all processes have `num_rows` without them. `dapo`
        counts tokens, of which fillers have none.
        """
        padded = size * self.accelerator.num_processes
        scale = 1.0 if self.args.loss_type == "dapo" else padded / num_rows
        return torch.tensor(scale, device=self.accelerator.device)

    def _build_tensors(
        self, transitions: Sequence[Transition], part_advantages: Sequence[float], size: int
    ) -> dict[str, torch.Tensor]:
        """Build tensors of `size` rows, fillers last; prompts are padded on the left, completions right.

        `part_advantages` are those of all parts of the rows; a token has the advantage of its part.
        """
        num_fillers = size - len(transitions)
        prompts = [row.prompt for row in transitions] + [transitions[0].prompt] * num_fillers
        completions = [row.completion for row in transitions] + [transitions[0].completion[:1]] * num_fillers
        prompt_ids, prompt_mask = self._pad_sequences(prompts, left=True)
        completion_ids, completion_mask = self._pad_sequences(completions, left=False)
        if num_fillers:
            completion_mask[-num_fillers:] = 0
        device = self.accelerator.device
        return {
            "prompt_ids": prompt_ids,
            "prompt_mask": prompt_mask,
            "completion_ids": completion_ids,
            "completion_mask": completion_mask,
            "advantages": spread_advantages(transitions, part_advantages, completion_ids.shape).to(device),
            "num_items_in_batch": self.accelerator.gather(completion_mask.sum()).sum(),
        }

    def _pad_sequences(
        self, sequences: Sequence[Sequence[int]], left: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (ids, mask), int64 of shape (sequences, longest sequence)."""
        longest = max(map(len, sequences))
        ids = torch.full((len(sequences), longest), int(self._tokenizer.pad_token_id))
        mask = torch.zeros_like(ids)
        for index, sequence in enumerate(sequences):
            span = slice(longest - len(sequence), longest) if left else slice(0, len(sequence))
            ids[index, span] = torch.tensor(list(sequence))
            mask[index, span] = 1
        return ids.to(self.accelerator.device), mask.to(self.accelerator.device)

    def _correct_sampling(self, batch: dict[str, torch.Tensor], rows: Sequence[Transition]) -> None:
        """Weigh the advantages of tokens by how likely the trainer makes them, relative to the sampler."""
        cap = self._importance_cap
        if cap is None and ("old_per_token_logps" not in batch or all(row.logps is None for row in rows)):
            return
        if cap is not None and any(row.logps is None for row in rows):
            raise MemcurateError(
                f"training: importance_cap is {cap}, but generation_backend gives no log probabilities of "
                "samples. Set importance_cap to null, or take another backend."
            )
        sampler = pad_sampler_logps(rows, batch["completion_ids"].shape).to(self.accelerator.device)
        trainer = batch.get("old_per_token_logps")
        differences = (self._compute_logps(self.model, batch) if trainer is None else trainer) - sampler
        ratios = importance_ratios(differences, cap)
        sums = self.accelerator.reduce(sum_sampling_metrics(differences, ratios, cap), reduction="sum")
        tokens, difference, ratio, capped = sums.tolist()
        metrics = {"logp_difference": difference, "importance_ratio": ratio, "capped_fraction": capped}
        self.record_metrics({f"sampling/{name}": value / max(tokens, 1) for name, value in metrics.items()})
        if cap is not None:
            advantages = batch["advantages"]
            batch["advantages"] = ratios * (advantages if advantages.dim() == 2 else advantages[:, None])

    def _compute_ref_logps(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the log probabilities of the completions by the policy that training began with."""
        if self.ref_model is not None:
            return self._compute_logps(self.ref_model, batch)
        with self.accelerator.unwrap_model(self.model).disable_adapter():
            return self._compute_logps(self.model, batch)

    def _compute_logps(self, model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the log probabilities of the completions by a model, before any update on them."""
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
        """Return (log probabilities, entropies, None) of the last `logits_to_keep` tokens.

        It replaces TRL's method of this name, and computes nothing for the prompts.
        """
        parts = []
        size = batch_size or len(input_ids)
        for first in range(0, len(input_ids), size):
            ids, mask = input_ids[first : first + size], attention_mask[first : first + size]
            with self.accelerator.autocast():
                logps, entropies = compute_token_logps(
                    model, ids, mask, logits_to_keep, self.temperature, self._shares_prefixes
                )
            parts.append((logps, entropies))
        logps, entropies = (torch.cat(column) for column in zip(*parts, strict=True))
        return logps, entropies, None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return TRL's loss of a part of a batch, scaled as if it had no fillers."""
        self._num_update_tokens += int(inputs["prompt_mask"].sum() + inputs["completion_mask"].sum())
        loss = super().compute_loss(model, trim_padding(inputs), return_outputs, num_items_in_batch)
        scaled: torch.Tensor = loss * inputs["row_scale"]
        return scaled

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log an update as TRL does, and add how its time is divided."""
        whole, rollout, environment, credit = (
            sum(self._metrics["train"].get(name, []))
            for name in ("step_time", "rollout_seconds", "environment_seconds", "credit_seconds")
        )
        if whole:
            self.record_metrics(
                {
                    "update_tokens_per_second": self._num_update_tokens / (whole - rollout),
                    "generation_fraction": (rollout - environment) / whole,
                    "environment_fraction": environment / whole,
                    "credit_fraction": credit / whole,
                    "update_fraction": 1 - rollout / whole,
                }
            )
            self._num_update_tokens = 0
        super().log(logs, start_time)

    def record_metrics(self, metrics: dict[str, float]) -> None:
        """Add metrics to the log of this update."""
        for name, value in metrics.items():
            self._metrics["train"][name].append(float(value))
