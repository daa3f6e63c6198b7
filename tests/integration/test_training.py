"""Training by the real dvc, on a small random model: alone, out of a remote, killed and gone on."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.integration.conftest import Build
from tests.integration.project import BIN, change_params, clone, dvc, ran, run
from tests.training.rl.factories import write_small_model

pytestmark = pytest.mark.slow

PROFILE = "training.profiles.cpu"
QUICK = {
    f"{PROFILE}.generation": {"max_prompt_tokens": 1024, "max_completion_tokens": 24, "temperature": 1.0},
    f"{PROFILE}.memory": {"core_tokens": 16, "max_prompt_entries": 2},
    f"{PROFILE}.warm_start.num_rows": 4,
    f"{PROFILE}.num_batches": 12,
    f"{PROFILE}.learning_rate": 1e-3,
    f"{PROFILE}.trained_layers": 1,  # of two
    # The stage's own code is what is tried; the baselines have their own tests.
    "evaluation.baselines": ["empty_memory", "scripted"],
    "evaluation.capacities": [0.05],
}


def small_weights(folder: Path) -> None:
    """Put a small random model in the place of the base model; its tokenizer stays."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    write_small_model(folder, len(tokenizer), positions=2048, pad=pad, end=end)


@pytest.fixture(scope="module")
def warmed_up(builds: list[Build], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A committed project with a warm-started small model, its data and that model in a remote."""
    folder = tmp_path_factory.mktemp("training")
    project = folder / "project"
    shutil.copytree(builds[0].project, project, symlinks=True)
    change_params(project, QUICK)
    assert ran(dvc(project, "repro", "--force", "-s", "base_model")) == {"base_model"}
    small_weights(project / "models" / "base")
    dvc(project, "commit", "--force", "base_model")
    assert ran(dvc(project, "repro", "--force", "-s", "warm_start")) == {"warm_start"}
    run(project, "git", "commit", "--quiet", "--all", "--message", "warmed up")
    dvc(project, "remote", "add", "--local", "--default", "store", folder / "store")
    dvc(project, "push", "data/assets", "data/dataset", "models/warm_start")
    yield project
    shutil.rmtree(folder)


def pulled(warmed_up: Path, target: Path) -> Path:
    """A clone that has what docs/training.md says to pull, and no more."""
    project = clone(warmed_up, target)
    dvc(project, "remote", "add", "--local", "--default", "store", warmed_up.parent / "store")
    dvc(project, "pull", "data/assets", "data/dataset", "models/warm_start")
    return project


@pytest.fixture(scope="module")
def unbroken(warmed_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = pulled(warmed_up, tmp_path_factory.mktemp("unbroken") / "project")
    assert ran(dvc(project, "repro", "-s", "train")) == {"train"}
    return project


def test_training_alone_out_of_a_remote(unbroken: Path) -> None:
    assert not (unbroken / "data" / "raw").exists()
    assert sorted(path.name for path in (unbroken / "data").iterdir()) == ["assets", "dataset", "training"]
    statistics = json.loads((unbroken / "data" / "training" / "statistics.json").read_text())
    assert statistics["updates"] == 12
    metrics = json.loads((unbroken / "metrics" / "train.json").read_text())
    assert metrics["reward"] == round(statistics["best"]["total"], 3)
    assert AutoModelForCausalLM.from_pretrained(unbroken / "models" / "trained").num_parameters() > 0
    card = (unbroken / "models" / "trained" / "README.md").read_text()
    assert "12 updates" in card and "trec_coarse" in card
    samples = (unbroken / "data" / "training" / "samples.csv").read_text()
    assert samples.startswith("update,reward,completion,prompt\n0,")
    assert list((unbroken / "runs").iterdir()) == []  # it is finished
    assert run(unbroken, "git", "status", "--porcelain").split() == [
        "M",
        "dvc.lock",
        "M",
        "metrics/train.json",
    ]


def test_a_plan_tells_rows_tokens_memory_and_time(warmed_up: Path) -> None:
    printed = run(warmed_up, BIN / "memcurate", "plan")  # the trainers' logs go before it, on stderr
    lines = printed[printed.index("profile cpu on ") :].splitlines()
    table = {line[:12].strip(): line[12:].replace(",", "").split() for line in lines[3:8]}
    assert list(table) == ["warm start", "episodes", "updates", "validation", "evaluation"]
    rows, read, written, _ = map(float, table["warm start"])
    assert rows == 4 and read > 4 * 300 and written > 4 * 20
    # 12 batches of 4 episodes of at most 3 chunks, and completions of at most 24 tokens.
    rows, read, written, _ = map(float, table["episodes"])
    assert 48 <= rows <= 144 and 300 < read / rows < 1024 and 1 <= written / rows <= 24
    assert table["updates"][:3] == table["episodes"][:3]
    assert all(float(columns[3]) >= 0 for columns in table.values())
    assert lines[8].startswith("all") and lines[9].startswith("memory: ")
    assert not run(warmed_up, "git", "status", "--porcelain")


def test_a_plan_of_no_profile_is_an_error(warmed_up: Path) -> None:
    failed = subprocess.run(
        [BIN / "memcurate", "plan", "--profile", "huge"], cwd=warmed_up, capture_output=True, text=True
    )
    assert failed.returncode == 1
    names = "cpu, learn, gpu, gpu_large, paper"
    assert f"training.profiles has no profile 'huge'; it has {names}" in failed.stderr


@pytest.mark.parametrize(
    ("key", "value", "changes"), [("max_test_instances", 1, set()), ("learning_rate", 2e-3, {"train"})]
)
def test_what_trains_again(unbroken: Path, tmp_path: Path, key: str, value: float, changes: set[str]) -> None:
    kept = tmp_path / "params.yaml"
    shutil.copy(unbroken / "params.yaml", kept)
    change_params(unbroken, {f"{PROFILE}.{key}": value})
    status = json.loads(dvc(unbroken, "status", "--json", "train"))
    shutil.copy(kept, unbroken / "params.yaml")
    assert set(status) == changes


def test_the_trained_policy_is_evaluated_beside_the_one_it_began_as(unbroken: Path) -> None:
    assert ran(dvc(unbroken, "repro", "-s", "evaluate_trained")) == {"evaluate_trained"}
    metrics = {
        path.stem: json.loads(path.read_text()) for path in (unbroken / "metrics/evaluate_trained").iterdir()
    }
    assert metrics.keys() == {"trained", "warm_start", "empty_memory", "scripted"}
    assert metrics["trained"].keys() == {"score", "reward", "memory_tokens"}
    results = pd.read_csv(unbroken / "data" / "trained_evaluation" / "results.csv")
    row = results.set_index(["method", "source"]).loc[("trained", "trec_coarse")]
    assert row.instances == 2 and row.questions == 200
    assert row[["delta_ci_low", "total_delta_ci_low"]].notna().all()
    folder = unbroken / "data" / "trained_evaluation"
    assert "Differences from warm_start" in (folder / "index.html").read_text()
    limited = pd.read_csv(folder / "capacities.csv").set_index(["source", "method"]).score["trec_coarse"]
    evicting = {"scripted_oldest_first", "scripted_newest_first"}
    assert set(limited.index) == {"trained", "warm_start", "empty_memory", *evicting}
    unlimited = results.set_index(["source", "method"]).score["trec_coarse", "scripted"]
    assert max(limited[list(evicting)]) < unlimited


def test_the_script_for_a_gpu_runs_on_a_cpu(warmed_up: Path, tmp_path: Path) -> None:
    dvc(warmed_up, "push")  # an experiment looks up all outputs
    project = pulled(warmed_up, tmp_path / "project")
    dvc(project, "pull", "models/base")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(project)}
    subprocess.run(
        [project / "tools" / "gpu_run.sh", tmp_path / "out", "20", "cpu", "21"],
        cwd=project,
        env=environment,
        check=True,
    )
    assert "tokens/s" in (tmp_path / "out" / "generation.txt").read_text()
    assert (tmp_path / "out" / "plan.txt").read_text().startswith("profile cpu on ")
    assert re.fullmatch(
        r"cpu-21: r1 0\.\d{3} after training, .*; 2 test instances\n",
        (tmp_path / "out" / "learned.txt").read_text(),
    )


def test_killed_at_three_random_moments(unbroken: Path, warmed_up: Path, tmp_path: Path) -> None:
    project = pulled(warmed_up, tmp_path / "broken")
    draw = random.Random(11)
    for lines in (2, 6, 10):
        process = started(project)
        while process.poll() is None and logged(project) < lines:
            time.sleep(0.02)
        time.sleep(2 * draw.random())
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    dvc(project, "repro", "-s", "train")
    one, other = (
        json.loads((each / "data/training/statistics.json").read_text()) for each in (unbroken, project)
    )
    assert {name: one[name] for name in one if name != "speed"} == {
        name: other[name] for name in other if name != "speed"
    }
    for curve in ("reward", "prompt_tokens", "completion_tokens", "grad_norm", "validation/total"):
        name = f"data/training/plots/metrics/{curve}.tsv"
        assert (unbroken / name).read_text() == (project / name).read_text()
    weights = [load_file(each / "models/trained/model.safetensors") for each in (unbroken, project)]
    assert max(float((weights[0][key] - weights[1][key]).abs().max()) for key in weights[0]) < 1e-6


def started(project: Path) -> "subprocess.Popen[bytes]":
    """`dvc repro -s train` as a group of processes of its own, which can be killed together."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(project)}
    with (project.parent / "out").open("ab") as out:
        return subprocess.Popen(
            [BIN / "dvc", "repro", "-s", "train"],
            cwd=project,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def logged(project: Path) -> int:
    """Lines of the run's log."""
    return sum(len(path.read_text().splitlines()) for path in project.glob("runs/*/log.jsonl"))
