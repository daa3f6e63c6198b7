"""The curves of a run, while it trains and after a resume, and the summary of its log."""

import json
import math
import subprocess
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from tests.integration.project import BIN, tree
from training.rl.curves import LiveCurves, describe_line, select_metrics, summarize_run
from training.rl.run_dir import RunDir

VALIDATION_METRICS = (
    "correctness",
    "tool_format",
    "compression",
    "content",
    "calls_per_step",
    "invalid_call_rate",
)


def make_validation(update: int, total: float) -> dict[str, float]:
    others = {f"validation/{name}": 0.5 for name in (*VALIDATION_METRICS, "memory_tokens")}
    return {"update": update, "validation/total": total, **others}


LOG = [
    make_validation(0, 1.0),
    {
        "update": 1,
        "reward": 1.2,
        "kl": math.nan,
        "step_time": 10.0,
        "generated_tokens_per_second": 80.0,
        "generation_fraction": 0.5,
    },
    {"update": 2, "reward": 1.4, "step_time": 10.0, "generation_fraction": 0.6},
    make_validation(2, 1.5),
    make_validation(4, 1.4),
]


def test_curves_hold_every_line_as_soon_as_it_is_logged(tmp_path: Path) -> None:
    curves = LiveCurves(tmp_path, [])
    plots = tmp_path / "plots" / "metrics"
    for number, line in enumerate(LOG, start=1):
        curves.log(line)
        updates = [int(one["update"]) for one in LOG[:number] if "reward" in one]
        steps = (plots / "reward.tsv").read_text().split()[2::2] if updates else []
        assert [int(step) for step in steps] == updates
        assert json.loads((tmp_path / "metrics.json").read_text())["step"] == line["update"]
    assert (plots / "reward.tsv").read_text().split() == ["step", "reward", "1", "1.2", "2", "1.4"]
    total = (plots / "validation" / "total.tsv").read_text().split()
    assert total == ["step", "total", "0", "1.0", "2", "1.5", "4", "1.4"]
    assert not (plots / "kl.tsv").exists()  # it was never measured


def test_a_resumed_run_has_no_step_twice(tmp_path: Path) -> None:
    """Killed after update 4, with the checkpoint of update 2: its curves end as those of an unbroken run."""
    LiveCurves(tmp_path / "unbroken", LOG)
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    curves = LiveCurves(run.live_dir, [])
    for line in LOG:
        run.log_metrics(
            int(line["update"]), {name: value for name, value in line.items() if name != "update"}
        )
        curves.log(line)
    run.truncate_log(2)
    resumed = LiveCurves(run.live_dir, run.read_log())
    total = run.live_dir / "plots/metrics/validation/total.tsv"
    assert total.read_text().split()[2::2] == ["0", "2"]
    resumed.log(LOG[-1])
    assert tree(run.live_dir) == tree(tmp_path / "unbroken")


def test_the_metrics_are_those_of_the_weights_that_are_kept() -> None:
    assert select_metrics(summarize_run(LOG)) == {"score": 0.5, "reward": 1.5}


def test_the_best_update_and_where_the_time_went() -> None:
    figures = summarize_run(LOG)
    assert figures["updates"] == 2 and figures["best_update"] == 2
    totals = [figures[which]["total"] for which in ("before", "best", "last")]
    assert totals == [1.0, 1.5, 1.4]
    assert figures["speed"] == {
        "generated_tokens_per_second": 80.0,
        "generation_fraction": 0.55,
        "update_tokens_per_second": 0.0,
        "environment_fraction": 0.0,
        "update_fraction": 0.0,
    }


def test_a_line_of_the_log_is_told_in_a_line() -> None:
    update = {"rewards/correctness": 0.25, "calls_per_step": 2.1, "invalid_call_rate": 0.038, **LOG[1]}
    assert describe_line(update, 24) == (
        "update 1 of 24: reward 1.200, r1 0.250, 2.10 calls a step, 3.8% of them failed, "
        "80 tokens/s generated, 10 s"
    )
    assert describe_line({"update": 2, "loss": 0.1, "step_time": 30.0}, 24) == "update 2 of 24: 30 s"
    assert describe_line(LOG[3], 24) == (
        "validated after update 2 of 24: reward 1.500, r1 0.500, 0.50 calls a step, 50.0% of them failed"
    )


def test_a_repository_without_commits_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["git", "init", "--quiet"], [BIN / "dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MemcurateError, match="make a first commit"):
        LiveCurves(tmp_path / "live", LOG)
