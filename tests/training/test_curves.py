"""What a run's log becomes."""

import math
from pathlib import Path

from training.grpo.curves import run_metrics, write_curves

HELD_OUT = ("correctness", "tool_format", "compression", "content", "calls_per_step", "failed_calls")


def validated(update: int, total: float) -> dict[str, float]:
    others = {f"validation/{name}": 0.5 for name in (*HELD_OUT, "memory_tokens")}
    return {"update": update, "validation/total": total, **others}


LOG = [
    validated(0, 1.0),
    {
        "update": 1,
        "reward": 1.2,
        "kl": math.nan,
        "step_time": 10.0,
        "generated_tokens_per_second": 80.0,
        "generation_share": 0.5,
    },
    {"update": 2, "reward": 1.4, "step_time": 10.0, "generation_share": 0.6},
    validated(2, 1.5),
    validated(4, 1.4),
]


def test_a_table_per_figure_over_updates(tmp_path: Path) -> None:
    write_curves(LOG, tmp_path)
    plots = tmp_path / "plots" / "metrics"
    assert (plots / "reward.tsv").read_text().split() == ["step", "reward", "1", "1.2", "2", "1.4"]
    total = (plots / "validation" / "total.tsv").read_text().split()
    assert total == ["step", "total", "0", "1.0", "2", "1.5", "4", "1.4"]
    assert not (plots / "kl.tsv").exists()  # it was never measured


def test_the_best_update_and_where_the_time_went() -> None:
    figures = run_metrics(LOG)
    assert figures["updates"] == 2 and figures["best_update"] == 2
    totals = [figures[which]["total"] for which in ("before", "best", "last")]
    assert totals == [1.0, 1.5, 1.4]
    assert figures["speed"] == {
        "generated_tokens_per_second": 80.0,
        "generation_share": 0.55,
        "update_tokens_per_second": 0.0,
        "environment_share": 0.0,
        "update_share": 0.0,
    }
