"""train: GRPO from the warm-started policy, into models/trained; curves and samples into data/training.

A killed run resumes from its last checkpoint in runs/<hash of the inputs and params of the run>. The variable
MEMCURATE_RUNS_DIR names another folder than runs/. While it runs, its curves are in dvclive/ of that folder.
Several GPUs are used through accelerate, which runs this module once for each; the stage waits and writes.
"""

import csv
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from accelerate import PartialState

from pipeline.core import interrupts
from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params, load_params
from pipeline.core.statistics import STATISTICS_FILE
from pipeline.core.storage import find_parts, read_rows
from pipeline.text.tokens import Tokenizer
from stages.shared.exit_status import report_errors
from stages.shared.paths import (
    ASSETS_DIR,
    DATASET_DIR,
    RUNS_DIR,
    TRAINED_MODEL_DIR,
    TRAINING_DIR,
    WARM_START_DIR,
)
from stages.shared.runner import run_stage
from training.memory.schema import EpisodeInput
from training.rl.curves import select_metrics, summarize_run
from training.rl.model_card import render_model_card
from training.rl.rollouts import GenerateFn, Transition
from training.rl.run_dir import RunDir, hash_run
from training.rl.setup import TrainingSetup, build_training_setup
from training.rl.train import export_best_model, train

_SAMPLES_PER_VALIDATION = 8  # rows of each validation in data/training/samples.csv
# Keys of a profile that training does not read.
_KEYS_NOT_HASHED = {"base_model", "warm_start", "max_test_instances", "context_lengths"}
_LEADER_VARIABLE = "MEMCURATE_LEADER"  # gives the workers the process id of the stage
_FSDP_OPTIONS = ("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP")


def stage(params: Params, _: str) -> dict[str, Any]:
    """Train or resume; then write the best weights with their card, and curves and samples."""
    setup, run_dir = _load_setup(params), _open_run_dir(params)
    with run_dir.hold_lock():
        if setup.profile.gpus > 1:
            _launch_accelerate(setup.profile.gpus)
        else:
            _train_policy(setup, run_dir, params.training.seed)
        figures = summarize_run(run_dir.read_log())
        with atomic_folder(TRAINED_MODEL_DIR) as target:
            export_best_model(run_dir, WARM_START_DIR, setup.tokenizer, target)
            card = render_model_card(params, params, figures)
            (target / "README.md").write_text(card, encoding="utf-8")
        with atomic_folder(TRAINING_DIR) as target:
            shutil.copytree(run_dir.live_dir, target, dirs_exist_ok=True)
            write_json(target / STATISTICS_FILE, figures)
            _merge_samples(run_dir, target / "samples.csv")
        run_dir.remove()
    return select_metrics(figures)


def _load_setup(params: Params) -> TrainingSetup:
    instances = read_rows(DATASET_DIR / "train.parquet", EpisodeInput)
    tokenizer = Tokenizer(params.tokenizer, ASSETS_DIR)
    return build_training_setup(params, instances, WARM_START_DIR, tokenizer, params.seed)


def _open_run_dir(params: Params) -> RunDir:
    hashed_params = {
        "seeds": [params.seed, params.training.seed],
        "tokenizer": params.tokenizer,
        "answer": params.answer.model_dump(),
        "rewards": params.rewards.model_dump(),
        "profile": params.training.active_profile.model_dump(exclude=_KEYS_NOT_HASHED),
    }
    weights = sorted(WARM_START_DIR.glob("*.safetensors"))
    runs_dir = Path(os.environ.get("MEMCURATE_RUNS_DIR", RUNS_DIR))
    return RunDir(runs_dir / hash_run([*find_parts(DATASET_DIR / "train.parquet"), *weights], hashed_params))


def _train_policy(setup: TrainingSetup, run_dir: RunDir, seed: int) -> None:
    validation = setup.build_collector(setup.validation_instances)

    def validate(generate: GenerateFn, update: int) -> dict[str, float]:
        batch = validation.collect(range(len(setup.validation_instances)), generate)
        if PartialState().is_main_process:
            _save_samples(run_dir, update, setup, batch.transitions)
        return {name.removeprefix("rewards/"): value for name, value in batch.metrics.items()}

    rollouts, tasks = setup.build_collector(setup.train_instances), len(setup.train_instances)
    train(WARM_START_DIR, setup.tokenizer, rollouts, tasks, validate, setup.profile, seed, run_dir)


def _save_samples(run_dir: RunDir, update: int, setup: TrainingSetup, transitions: list[Transition]) -> None:
    run_dir.samples_dir.mkdir(exist_ok=True)
    with (run_dir.samples_dir / f"{update:06}.csv").open("w", encoding="utf-8", newline="") as file:
        for row in transitions[:_SAMPLES_PER_VALIDATION]:
            prompt, completion = map(setup.tokenizer.decode, (row.prompt, row.completion))
            csv.writer(file, lineterminator="\n").writerow((update, round(row.reward, 4), completion, prompt))


def _merge_samples(run_dir: RunDir, target: Path) -> None:
    """Write the samples of all validations as one table."""
    tables = [path.read_text(encoding="utf-8") for path in sorted(run_dir.samples_dir.glob("*.csv"))]
    target.write_text("".join(["update,reward,completion,prompt\n", *tables]), encoding="utf-8")


def _launch_accelerate(gpus: int) -> None:
    """Run this module on every GPU through accelerate, with the weights sharded over them (FSDP)."""
    command = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--num_processes",
        str(gpus),
        *_FSDP_OPTIONS,
    ]
    environment = {**os.environ, _LEADER_VARIABLE: str(os.getpid())}
    process = subprocess.Popen([*command, "-m", "stages.train"], env=environment, start_new_session=True)
    try:
        status = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if status:
        raise MemcurateError(
            f"training on {gpus} GPUs failed with status {status}: the lines before this one give the error"
        )


def _run_worker() -> None:
    """Train on one GPU, as accelerate runs it; exit when the process of the stage is gone."""
    if _LEADER_VARIABLE in os.environ:
        interrupts.exit_with_process(int(os.environ[_LEADER_VARIABLE]))
    with report_errors("train"):
        params = load_params()
        _train_policy(_load_setup(params), _open_run_dir(params), params.training.seed)


if __name__ == "__main__":
    if "WORLD_SIZE" in os.environ:
        _run_worker()
    else:
        run_stage(stage, "train")
