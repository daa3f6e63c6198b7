"""Training runs that are killed or stopped: they resume from their last checkpoint."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from pipeline.core.errors import MemcurateError
from pipeline.core.params import LoraParams
from tests.conftest import ROOT
from tests.training.rl.factories import (
    TwoArmedBandit,
    make_profile,
    make_tokenizer,
    measure_left_fraction,
    write_model,
)
from training.rl.curves import find_best_validation
from training.rl.run_dir import RunDir
from training.rl.train import export_best_model, train

pytestmark = pytest.mark.slow

UPDATES = 24


def start_run(model: Path, run: Path) -> subprocess.Popen[bytes]:
    script = ROOT / "tests" / "training" / "rl" / "grpo_run.py"
    log = run.with_suffix(".out").open("ab")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(script), model, run], env=environment, stdout=log, stderr=log
    )


def read_log(run: Path) -> list[tuple[int, float | None, float | None]]:
    """Return (update, reward, validation total) of every line of a run's log, without measured times."""
    return [
        (line["update"], line.get("reward"), line.get("validation/total")) for line in RunDir(run).read_log()
    ]


def test_a_run_killed_at_three_moments_ends_like_an_unbroken_one(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    assert start_run(model, unbroken).wait() == 0, unbroken.with_suffix(".out").read_text()[-2000:]
    rng = random.Random(5)
    checkpoints = []
    for number in range(3):
        process = start_run(model, broken)
        while process.poll() is None and len(read_log(broken)) < 8 + 10 * number:
            time.sleep(0.01)
        time.sleep(rng.random() / 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        last = RunDir(broken).find_last_checkpoint()
        checkpoints.append(int(last.name.split("-")[1]) if last else 0)
    assert start_run(model, broken).wait() == 0, broken.with_suffix(".out").read_text()[-2000:]
    assert 0 < checkpoints[0] < checkpoints[1] < checkpoints[2] < UPDATES, checkpoints
    assert read_log(broken) == read_log(unbroken)
    for curve in ("reward", "validation/total"):
        live = f"dvclive/plots/metrics/{curve}.tsv"
        assert (broken / live).read_text() == (unbroken / live).read_text()
    name = f"checkpoints/checkpoint-{UPDATES}/model.safetensors"
    one, other = load_file(unbroken / name), load_file(broken / name)
    assert max(float((one[key] - other[key]).abs().max()) for key in one) < 1e-6
    best, again = load_file(unbroken / "best/model.safetensors"), load_file(broken / "best/model.safetensors")
    assert max(float((best[key] - again[key]).abs().max()) for key in best) < 1e-6


def test_a_run_stopped_by_the_time_limit_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, run = write_model(tmp_path / "model"), RunDir(tmp_path / "run")
    arguments = (
        model,
        make_tokenizer(),
        TwoArmedBandit(),
        6,
        measure_left_fraction,
        make_profile(num_batches=6, eval_every=2),
        1,
        run,
    )
    monkeypatch.setenv("MEMCURATE_MAX_MINUTES", "0")
    with run.hold_lock(), pytest.raises(MemcurateError, match="stopped after update 2 of 6"):
        train(*arguments)
    monkeypatch.delenv("MEMCURATE_MAX_MINUTES")
    with run.hold_lock():
        train(*arguments)
    assert [line["update"] for line in run.read_log() if "loss" in line] == [1, 2, 3, 4, 5, 6]


def test_the_exported_weights_are_a_plain_model(tmp_path: Path) -> None:
    """LoRA weights are merged into them."""
    model, run = write_model(tmp_path / "model"), RunDir(tmp_path / "run")
    profile = make_profile(num_batches=4, eval_every=2, lora=LoraParams(rank=4, alpha=8))
    with run.hold_lock():
        train(model, make_tokenizer(), TwoArmedBandit(), 6, measure_left_fraction, profile, 1, run)
    assert find_best_validation(run.read_log())["update"] in (0, 2, 4)
    export_best_model(run, model, make_tokenizer(), tmp_path / "best")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "best")
    assert json.loads((tmp_path / "best" / "config.json").read_text())["model_type"] == "llama"
    assert not any("lora" in name for name, _ in loaded.named_parameters())


def test_only_the_last_layers_change(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    run_dir = RunDir(tmp_path / "run")
    profile = make_profile(trained_layers=1, num_batches=24, eval_every=24)
    train(model, make_tokenizer(), TwoArmedBandit(), 6, measure_left_fraction, profile, 1, run_dir)
    last = run_dir.find_last_checkpoint()
    assert last is not None
    before, after = load_file(model / "model.safetensors"), load_file(last / "model.safetensors")
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed and all(name.startswith("model.layers.1.") for name in changed)


def test_more_layers_than_the_model_has_are_an_error(tmp_path: Path) -> None:
    model, profile = write_model(tmp_path / "model"), make_profile(trained_layers=3)
    with pytest.raises(MemcurateError, match="trained_layers is 3, but the model has 2 layers"):
        train(
            model,
            make_tokenizer(),
            TwoArmedBandit(),
            6,
            measure_left_fraction,
            profile,
            1,
            RunDir(tmp_path / "run"),
        )
