"""A training run that is killed goes on from its own last checkpoint, and ends as if nothing had happened."""

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

from pipeline.errors import MemcurateError
from tests.conftest import ROOT
from tests.training.grpo_tiny import TwoArms, model_folder, profile, tokenizer
from tests.training.test_grpo import validated
from training.grpo.curves import best_line
from training.grpo.learning import learn, save_best
from training.grpo.runs import RunFolder, run_hash
from training.params import LoraParams

pytestmark = pytest.mark.slow

UPDATES = 24


def start(model: Path, run: Path) -> subprocess.Popen[bytes]:
    script = ROOT / "tests" / "training" / "grpo_run.py"
    log = run.with_suffix(".out").open("ab")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(script), model, run], env=environment, stdout=log, stderr=log
    )


def figures(run: Path) -> list[tuple[int, float | None, float | None]]:
    """(update, reward, validated total) of every line of a run's log: what does not depend on the clock."""
    return [
        (line["update"], line.get("reward"), line.get("validation/total")) for line in RunFolder(run).log()
    ]


def test_killed_at_three_moments(tmp_path: Path) -> None:
    model = model_folder(tmp_path / "model")
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    assert start(model, unbroken).wait() == 0, unbroken.with_suffix(".out").read_text()[-2000:]
    draw = random.Random(5)
    reached = []
    for number in range(3):
        process = start(model, broken)
        while process.poll() is None and len(figures(broken)) < 8 + 10 * number:
            time.sleep(0.01)
        time.sleep(draw.random() / 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        last = RunFolder(broken).last_checkpoint()
        reached.append(int(last.name.split("-")[1]) if last else 0)
    assert start(model, broken).wait() == 0, broken.with_suffix(".out").read_text()[-2000:]
    assert 0 < reached[0] < reached[1] < reached[2] < UPDATES, reached
    assert figures(broken) == figures(unbroken)
    name = f"checkpoints/checkpoint-{UPDATES}/model.safetensors"
    one, other = load_file(unbroken / name), load_file(broken / name)
    assert max(float((one[key] - other[key]).abs().max()) for key in one) < 1e-6
    best, again = load_file(unbroken / "best/model.safetensors"), load_file(broken / "best/model.safetensors")
    assert max(float((best[key] - again[key]).abs().max()) for key in best) < 1e-6


def test_a_half_written_checkpoint_is_not_gone_on_from(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    for update, whole in ((2, True), (4, True), (6, False)):
        (run.checkpoints / f"checkpoint-{update}").mkdir(parents=True)
        if whole:
            (run.checkpoints / f"checkpoint-{update}" / "whole").touch()
    last = run.last_checkpoint()
    assert last is not None and last.name == "checkpoint-4"
    assert not (run.checkpoints / "checkpoint-6").exists()


def test_a_log_is_cut_to_its_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for update in (1, 2, 3):
        run.note(update, {"reward": update / 10})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"update": 4, "rew')  # killed while it wrote
    run.forget_after(2)
    assert [line["update"] for line in run.log()] == [1, 2]


def test_two_runs_of_one_folder(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    with first.locked(), pytest.raises(MemcurateError, match="is in use"), second.locked():
        pass


def test_another_run_has_another_folder(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"one")
    first = run_hash([file], {"seed": 1})
    assert first == run_hash([file], {"seed": 1}) != run_hash([file], {"seed": 2})
    file.write_bytes(b"two")
    assert run_hash([file], {"seed": 1}) != first


def test_stopped_by_the_clock_and_gone_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, run = model_folder(tmp_path / "model"), RunFolder(tmp_path / "run")
    asked = (model, tokenizer(), TwoArms(), 6, validated, profile(batches=6, every=2), 1, run)
    monkeypatch.setenv("MEMCURATE_MINUTES", "0")
    with run.locked(), pytest.raises(MemcurateError, match="stopped after update 2 of 6"):
        learn(*asked)
    monkeypatch.delenv("MEMCURATE_MINUTES")
    with run.locked():
        learn(*asked)
    assert [line["update"] for line in run.log() if "loss" in line] == [1, 2, 3, 4, 5, 6]


def test_the_best_weights_are_a_plain_model(tmp_path: Path) -> None:
    """A low-rank addition is merged into the weights."""
    model, run = model_folder(tmp_path / "model"), RunFolder(tmp_path / "run")
    made = profile(batches=4, every=2, lora=LoraParams(rank=4, alpha=8))
    with run.locked():
        learn(model, tokenizer(), TwoArms(), 6, validated, made, 1, run)
    assert best_line(run.log())["update"] in (0, 2, 4)
    save_best(run, model, tokenizer(), tmp_path / "best")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "best")
    assert json.loads((tmp_path / "best" / "config.json").read_text())["model_type"] == "llama"
    assert not any("lora" in name for name, _ in loaded.named_parameters())
