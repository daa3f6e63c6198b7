"""Print the rows of one batch with their advantages, a line for each process; torchrun starts it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import AutoModelForCausalLM

from tests.training.rl.factories import make_profile, make_tokenizer, write_model
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import GenerateFn, RolloutBatch, Transition
from training.rl.train import build_grpo_config


class CountingCollector:
    """A collector whose rewards depend on the index in the batch alone; task t has t % 3 + 1 steps."""

    def __init__(self) -> None:
        self.rows: list[Transition] = []
        self.first = 0

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        for index, task in enumerate(tasks):
            for step in range(task % 3 + 1):
                reward = ((self.first + index) * 7 + step * 3) % 5 / 5
                self.rows.append(Transition([4, 5 + task, 9 + step], [2, 1], reward, f"task {task}"))
        return RolloutBatch(self.rows, {})


with TemporaryDirectory() as folder:
    profile = make_profile(instances_per_batch=2, num_generations=4, steps_per_generation=2, num_batches=1)
    model = AutoModelForCausalLM.from_pretrained(write_model(Path(folder) / "model"))
    collector = CountingCollector()
    trainer = MemoryTrainer(
        model, make_tokenizer(), collector, 6, build_grpo_config(profile, 1, Path(folder)), max_batch_size=64
    )
    process, processes = trainer.accelerator.process_index, trainer.accelerator.num_processes
    num_episodes = 8 // processes  # of two instances' four episodes each
    collector.first = process * num_episodes
    # The tasks have different numbers of steps, so a process with the shorter one alone gets fillers.
    batch = trainer._generate_and_score_completions([{}] * num_episodes)
    advantages = batch["advantages"][:, 0].tolist()[: len(collector.rows)]
    rows = [
        [f"{row.group_id} {row.prompt} {row.reward}", advantage]
        for row, advantage in zip(collector.rows, advantages, strict=True)
    ]
    sys.stdout.write(f"ROWS {json.dumps(rows)}\n")
