"""Write the loss and gradients of one batch, a file for each process: `loss_processes.py FOLDER MODEL`.

torchrun starts it. The first process has all rows but one, so that the others are filled up.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from tests.training.rl.factories import make_profile, make_tokenizer
from tests.training.rl.loss_reference import ROWS, accumulate, copy_gradients, perturb
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import GenerateFn, RolloutBatch
from training.rl.train import build_grpo_config


class SplitCollector:
    """A collector that gives the last row to the last process, and the others to the first."""

    def __init__(self) -> None:
        self.process, self.processes = 0, 1

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        if self.processes == 1:
            return RolloutBatch(list(ROWS), {})
        return RolloutBatch(ROWS[:-1] if self.process == 0 else ROWS[-1:], {})


folder = Path(sys.argv[1])
for loss in ("grpo", "dapo", "dr_grpo"):
    profile = make_profile(
        loss=loss,
        clip_epsilon=0.1,
        clip_epsilon_high=0.3,
        steps_per_generation=2,
        optimizer_steps_per_batch=2,
    )
    collector = SplitCollector()
    model = AutoModelForCausalLM.from_pretrained(sys.argv[2])
    config = build_grpo_config(profile, 1, folder)
    trainer = MemoryTrainer(model, make_tokenizer(), collector, 6, config, max_batch_size=64)
    collector.process = trainer.accelerator.process_index
    collector.processes = trainer.accelerator.num_processes
    batch = trainer._generate_and_score_completions([{}] * (8 // collector.processes))
    perturb(trainer.model)
    value = accumulate(trainer, batch)
    torch.save((value, copy_gradients(trainer.model)), folder / f"{loss}-{collector.process}.pt")
trainer.accelerator.end_training()
