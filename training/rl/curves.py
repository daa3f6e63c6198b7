"""Curves of a run, which dvclive writes while it trains, and the summary of its log."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dvc.scm import SCMError, map_scm_exception
from dvclive import Live

from pipeline.core.errors import MemcurateError
from training.evaluation.rewards import mean

LogLines = Sequence[dict[str, float]]  # of a run's log

_VALIDATION_METRICS = (
    "total",
    "correctness",
    "tool_format",
    "compression",
    "content",
    "calls_per_step",
    "invalid_call_rate",
    "memory_tokens",
)
_DESCRIBED_METRICS = {
    "total": "reward {:.3f}",
    "reward": "reward {:.3f}",
    "rewards/correctness": "r1 {:.3f}",
    "correctness": "r1 {:.3f}",
    "calls_per_step": "{:.2f} calls a step",
    "invalid_call_rate": "{:.1%} of them failed",
    "generated_tokens_per_second": "{:.0f} tokens/s generated",
    "step_time": "{:.0f} s",
}
_SPEED_METRICS = (
    "generated_tokens_per_second",
    "update_tokens_per_second",
    "generation_fraction",
    "environment_fraction",
    "update_fraction",
)


class LiveCurves:
    """The curves of a run as far as it is: plots/metrics/<figure>.tsv over updates, and metrics.json.

    Both lie below a folder that can be watched while the run trains.
    """

    def __init__(self, folder: Path, log: Iterable[Mapping[str, float]]) -> None:
        """Write the curves of a log, and remove older curves from `folder`.

        A resumed run passes its log up to the checkpoint, so that no step is missing or stands twice. Raises
        MemcurateError in a Git repository without commits, which DVCLive cannot read.
        """
        try:
            with map_scm_exception():
                self._live = Live(dir=str(folder), save_dvc_exp=False, report=None, dvcyaml=None)
        except SCMError as error:
            raise MemcurateError(
                f"DVCLive cannot read this Git repository ({error}): make a first commit, and run this again"
            ) from error
        for line in log:
            self._log_values(line)
        self._live.make_summary()

    def log(self, line: Mapping[str, float]) -> None:
        """Add a line of the log: `update` and the metrics of that update; NaN values are left out."""
        self._log_values(line)
        self._live.make_summary()

    def _log_values(self, line: Mapping[str, float]) -> None:
        self._live.step = int(line["update"])
        for name, value in line.items():
            if name != "update" and not math.isnan(value):
                self._live.log_metric(name, value)


def describe_line(line: Mapping[str, float], num_updates: int) -> str:
    """Describe a line of the log, of an update or of a validation, in a line for a terminal.

    Of several updates on a batch, the first alone has metrics of its episodes.
    """
    prefix = "validation/" if "validation/total" in line else ""
    kind = "validated after update" if prefix else "update"
    values = {name: line.get(f"{prefix}{name}") for name in _DESCRIBED_METRICS}
    parts = [
        form.format(values[name]) for name, form in _DESCRIBED_METRICS.items() if values[name] is not None
    ]
    return f"{kind} {int(line['update'])} of {num_updates}: {', '.join(parts)}"


def select_metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of the stage: the validation of the weights that are kept."""
    best = summary["best"]
    return {"score": round(best["correctness"], 3), "reward": round(best["total"], 3)}


def summarize_run(log: LogLines) -> dict[str, float | dict[str, float]]:
    """Return validations before, at the best update and at the end; speed, and the parts of a step's time."""
    validated = [line for line in log if "validation/total" in line]
    learnt = [line for line in log if "step_time" in line]
    best = find_best_validation(log)
    return {
        "updates": len(learnt),
        "best_update": int(best["update"]),
        "before": _select_validation(validated[0]),
        "best": _select_validation(best),
        "last": _select_validation(validated[-1]),
        "speed": {
            name: round(mean(line[name] for line in learnt if name in line), 4) for name in _SPEED_METRICS
        },
    }


def find_best_validation(log: LogLines) -> dict[str, float]:
    """Return the validation of the highest total reward, the first of equals: its weights are kept."""
    validated = [line for line in log if "validation/total" in line]
    return max(validated, key=lambda line: line["validation/total"])


def _select_validation(line: dict[str, float]) -> dict[str, float]:
    return {name: round(line[f"validation/{name}"], 4) for name in _VALIDATION_METRICS}
