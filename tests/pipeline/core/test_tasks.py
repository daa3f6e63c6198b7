"""Tasks: results in order, none run twice, and all run again when their inputs change."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import tasks
from pipeline.core.tasks import run_tasks


@dataclass(frozen=True)
class Copy:
    """A task that copies a file, and counts how often it ran."""

    source: Path
    runs: Path

    @property
    def inputs(self) -> Sequence[Path]:
        return (self.source,)


def copy_file(task: Copy, folder: Path) -> dict[str, Any]:
    text = task.source.read_text()
    with task.runs.open("a") as runs:
        runs.write(f"{text}\n")
    if text == "bad":
        raise ValueError(text)
    (folder / "copy").write_text(text)
    return {"text": text}


@pytest.fixture
def copies(tmp_path: Path) -> list[Copy]:
    for number in range(5):
        (tmp_path / str(number)).write_text(f"text {number}")
    return [Copy(tmp_path / str(number), tmp_path / "runs") for number in range(5)]


def num_runs(copies: list[Copy]) -> int:
    return len(copies[0].runs.read_text().splitlines())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_results_come_in_the_order_of_the_tasks(
    copies: list[Copy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", workers)
    results = list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    assert [result.manifest["text"] for result in results] == [f"text {n}" for n in range(5)]
    assert [(result.folder / "copy").read_text() for result in results] == [f"text {n}" for n in range(5)]


def test_finished_tasks_are_not_run_again(
    copies: list[Copy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    copies[3].source.write_text("bad")
    with pytest.raises(ValueError, match="bad"):
        list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    assert num_runs(copies) == 4
    copies[3].source.write_text("good")
    results = list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    assert [result.manifest["text"] for result in results] == ["text 0", "text 1", "text 2", "good", "text 4"]
    assert num_runs(copies) == 6


def test_other_inputs_or_other_code_run_a_task_again(
    copies: list[Copy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    copies[0].source.write_text("another text")
    list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    assert num_runs(copies) == 6
    monkeypatch.setattr(tasks, "_code_hash", lambda: "other code")
    list(run_tasks(copy_file, copies, tmp_path / "parts", "copies"))
    assert num_runs(copies) == 11
