"""Run by `accelerate launch`: prints the rows of one batch with their advantages, a line for each process."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import AutoModelForCausalLM

from tests.training.grpo_tiny import model_folder, profile, tokenizer
from training.grpo.learning import _config
from training.grpo.rollouts import Generate, Rolled, Row
from training.grpo.trainer import MemoryTrainer


class Counted:
    """Tasks whose episodes earn what their place in the batch says; task t has t % 3 + 1 steps."""

    def __init__(self) -> None:
        self.seen: list[Row] = []
        self.first = 0

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        for place, task in enumerate(tasks):
            for step in range(task % 3 + 1):
                reward = ((self.first + place) * 7 + step * 3) % 5 / 5
                self.seen.append(Row([4, 5 + task, 9 + step], [2, 1], reward, f"task {task}"))
        return Rolled(self.seen, {})


with TemporaryDirectory() as folder:
    made = profile(instances=2, group=4, parts=2, batches=1)
    model = AutoModelForCausalLM.from_pretrained(model_folder(Path(folder) / "model"))
    counted = Counted()
    trainer = MemoryTrainer(model, tokenizer(), counted, 6, _config(made, 1, Path(folder)), at_once=64)
    process, processes = trainer.accelerator.process_index, trainer.accelerator.num_processes
    share = 8 // processes  # of two instances' four episodes each
    counted.first = process * share
    # The instances have different numbers of steps; a process that holds the shorter one alone is filled up.
    batch = trainer._generate_and_score_completions([{}] * share)
    found = batch["advantages"].tolist()[: len(counted.seen)]
    rows = [
        [f"{row.group} {row.prompt} {row.reward}", advantage]
        for row, advantage in zip(counted.seen, found, strict=True)
    ]
    sys.stdout.write(f"ROWS {json.dumps(rows)}\n")
