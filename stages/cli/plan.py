"""memcurate plan: what a training profile will need on this machine, from a short measurement."""

import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import torch
import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, load_params
from pipeline.core.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.evaluate_trained import select_tests
from stages.shared.paths import ASSETS_DIR, BASE_MODEL_DIR, DATASET_DIR, WARM_START_DIR
from stages.shared.teacher_rows import make_teacher_rows
from training.memory.schema import EpisodeInput
from training.rl.plan import Plan, make_plan
from training.rl.setup import build_training_setup


def plan(
    profile: Annotated[
        str | None, typer.Option(help="a profile of training.profiles; the active one else")
    ] = None,
) -> None:
    """Tell what a training profile will need on this machine: tokens, memory and time.

    A batch of first chunks is played and learnt from, with the model in models/warm_start, or else in
    models/base. That takes a minute or more. Nothing is written.
    """
    params = load_params()
    if profile is not None:
        changed = params.training.model_copy(update={"profile": profile})
        if profile not in changed.profiles:
            raise MemcurateError(
                f"training.profiles has no profile {profile!r}; it has {', '.join(changed.profiles)}"
            )
        params = params.model_copy(update={"training": changed})
    model_dir = _find_model()
    setup = build_training_setup(
        params,
        read_rows(DATASET_DIR / "train.parquet", EpisodeInput),
        model_dir,
        Tokenizer(params.tokenizer, ASSETS_DIR),
        params.seed,
    )
    seed = params.training.seed
    with redirect_stdout(sys.stderr):  # the trainers print their logs
        tests = select_tests(params) * (1 + len(params.evaluation.capacities))
        made = make_plan(setup, model_dir, make_teacher_rows(setup, seed), tests, seed)
    print("\n".join(_format_plan(made, params, model_dir)))


def _find_model() -> Path:
    for folder in (WARM_START_DIR, BASE_MODEL_DIR):
        if (folder / "config.json").exists():
            return folder
    raise MemcurateError(f"{BASE_MODEL_DIR} is missing: run `dvc repro base_model`")


def _format_plan(made: Plan, params: Params, model_dir: Path) -> Iterator[str]:
    """Yield the lines of a plan: the machine, a table of the phases, memory and speeds."""
    on_gpu = torch.cuda.is_available()
    machine = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} CPU threads"
    yield f"profile {params.training.profile} on {machine}"
    yield f"{model_dir}: {made.num_weights:,} weights, of which GRPO changes {made.num_trained:,}"
    yield f"{'':12}{'rows':>10}{'tokens read':>16}{'tokens written':>16}{'minutes':>10}"
    for phase in made.phases:
        yield (
            f"{phase.name:12}{phase.rows:>10,}{phase.prompt_tokens:>16,}{phase.completion_tokens:>16,}"
            f"{phase.seconds / 60:>10.1f}"
        )
    yield f"{'all':54}{sum(phase.seconds for phase in made.phases) / 60:>10.1f}"
    all_bytes = (
        torch.cuda.get_device_properties(0).total_memory
        if on_gpu
        else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )
    yield f"memory: {made.peak_bytes / 1e9:.1f} GB in the measurement, of {all_bytes / 1e9:.1f} GB"
    yield (
        f"measured: {made.generated_tokens_per_second:,.0f} tokens/s generated, "
        f"{made.update_tokens_per_second:,.0f} tokens/s learnt from, on a batch of first chunks"
    )
    if model_dir == BASE_MODEL_DIR:
        yield f"{WARM_START_DIR} is missing: the base model writes completions of another length"
