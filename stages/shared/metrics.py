"""Metrics of the stages, which `dvc metrics show` and `dvc metrics diff` print.

DVC prints one table with a row for each metrics file and a column for each name in any of them. So the names
are few, and stages share them. Other figures of a stage are in its output folder: in `statistics.json`, or
in the tables of the report and of the evaluations.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from stages.shared.paths import METHOD_STAGES, metrics_path

# Every name, and its meaning. A method "writes memory" if it calls the memory tools.
METRIC_NAMES = {
    "files": "files fetched, or of a model; inputs: files of your own that sources use",
    "mb": "size of those files, in megabytes (1,000,000 bytes)",
    "train": "train instances",
    "test": "test instances, with those of evaluation sets",
    "chunks": "chunks of these instances",
    "tokens": "tokens of these chunks",
    "questions": "question: questions created; filter: kept; assemble: in the dataset",
    "rejected": "chunk: segments and records; question: questions; assemble: instances",
    "kept_percent": "filter: of the questions checked, those kept; report: of those created, in the dataset",
    "pii": "findings of personal data in the instances that filter keeps",
    "percent_off": "difference from the paper's table, mean of the measures' absolute differences in percent",
    "score": "r1, correctness of answers: mean over the sources' test instances, or validation instances",
    "reward": "total reward of the same episodes, of methods that write memory",
    "memory_tokens": "tokens of the final memory, mean; of methods that write memory",
}


def write_metrics(stage: str, source: str | None, metrics: Mapping[str, Any]) -> None:
    """Write the metrics of a stage: by name, or for a stage in METHOD_STAGES by method and name."""
    target = metrics_path(stage, source)
    if stage not in METHOD_STAGES:
        _write_file(target, metrics)
        return
    with atomic_folder(target) as folder:
        for method, figures in metrics.items():
            _write_file(folder / f"{method}.json", figures)


def _write_file(path: Path, metrics: Mapping[str, float]) -> None:
    unknown = metrics.keys() - METRIC_NAMES.keys()
    assert not unknown, f"{path}: {', '.join(unknown)} not in METRIC_NAMES"
    write_json(path, metrics)
