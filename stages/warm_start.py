"""warm_start: the base model learns from the scripted writer's steps to write valid calls at all."""

from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from pipeline.folders import whole_folder
from pipeline.params import Params
from pipeline.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.running import ASSETS, BASE_MODEL, DATASET, WARM_START, run
from training.chats.local import LocalChat
from training.chats.template import Template
from training.classroom import Classroom, classroom
from training.entropy import mean_entropy
from training.generation import Generator
from training.params import agent_params
from training.policies.scripted import ScriptedWriter
from training.schema import InstanceToPlay
from training.warm_start import teacher_rows, warm_start

_ENTROPY_ROWS = 8


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write models/warm_start, and measure what it samples on held-out train instances."""
    instances = read_rows(DATASET / "train.parquet", InstanceToPlay)
    tokenizer = Tokenizer(params.tokenizer, ASSETS)
    agent = agent_params(params)
    room = classroom(agent, instances, BASE_MODEL, tokenizer, params.seed)
    how, memory, seed = room.profile.warm_start, room.profile.memory, agent.training.seed
    policy, count = room.policy(lambda prompts: []), room.evaluator.count
    steps = teacher_rows(room.train, ScriptedWriter(ASSETS), policy, memory.core_tokens, count, how, seed)
    rows = list(islice(steps, how.rows))
    model = AutoModelForCausalLM.from_pretrained(BASE_MODEL, dtype=torch.float32)
    with TemporaryDirectory() as scratch:
        losses = warm_start(model, Template(room.tokenizer), rows, how, room.profile.bfloat16, seed, scratch)
    with whole_folder(WARM_START) as folder:
        model.save_pretrained(folder)
        room.tokenizer.save_pretrained(folder)
    return {
        "rows": len(rows),
        "updates": len(losses),
        "loss": {"first": round(losses[0], 4), "last": round(losses[-1], 4)},
        "held_out": _sampled(room, seed),
    }


def _sampled(room: Classroom, seed: int) -> dict[str, float]:
    """Rewards, calls and entropy of the held-out instances' episodes, one of each."""
    # Read again: as the trainer leaves it in memory the model samples badly.
    model = LocalChat(str(WARM_START)).model
    step = room.profile.step
    generator = Generator(model, room.tokenizer, step.reply_tokens, step.temperature, room.profile.at_once)
    torch.manual_seed(seed)
    rolled = room.rollouts(room.held_out).play(range(len(room.held_out)), generator.completed)
    taken = [(row.prompt, row.completion) for row in rolled.rows[:_ENTROPY_ROWS]]
    figures = {**rolled.figures, "entropy": mean_entropy(model, taken, step.temperature)}
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    run(stage, "warm_start")
