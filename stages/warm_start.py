"""warm_start: supervised fine-tuning of the base model on the scripted policy's steps, in models/warm_start.

After it the model writes valid tool calls, which GRPO needs to start from.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import Params
from pipeline.core.statistics import STATISTICS_FILE
from pipeline.core.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.shared.paths import ASSETS_DIR, BASE_MODEL_DIR, DATASET_DIR, WARM_START_DIR
from stages.shared.runner import run_stage
from stages.shared.teacher_rows import make_teacher_rows
from training.memory.schema import EpisodeInput
from training.policies.chats.local import LocalChatModel
from training.policies.chats.template import ChatTemplate
from training.rl.entropy import mean_entropy
from training.rl.hardware import uses_bf16
from training.rl.setup import TrainingSetup, build_training_setup
from training.rl.sft import run_sft

_ENTROPY_ROWS = 8


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write models/warm_start, with the figures of its episodes on the validation instances."""
    instances = read_rows(DATASET_DIR / "train.parquet", EpisodeInput)
    tokenizer = Tokenizer(params.tokenizer, ASSETS_DIR)
    setup = build_training_setup(params, instances, BASE_MODEL_DIR, tokenizer, params.seed)
    warm_start, seed = setup.profile.warm_start, params.training.seed
    rows = make_teacher_rows(setup, seed)
    model = AutoModelForCausalLM.from_pretrained(BASE_MODEL_DIR, dtype=torch.float32)
    template = ChatTemplate(setup.tokenizer)
    with TemporaryDirectory() as scratch:
        losses = run_sft(model, template, rows, warm_start, uses_bf16(setup.profile), seed, scratch)
    with atomic_folder(WARM_START_DIR) as folder:
        model.save_pretrained(folder)
        setup.tokenizer.save_pretrained(folder)
        validation = _evaluate_validation(setup, folder, seed)
        statistics = {
            "rows": len(rows),
            "updates": len(losses),
            "loss": {"first": round(losses[0], 4), "last": round(losses[-1], 4)},
            "validation": validation,
        }
        write_json(folder / STATISTICS_FILE, statistics)
    score, reward = validation["rewards/correctness"], validation["rewards/total"]
    return {"score": round(score, 3), "reward": round(reward, 3)}


def _evaluate_validation(setup: TrainingSetup, model_dir: Path, seed: int) -> dict[str, float]:
    """Return rewards, tool calls and entropy of one episode of each validation instance."""
    # Loaded again: the model that the trainer leaves in memory samples badly.
    chat = LocalChatModel(str(model_dir), setup.profile.generation_batch_size, uses_bf16(setup.profile))
    generation = setup.profile.generation
    torch.manual_seed(seed)
    batch = setup.build_collector(setup.validation_instances).collect(
        range(len(setup.validation_instances)),
        lambda prompts: chat.sample(
            prompts,
            int(torch.randint(2**63 - 1, ())),
            generation.max_completion_tokens,
            generation.temperature,
        ),
    )
    samples = [(row.prompt, row.completion) for row in batch.transitions[:_ENTROPY_ROWS]]
    figures = {**batch.metrics, "entropy": mean_entropy(chat.model, samples, generation.temperature)}
    for name in ("environment_seconds", "credit_seconds"):  # durations differ between equal warm starts
        del figures[name]
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    run_stage(stage, "warm_start")
