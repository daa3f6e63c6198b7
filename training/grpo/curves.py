"""What a run came to: its log as curves that DVC plots, and as metrics."""

import math
from collections.abc import Sequence
from pathlib import Path

from dvclive import Live

from training.rewards import mean

Lines = Sequence[dict[str, float]]  # of a run's log

_VALIDATED = (
    "total",
    "correctness",
    "tool_format",
    "compression",
    "content",
    "calls_per_step",
    "failed_calls",
    "memory_tokens",
)
_SPEEDS = (
    "generated_tokens_per_second",
    "update_tokens_per_second",
    "generation_share",
    "environment_share",
    "update_share",
)


def write_curves(log: Lines, folder: Path) -> None:
    """Write a table per figure, over updates: plots/metrics/<figure>.tsv below a folder."""
    with Live(dir=str(folder), save_dvc_exp=False, report=None, dvcyaml=None) as live:
        for line in log:
            live.step = int(line["update"])
            for name, value in line.items():
                if name != "update" and not math.isnan(value):
                    live.log_metric(name, value)


def run_metrics(log: Lines) -> dict[str, float | dict[str, float]]:
    """Held-out figures before, at the best update and at the end; speed, and where a step's time went."""
    validated = [line for line in log if "validation/total" in line]
    learnt = [line for line in log if "step_time" in line]
    best = best_line(log)
    return {
        "updates": len(learnt),
        "best_update": int(best["update"]),
        "before": _held_out(validated[0]),
        "best": _held_out(best),
        "last": _held_out(validated[-1]),
        "speed": {name: round(mean(line[name] for line in learnt if name in line), 4) for name in _SPEEDS},
    }


def best_line(log: Lines) -> dict[str, float]:
    """The validation of the highest total reward, the first of equals: its weights are kept."""
    validated = [line for line in log if "validation/total" in line]
    return max(validated, key=lambda line: line["validation/total"])


def _held_out(line: dict[str, float]) -> dict[str, float]:
    return {name: round(line[f"validation/{name}"], 4) for name in _VALIDATED}
