"""The command that writes rows for a framework: one for each instance that can be scored, by the options."""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import MemcurateError
from tests.frameworks.exported import export_package
from tests.training.environment.datasets import make_rows
from training.environment import DEFAULT_PARAMS, EnvPackage
from training.environment.rows_command import run_rows_command


@pytest.fixture
def package(tmp_path: Path, assets: Path) -> EnvPackage:
    folder = export_package(tmp_path, "skyrl", make_rows(3), DEFAULT_PARAMS, assets)
    return EnvPackage(folder / "memcurate_memory")


def write(package: EnvPackage, monkeypatch: pytest.MonkeyPatch, out: Path, *options: str) -> pa.Table:
    monkeypatch.setattr(sys, "argv", ["rows", str(out), *options])
    run_rows_command(package, lambda index, row: {"number": index, "name": row["instance"]})
    return pq.read_table(out)


def test_a_row_is_an_instance_with_the_prompt_of_its_first_chunk(
    package: EnvPackage,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = write(package, monkeypatch, tmp_path / "out" / "rows.parquet")
    rows = table.to_pylist()
    env = package.make_env("train")
    assert [row["instance"] for row in rows] == [one.id for one in env.instances]
    assert [row["prompt"] for row in rows] == [env.reset(row["instance"]).messages for row in rows]
    assert [row["number"] for row in rows] == [0, 1, 2]
    assert [row["name"] for row in rows] == [row["instance"] for row in rows]
    assert {(row["split"], row["credit"]) for row in rows} == {("train", "episode")}
    assert {row["data_source"] for row in rows} == {row["instance"].partition("/")[0] for row in rows}
    assert not {"max_chunks", "max_questions"} & set(table.column_names)  # they were not given
    assert "3 rows; left out without a question that can be scored: 0" in capsys.readouterr().out


def test_options_are_columns_and_an_unknown_source_is_an_error(
    package: EnvPackage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "rows.parquet"
    (row, *_) = write(package, monkeypatch, out, "--credit", "call", "--max-chunks", "1").to_pylist()
    assert (row["credit"], row["max_chunks"]) == ("call", 1)
    with pytest.raises(MemcurateError, match="no instance of nobody"):
        write(package, monkeypatch, out, "--source", "nobody")


def test_json_lines_have_the_same_rows(
    package: EnvPackage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = write(package, monkeypatch, tmp_path / "rows.parquet").to_pylist()
    monkeypatch.setattr(sys, "argv", ["rows", str(tmp_path / "rows.jsonl")])
    run_rows_command(package, lambda index, row: {"number": index, "name": row["instance"]})
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows
