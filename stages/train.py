"""train: GRPO from the warm-started policy into models/trained; its curves and samples into data/training.

A run that was killed goes on from its last checkpoint in runs/<hash of all that shapes it>, or below the
folder that MEMCURATE_RUNS names. Several GPUs are used through accelerate, which runs this module once for
each; the stage itself only waits and writes.
"""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from accelerate import PartialState

from pipeline import interrupts
from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder
from pipeline.params import Params, load_params
from pipeline.storage import read_rows
from pipeline.text.tokens import Tokenizer
from stages.exits import for_people
from stages.running import ASSETS, DATASET, RUNS, TRAINED, TRAINING, WARM_START, run
from training.classroom import Classroom, classroom
from training.grpo.curves import run_metrics, write_curves
from training.grpo.learning import learn, save_best
from training.grpo.rollouts import Generate, Row
from training.grpo.runs import RunFolder, run_hash
from training.model_card import model_card
from training.params import AgentParams, agent_params
from training.schema import InstanceToPlay

_SAMPLES = 8  # rows of each validation that can be read afterwards
_NOT_SHAPING = {"base_model", "warm_start", "tests", "stretch"}  # keys of a profile: training reads none
_LEADER = "MEMCURATE_LEADER"  # the process of the stage, for those that it starts
_FSDP = ("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP")


def stage(params: Params, _: str) -> dict[str, Any]:
    """Train, or go on; then write the best weights with their card, curves and samples."""
    agent = agent_params(params)
    room, folder = _room(params, agent), _run_folder(params, agent)
    with folder.locked():
        if room.profile.gpus > 1:
            _launch(room.profile.gpus)
        else:
            _learn(room, folder, agent.training.seed)
        figures = run_metrics(folder.log())
        with whole_folder(TRAINED) as target:
            save_best(folder, WARM_START, room.tokenizer, target)
            card = model_card(params, agent, figures)
            (target / "README.md").write_text(card, encoding="utf-8")
        with whole_folder(TRAINING) as target:
            write_curves(folder.log(), target)
            _write_samples(folder, target / "samples.csv")
        folder.finished()
    return figures


def _room(params: Params, agent: AgentParams) -> Classroom:
    instances = read_rows(DATASET / "train.parquet", InstanceToPlay)
    tokenizer = Tokenizer(params.tokenizer, ASSETS)
    return classroom(agent, instances, WARM_START, tokenizer, params.seed)


def _run_folder(params: Params, agent: AgentParams) -> RunFolder:
    shaping = {
        "seeds": [params.seed, agent.training.seed],
        "tokenizer": params.tokenizer,
        "answer": agent.answer.model_dump(),
        "rewards": agent.rewards.model_dump(),
        "profile": agent.training.chosen.model_dump(exclude=_NOT_SHAPING),
    }
    weights = sorted(WARM_START.glob("*.safetensors"))
    kept = Path(os.environ.get("MEMCURATE_RUNS", RUNS))
    return RunFolder(kept / run_hash([DATASET / "train.parquet", *weights], shaping))


def _learn(room: Classroom, folder: RunFolder, seed: int) -> None:
    held_out = room.rollouts(room.held_out)

    def validate(generate: Generate, update: int) -> dict[str, float]:
        rolled = held_out.play(range(len(room.held_out)), generate)
        if PartialState().is_main_process:
            _keep_samples(folder, update, room, rolled.rows)
        return {name.removeprefix("rewards/"): value for name, value in rolled.figures.items()}

    rollouts, tasks = room.rollouts(room.train), len(room.train)
    learn(WARM_START, room.tokenizer, rollouts, tasks, validate, room.profile, seed, folder)


def _keep_samples(folder: RunFolder, update: int, room: Classroom, rows: list[Row]) -> None:
    folder.samples.mkdir(exist_ok=True)
    with (folder.samples / f"{update:06}.csv").open("w", encoding="utf-8", newline="") as file:
        for row in rows[:_SAMPLES]:
            read, written = map(room.tokenizer.decode, (row.prompt, row.completion))
            csv.writer(file, lineterminator="\n").writerow((update, round(row.reward, 4), written, read))


def _write_samples(folder: RunFolder, target: Path) -> None:
    """All validations' samples as one table."""
    kept = [path.read_text(encoding="utf-8") for path in sorted(folder.samples.glob("*.csv"))]
    target.write_text("".join(["update,reward,completion,prompt\n", *kept]), encoding="utf-8")


def _launch(gpus: int) -> None:
    """Have accelerate run this module on every GPU, the weights spread over them."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(gpus), *_FSDP]
    environment = {**os.environ, _LEADER: str(os.getpid())}
    process = subprocess.Popen([*command, "-m", "stages.train"], env=environment, start_new_session=True)
    try:
        status = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if status:
        raise MemcurateError(f"training on {gpus} GPUs ended with status {status}: see above")


def _one_of_many() -> None:
    """What accelerate runs on each GPU. It ends when the stage does, however that ends."""
    if _LEADER in os.environ:
        interrupts.end_with(int(os.environ[_LEADER]))
    with for_people("train"):
        params = load_params()
        agent = agent_params(params)
        _learn(_room(params, agent), _run_folder(params, agent), agent.training.seed)


if __name__ == "__main__":
    if "WORLD_SIZE" in os.environ:
        _one_of_many()
    else:
        run(stage, "train")
