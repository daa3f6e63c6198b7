"""Measure a short part of a training profile on this machine, and tell what all of it will need.

Two rows of the warm start are measured, and one batch of first chunks: its completions, then an update.
The rest follows from the number of rows. Prompts of later chunks are longer, since the memory is in them, and
completions grow where storing more pays; so a run takes somewhat longer than its plan says.
"""

import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.trainer_utils import SaveStrategy

from pipeline.core.params import TrainingProfile
from training.environment.truncation import truncate_instance
from training.evaluation.rewards import mean
from training.memory.schema import EpisodeInput
from training.policies.chats.template import ChatTemplate
from training.rl.grpo_trainer import MemoryTrainer
from training.rl.hardware import uses_bf16
from training.rl.setup import TrainingSetup
from training.rl.sft import run_sft
from training.rl.sft_rows import SftRow
from training.rl.train import build_grpo_config, build_lora_config, freeze_below

_MEASURED_ROWS = 2  # of the warm start
_BYTES_PER_UNIT = 1024  # of ru_maxrss on Linux


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a run: its rows, the tokens of their prompts and completions, and its seconds."""

    name: str
    rows: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The needs of a profile on this machine."""

    phases: list[Phase]
    num_weights: int
    num_trained: int  # weights that GRPO changes
    peak_bytes: int  # of memory in the measurement: the GPU's where there is one, else the process's
    generated_tokens_per_second: float
    update_tokens_per_second: float


def make_plan(
    setup: TrainingSetup,
    model_dir: Path,
    teacher_rows: Sequence[SftRow],
    tests: Sequence[EpisodeInput],
    seed: int,
) -> Plan:
    """Measure a part of the profile of `setup`, with the model in the folder `model_dir`.

    `teacher_rows` are those of the warm start; `tests` are the instances that it is evaluated on. The model
    should be a warm-started one: another writes completions of another length.
    """
    profile = setup.profile
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    warm_start = _plan_warm_start(model, setup, teacher_rows, seed)
    num_weights = model.num_parameters()
    chunks = mean(len(one.chunks) for one in setup.train_instances)
    measured, num_trained = _measure_batch(model, setup, chunks, seed)
    played = round(profile.num_batches * profile.instances_per_batch * profile.num_generations * chunks)
    num_validations = 1 + -(-profile.num_batches // profile.eval_every)
    validated = num_validations * sum(len(one.chunks) for one in setup.validation_instances)
    tested = 2 * sum(len(one.chunks) for one in tests)  # by two policies

    def plan_phase(name: str, rows: int, seconds: float) -> Phase:
        prompts, completions = (round(rows * measured[f"{part}_tokens"]) for part in ("prompt", "completion"))
        return Phase(name, rows, prompts, completions, rows * seconds / measured["rows"])

    generation = measured["rollout_seconds"]
    return Plan(
        [
            warm_start,
            plan_phase("episodes", played, generation),
            plan_phase("updates", played, measured["step_time"] - generation),
            plan_phase("validation", validated, generation),
            plan_phase("evaluation", tested, generation),
        ],
        num_weights,
        num_trained,
        _peak_bytes(),
        measured["generated_tokens_per_second"],
        measured["update_tokens_per_second"],
    )


def _plan_warm_start(
    model: PreTrainedModel, setup: TrainingSetup, rows: Sequence[SftRow], seed: int
) -> Phase:
    """Train on a few rows of the warm start, and return the whole of it."""
    template, tokenizer = ChatTemplate(setup.tokenizer), setup.tokenizer
    measured = rows[:_MEASURED_ROWS]
    start = perf_counter()
    with TemporaryDirectory() as scratch:
        run_sft(model, template, measured, setup.profile.warm_start, uses_bf16(setup.profile), seed, scratch)
    seconds = (perf_counter() - start) / len(measured)
    prompts = sum(template.count_tokens(row.prompt, with_tools=True) for row in rows)
    completions = sum(len(tokenizer(row.completion)["input_ids"]) + 1 for row in rows)
    return Phase("warm start", len(rows), prompts, completions, len(rows) * seconds)


def _measure_batch(
    model: PreTrainedModel, setup: TrainingSetup, chunks: float, seed: int
) -> tuple[dict[str, float], int]:
    """Play one batch of first chunks and learn from it; an instance has `chunks` chunks on average.

    Returns the line of the trainer's log, and the number of weights that are trained.
    """
    profile = _shorten(setup.profile, chunks)
    if profile.trained_layers is not None:
        freeze_below(model, profile.trained_layers)
    cut = [truncate_instance(one, 1, None, seed, lambda _: True) for one in setup.train_instances]
    instances = [one for one in cut if one.questions] or cut
    args = build_grpo_config(profile, seed, Path())
    args.save_strategy = SaveStrategy.NO
    trainer = MemoryTrainer(
        model=model,
        tokenizer=setup.tokenizer,
        collector=setup.build_collector(instances),
        num_tasks=len(instances),
        args=args,
        max_batch_size=profile.generation_batch_size,
        peft_config=build_lora_config(profile),
    )
    trainer.train()
    line = next(dict(line) for line in trainer.state.log_history if "step_time" in line)
    return line, sum(one.numel() for one in trainer.model.parameters() if one.requires_grad)


def _shorten(profile: TrainingProfile, chunks: float) -> TrainingProfile:
    """Return a profile of one batch of first chunks, in parts of about as many rows as the profile has.

    `chunks` is the number of an instance's chunks that the profile plays, on average.
    """
    episodes = profile.instances_per_batch * profile.num_generations
    rows = max(1, episodes * chunks / profile.steps_per_generation)
    parts = next(
        count for count in range(1, episodes + 1) if not episodes % count and episodes / count <= rows
    )
    changes = {"num_batches": 1, "optimizer_steps_per_batch": 1, "steps_per_generation": parts}
    return profile.model_copy(update=changes)


def _peak_bytes() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_UNIT
