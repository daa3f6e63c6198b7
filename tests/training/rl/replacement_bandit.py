"""A bandit of which some tasks teach nothing, and the runs of it that tests compare.

torchrun starts it too: then each process prints the tasks and the metrics of one batch.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from transformers import AutoModelForCausalLM

from tests.training.rl.factories import LEFT, WORDS, make_profile, make_tokenizer
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.rollouts import GenerateFn, RolloutBatch, Transition
from training.rl.task_pool import TaskOutcomes, TaskPool
from training.rl.train import build_grpo_config

NUM_TASKS = 12
SOLVED, FAILED = {0, 3, 7}, {5, 8}  # tasks whose episodes all earn 1, or all 0


class PartlySolvedBandit:
    """A two-armed bandit in which the tasks SOLVED and FAILED pay the same for every completion."""

    def __init__(self, fails_at: int | None = None) -> None:
        """Fail in a round of episodes of this number, as a killed run does."""
        self.rounds: list[list[int]] = []
        self._fails_at = fails_at

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        self.rounds.append(list(tasks))
        if len(self.rounds) == self._fails_at:
            raise InterruptedError
        rows = []
        for task in tasks:
            prompts = [[WORDS.index("go"), 5 + task, 18 + step] for step in range(task % 3 + 1)]
            for prompt, completion in zip(prompts, generate(prompts), strict=True):
                reward = self._pay(task, completion.tokens)
                rows.append(Transition(prompt, completion.tokens, reward, f"task {task}", task=task))
        return RolloutBatch(rows, {"environment_seconds": 0.0})

    def _pay(self, task: int, completion: list[int]) -> float:
        if task in SOLVED | FAILED:
            return float(task in SOLVED)
        return float(completion[0] == LEFT)


class CountedBandit(PartlySolvedBandit):
    """The bandit without chance: the episodes of other tasks earn 0 and 1 in turn."""

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        self.rounds.append(list(tasks))
        rows = []
        for index, task in enumerate(tasks):
            reward = float(task in SOLVED) if task in SOLVED | FAILED else float(index % 2)
            rows += [
                Transition([4, 5 + task, 18 + step], [2, 1], reward, f"task {task}", task=task)
                for step in range(task % 3 + 1)
            ]
        return RolloutBatch(rows, {})


def report_batches(folder: Path, model: Path) -> None:
    """Print, for three batches, the outcomes, the number of this process's rows, and the advantages' sum."""
    profile = make_profile(instances_per_batch=5, num_generations=4, steps_per_generation=2, num_batches=3)
    pool, outcomes = TaskPool(NUM_TASKS, 1, by_difficulty=True), list[TaskOutcomes]()
    trainer = MemoryTrainer(
        AutoModelForCausalLM.from_pretrained(model),
        make_tokenizer(),
        CountedBandit(),
        NUM_TASKS,
        build_grpo_config(profile, 1, folder),
        max_batch_size=64,
        max_replaced=3,
        pool=pool,
        record_outcomes=outcomes.append,
    )
    processes = trainer.accelerator.num_processes
    add = pool.add

    def keep(one: TaskOutcomes) -> None:
        outcomes.append(one)
        add(one)

    pool.add, trainer._record_outcomes = keep, lambda one: None  # type: ignore[method-assign]
    for step in range(3):
        trainer.state.global_step = step
        batch = trainer._generate_and_score_completions([{}] * (20 // processes))
        last = outcomes[-1]
        metrics = {
            name: trainer._metrics["train"][name][-1] for name in ("replaced_groups", "zero_std_groups")
        }
        squares = float((batch["advantages"] ** 2).sum())
        sys.stdout.write(f"BATCH {json.dumps([last.varied, last.alike, metrics, squares])}\n")
    trainer.accelerator.end_training()


if __name__ == "__main__":
    report_batches(Path(sys.argv[1]), Path(sys.argv[2]))
