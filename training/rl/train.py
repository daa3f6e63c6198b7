"""Run a training in its folder: from the warm-started policy to the best weights by validation.

A resumed run needs nothing outside the folder: it holds weights, optimiser and schedule of the last
checkpoint, the log and the tasks up to it, and the best weights so far. Sampling is seeded by the
update, so an interrupted run ends like an unbroken one.
"""

import logging
import math
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, cast

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from peft import LoraConfig, PeftModel
from transformers import (
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainerControl,
    TrainerState,
)
from trl import GRPOConfig

from pipeline.core.errors import MemcurateError
from pipeline.core.params import TrainingProfile
from training.rl.curves import LiveCurves, describe_line
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.hardware import uses_bf16
from training.rl.rollouts import GenerateFn, RolloutCollector
from training.rl.run_dir import RunDir
from training.rl.task_pool import TaskPool

# Returns the metrics of the validation instances at an update; the highest `total` is the best.
ValidateFn = Callable[[GenerateFn, int], dict[str, float]]

_logger = logging.getLogger(__name__)

_DUAL_CLIP = 3.0  # paper's code
_GRADIENT_CLIP = 1.0  # paper
_MAX_MINUTES_VARIABLE = "MEMCURATE_MAX_MINUTES"


def train(
    start_model: Path,
    tokenizer: PreTrainedTokenizerBase,
    rollouts: RolloutCollector,
    num_tasks: int,
    validate: ValidateFn,
    profile: TrainingProfile,
    seed: int,
    run_dir: RunDir,
) -> None:
    """Train the model in the folder `start_model` on tasks 0 to `num_tasks` - 1, for all batches.

    Afterwards `run_dir.best_dir` holds the best weights, and `run_dir.read_log()` the metrics. Raises
    MemcurateError where MEMCURATE_MAX_MINUTES stops it earlier; the next call resumes.
    """
    with PartialState().main_process_first():
        checkpoint = run_dir.find_last_checkpoint()
        run_dir.truncate_log(int(checkpoint.name.split("-")[1]) if checkpoint else -1)
    model = AutoModelForCausalLM.from_pretrained(start_model, dtype=torch.float32)
    if profile.trained_layers is not None:
        freeze_below(model, profile.trained_layers)
    # The log ends at the checkpoint, so the curves of a resumed run have no gap.
    main = PartialState().is_main_process
    curves = LiveCurves(run_dir.live_dir, run_dir.read_log()) if main else None
    recorder = _RunCallback(run_dir, curves, profile, validate)
    trainer = MemoryTrainer(
        model=model,
        tokenizer=tokenizer,
        collector=rollouts,
        num_tasks=num_tasks,
        args=build_grpo_config(profile, seed, run_dir.checkpoints_dir),
        max_batch_size=profile.generation_batch_size,
        callbacks=[recorder],
        peft_config=build_lora_config(profile),
        importance_cap=profile.importance_cap,
        max_replaced=math.ceil(profile.max_replaced_fraction * profile.instances_per_batch),
        pool=TaskPool(num_tasks, seed, profile.task_pool == "difficulty", run_dir.read_outcomes()),
        record_outcomes=run_dir.record_outcomes,
    )
    recorder.trainer = trainer
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < trainer.args.max_steps:
        raise MemcurateError(
            f"stopped after update {trainer.state.global_step} of {trainer.args.max_steps}: the minutes of "
            f"{_MAX_MINUTES_VARIABLE} are over. Run the stage again to resume from there."
        )


def freeze_below(model: PreTrainedModel, num_layers: int) -> None:
    """Leave only the last `num_layers` layers of a model to be changed: not its embeddings either.

    Raises MemcurateError where the model has fewer layers.
    """
    layers = cast(Any, model).get_decoder().layers
    if num_layers > len(layers):
        raise MemcurateError(
            f"training: trained_layers is {num_layers}, but the model has {len(layers)} layers. Lower "
            "the key, or set it to null to train the whole model."
        )
    model.requires_grad_(False)
    for layer in layers[-num_layers:]:
        layer.requires_grad_(True)


def export_best_model(
    run_dir: RunDir, start_model: Path, tokenizer: PreTrainedTokenizerBase, target: Path
) -> None:
    """Write the best weights as a plain model folder; LoRA weights are merged into those of `start_model`."""
    if (run_dir.best_dir / "adapter_config.json").exists():
        base = AutoModelForCausalLM.from_pretrained(start_model, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, run_dir.best_dir).merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(run_dir.best_dir, dtype=torch.float32)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def build_grpo_config(profile: TrainingProfile, seed: int, folder: Path) -> GRPOConfig:
    """Build the trainer's settings of a profile, with checkpoints in `folder`.

    Raises MemcurateError where the episodes of a batch do not divide over parts and processes.
    """
    episodes = profile.instances_per_batch * profile.num_generations
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if episodes % (profile.steps_per_generation * processes):
        raise MemcurateError(
            f"training: instances_per_batch × num_generations is {episodes}, which does not divide by "
            f"steps_per_generation × processes, {profile.steps_per_generation} × {processes}. Change one of "
            "these keys of the profile, or the number of processes."
        )
    return GRPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=episodes // profile.steps_per_generation // processes,
        steps_per_generation=profile.steps_per_generation,
        gradient_accumulation_steps=profile.steps_per_generation // profile.optimizer_steps_per_batch,
        num_generations=profile.num_generations,
        max_steps=profile.num_batches * profile.optimizer_steps_per_batch,
        max_completion_length=profile.generation.max_completion_tokens,
        temperature=profile.generation.temperature,
        learning_rate=profile.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=profile.warmup_steps,
        max_grad_norm=_GRADIENT_CLIP,
        epsilon=profile.clip_epsilon,
        epsilon_high=profile.clip_epsilon_high or profile.clip_epsilon,
        delta=_DUAL_CLIP,
        beta=profile.kl_coef,
        loss_type=profile.loss,
        scale_rewards=profile.advantage_scale,
        disable_dropout=True,
        use_vllm=profile.generation_backend == "vllm",
        vllm_importance_sampling_correction=False,
        use_transformers_continuous_batching=profile.generation_backend == "continuous",
        gradient_checkpointing=profile.gpus > 0,
        save_strategy="steps",
        save_steps=profile.eval_every * profile.optimizer_steps_per_batch,
        logging_steps=1,
        report_to="none",
        disable_tqdm=None,
        seed=seed,
        bf16=uses_bf16(profile),
        use_cpu=not torch.cuda.is_available(),
    )


def build_lora_config(profile: TrainingProfile) -> LoraConfig | None:
    """Build the adapter of a profile; None where it trains the model's own weights."""
    if profile.lora is None:
        return None
    return LoraConfig(
        r=profile.lora.rank, lora_alpha=profile.lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )


class _RunCallback(TrainerCallback):
    """A callback that logs, validates, keeps the best weights, completes checkpoints, and stops in time."""

    def __init__(
        self, run_dir: RunDir, curves: LiveCurves | None, profile: TrainingProfile, validate: ValidateFn
    ) -> None:
        """Take the minutes from the environment; `curves` is None in all processes but the main one."""
        self.trainer: MemoryTrainer | None = None
        self._run_dir = run_dir
        self._curves = curves
        self._eval_every = profile.eval_every * profile.optimizer_steps_per_batch
        self._validate = validate
        minutes = os.environ.get(_MAX_MINUTES_VARIABLE)
        self._deadline = monotonic() + 60 * float(minutes) if minutes else None

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step == 0:
            self._run_validation(0)

    def on_log(
        self,
        args: Any,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        metrics = {name: value for name, value in (logs or {}).items() if isinstance(value, int | float)}
        if state.is_world_process_zero and "loss" in metrics:
            self._log_metrics(state.global_step, metrics)

    def on_pre_optimizer_step(
        self,
        args: Any,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        """Skip an update whose gradient is not finite: it would turn all weights into NaN."""
        assert model is not None and self.trainer is not None
        gradients = [one.grad for one in model.parameters() if one.grad is not None]
        is_finite = all(bool(gradient.isfinite().all()) for gradient in gradients)
        if not is_finite:
            model.zero_grad()
        self.trainer.record_metrics({"skipped_updates": float(not is_finite)})

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        last = state.global_step >= state.max_steps
        if last or (
            self._deadline is not None
            and monotonic() > self._deadline
            and state.global_step % self._eval_every == 0
        ):
            control.should_save = True
            control.should_training_stop = True

    def on_save(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._run_validation(state.global_step)
        if state.is_world_process_zero:
            self._run_dir.mark_complete(state.global_step)

    def _run_validation(self, update: int) -> None:
        """Log the validation of the current policy; keep its weights if no earlier total is as high."""
        trainer = self.trainer
        assert trainer is not None
        main = trainer.accelerator.is_main_process
        trainer.seed_generation(-2 - update)
        metrics = self._validate(trainer.generate, update)
        earlier = [
            line["validation/total"] for line in self._run_dir.read_log() if "validation/total" in line
        ]
        # Each process sampled for itself: the first one decides for all, since saving needs all of them.
        (is_best,) = broadcast_object_list([not earlier or metrics["total"] > max(earlier)])
        if is_best:
            partial = self._run_dir.best_dir.with_suffix(".partial")
            trainer.save_model(str(partial))
            if main:
                self._run_dir.save_best(partial)
        if main:
            self._log_metrics(update, {f"validation/{name}": value for name, value in metrics.items()})
        trainer.accelerator.wait_for_everyone()

    def _log_metrics(self, update: int, metrics: dict[str, float]) -> None:
        """Add a line to the log, its metrics to the curves, and tell the main ones."""
        assert self._curves is not None and self.trainer is not None
        self._run_dir.log_metrics(update, metrics)
        line = {"update": update, **metrics}
        self._curves.log(line)
        _logger.info(describe_line(line, self.trainer.args.max_steps))
