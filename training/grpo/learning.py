"""A training run in its folder: from the warm-started policy to the best weights by validation.

Everything that a resumed run needs is in the folder, and nothing else is looked at: weights, optimiser and
schedule of the last checkpoint, the log up to it, the best weights so far. What is sampled is seeded by the
update, so an interrupted run ends like an unbroken one.
"""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from peft import LoraConfig, PeftModel
from transformers import (
    AutoModelForCausalLM,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainerControl,
    TrainerState,
)
from trl import GRPOConfig

from pipeline.errors import MemcurateError
from training.grpo.rollouts import Generate, Rollouts
from training.grpo.runs import RunFolder
from training.grpo.trainer import MemoryTrainer
from training.params import Profile

# Figures of the held-out instances for the policy as it is; `total` chooses the best.
Validate = Callable[[Generate, int], dict[str, float]]

_DUAL_CLIP = 3.0  # paper's code
_GRADIENT_CLIP = 1.0  # paper
_MINUTES = "MEMCURATE_MINUTES"


def learn(
    start: Path,
    tokenizer: PreTrainedTokenizerBase,
    rollouts: Rollouts,
    tasks: int,
    validate: Validate,
    profile: Profile,
    seed: int,
    run: RunFolder,
) -> None:
    """Train the model in the folder `start`, on tasks 0 to `tasks` - 1, until all batches are played.

    `run.best` then holds the best weights, and `run.log()` the figures. Raises MemcurateError where
    MEMCURATE_MINUTES stops it before; running it again goes on.
    """
    with PartialState().main_process_first():
        checkpoint = run.last_checkpoint()
        run.forget_after(int(checkpoint.name.split("-")[1]) if checkpoint else -1)
    model = AutoModelForCausalLM.from_pretrained(start, dtype=torch.float32)
    recorder = _Recorder(run, profile, validate)
    trainer = MemoryTrainer(
        model=model,
        tokenizer=tokenizer,
        rollouts=rollouts,
        tasks=tasks,
        args=_config(profile, seed, run.checkpoints),
        at_once=profile.at_once,
        callbacks=[recorder],
        peft_config=_lora(profile),
    )
    recorder.trainer = trainer
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < trainer.args.max_steps:
        raise MemcurateError(
            f"stopped after update {trainer.state.global_step} of {trainer.args.max_steps}, as {_MINUTES} "
            "says: run the stage again to go on from there"
        )


def save_best(run: RunFolder, start: Path, tokenizer: PreTrainedTokenizerBase, target: Path) -> None:
    """Write the best weights as a plain model folder; a low-rank addition is merged into those of `start`."""
    if (run.best / "adapter_config.json").exists():
        base = AutoModelForCausalLM.from_pretrained(start, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, run.best).merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(run.best, dtype=torch.float32)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _config(profile: Profile, seed: int, folder: Path) -> GRPOConfig:
    episodes = profile.instances * profile.group
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if episodes % (profile.parts * processes):
        raise MemcurateError(
            f"training: instances × group {episodes} does not divide by parts × processes "
            f"{profile.parts} × {processes}"
        )
    return GRPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=episodes // profile.parts // processes,
        steps_per_generation=profile.parts,
        gradient_accumulation_steps=profile.parts // profile.updates,
        num_generations=profile.group,
        max_steps=profile.batches * profile.updates,
        max_completion_length=profile.step.reply_tokens,
        temperature=profile.step.temperature,
        learning_rate=profile.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=profile.warm_up,
        max_grad_norm=_GRADIENT_CLIP,
        epsilon=profile.clip,
        delta=_DUAL_CLIP,
        beta=profile.kl,
        loss_type="grpo",
        scale_rewards="none",
        disable_dropout=True,
        use_vllm=profile.generate == "vllm",
        vllm_importance_sampling_correction=False,
        use_transformers_continuous_batching=profile.generate == "continuous",
        gradient_checkpointing=profile.gpus > 0,
        save_strategy="steps",
        save_steps=profile.every * profile.updates,
        logging_steps=1,
        report_to="none",
        disable_tqdm=None,
        seed=seed,
        bf16=profile.bfloat16,
        use_cpu=not torch.cuda.is_available(),
    )


def _lora(profile: Profile) -> LoraConfig | None:
    if profile.lora is None:
        return None
    return LoraConfig(
        r=profile.lora.rank, lora_alpha=profile.lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )


class _Recorder(TrainerCallback):
    """Logs, validates, skips, keeps the best weights, marks checkpoints whole, and stops in time."""

    def __init__(self, run: RunFolder, profile: Profile, validate: Validate) -> None:
        self.trainer: MemoryTrainer | None = None
        self._run = run
        self._every = profile.every * profile.updates
        self._validate = validate
        minutes = os.environ.get(_MINUTES)
        self._end = monotonic() + 60 * float(minutes) if minutes else None

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step == 0:
            self._validated(0)

    def on_log(
        self,
        args: Any,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        figures = {name: value for name, value in (logs or {}).items() if isinstance(value, int | float)}
        if state.is_world_process_zero and "loss" in figures:
            self._run.note(state.global_step, figures)

    def on_pre_optimizer_step(
        self,
        args: Any,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        """Leave out an update whose gradient is not finite: after it no weight would be a number."""
        assert model is not None and self.trainer is not None
        gradients = [one.grad for one in model.parameters() if one.grad is not None]
        sound = all(bool(gradient.isfinite().all()) for gradient in gradients)
        if not sound:
            model.zero_grad()
        self.trainer.note({"skipped_updates": float(not sound)})

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        last = state.global_step >= state.max_steps
        if last or (
            self._end is not None and monotonic() > self._end and state.global_step % self._every == 0
        ):
            control.should_save = True
            control.should_training_stop = True

    def on_save(self, args: Any, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._validated(state.global_step)
        if state.is_world_process_zero:
            self._run.mark_whole(state.global_step)

    def _validated(self, update: int) -> None:
        """Figures of the policy as it is now into the log; its weights kept where none were better."""
        trainer = self.trainer
        assert trainer is not None
        main = trainer.accelerator.is_main_process
        trainer.seed_generation(-2 - update)
        figures = self._validate(trainer.completed, update)
        before = [line["validation/total"] for line in self._run.log() if "validation/total" in line]
        # The processes sampled for themselves: the first one's figures count, and saving takes them all.
        (better,) = broadcast_object_list([not before or figures["total"] > max(before)])
        if better:
            aside = self._run.best.with_suffix(".partial")
            trainer.save_model(str(aside))
            if main:
                self._run.keep_best(aside)
        if main:
            self._run.note(update, {f"validation/{name}": value for name, value in figures.items()})
        trainer.accelerator.wait_for_everyone()
