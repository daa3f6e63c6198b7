"""The metrics files of a stage: names that all stages share, one file or one for each method."""

import json
from pathlib import Path

import pytest

from stages.shared.metrics import METRIC_NAMES, write_metrics
from stages.shared.paths import METHOD_STAGES, SOURCE_STAGES, STAGE_OUTPUTS, metrics_path
from tests.integration.test_dvc_yaml import stage_of

LONGEST_PATH = "metrics/evaluate_trained/long_context.json"


@pytest.mark.parametrize("stage", STAGE_OUTPUTS)
def test_dvc_yaml_names_the_metrics_that_a_stage_writes(stage: str) -> None:
    (metrics,) = stage_of(stage)["metrics"]
    source = "${item}" if stage in SOURCE_STAGES else None
    assert metrics == {str(metrics_path(stage, source)): {"cache": False}}


def test_all_names_fit_a_line_of_200_columns() -> None:
    """DVC pads a name by two columns, puts two between columns, and prints five digits of a fraction."""
    assert len(LONGEST_PATH) + sum(2 + max(len(name) + 2, 7) for name in METRIC_NAMES) <= 200


def test_a_method_that_is_evaluated_no_more_leaves_no_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_metrics("evaluate", None, {"scripted": {"score": 0.5}, "empty_memory": {"score": 0.0}})
    write_metrics("evaluate", None, {"scripted": {"score": 0.6}})
    assert [path.name for path in (tmp_path / "metrics/evaluate").iterdir()] == ["scripted.json"]
    assert json.loads((tmp_path / "metrics/evaluate/scripted.json").read_text()) == {"score": 0.6}
    assert {"evaluate", "evaluate_trained"} == METHOD_STAGES


def test_a_name_that_the_table_has_no_column_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="chunks_per_instance not in METRIC_NAMES"):
        write_metrics("chunk", "squad_dev", {"train": 3, "chunks_per_instance": 10})
