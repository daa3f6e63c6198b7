"""`memcurate trace`, on a small dataset with its raw files."""

import pytest

from stages.shared.paths import DATASET_DIR, FILTERED_DIR, QUESTIONS_DIR
from tests.stages.cli.factories import SOURCE, make_traced_project, make_unfinished_project, run_memcurate
from tests.stages.conftest import Make, Project


@pytest.fixture
def project(make: Make) -> Project:
    return make_traced_project(make)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("f.json#/s1", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q: kept, has its evidence there"]),
        ("f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("f.json#/s3", [f"segment {SOURCE}/r: rejected by filter: too short (2 words)"]),
        ("./f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("/elsewhere/own/f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("own/files/f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("f.json#/s1@0-3", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q"]),
    ],
)
def test_trace_lists_all_rows_of_a_record(project: Project, record: str, expected: list[str]) -> None:
    done = run_memcurate(project, "trace", SOURCE, record)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))


@pytest.mark.parametrize(
    ("stages", "instance", "question"),
    [
        (("chunk",), "no stage after `chunk` has it", "of the source, was read there"),
        (("chunk", "question"), "no stage after `chunk` has it", "asked, was read there"),
        (("chunk", "question", "filter"), "no stage after `filter` has it", "kept by filter, was read there"),
    ],
)
def test_trace_works_before_assemble(
    make: Make, stages: tuple[str, ...], instance: str, question: str
) -> None:
    project = make_unfinished_project(make, *stages)
    chunk = run_memcurate(project, "trace", SOURCE, "f.json#/s1")
    assert chunk.returncode == 0, chunk.stderr
    assert f"instance {SOURCE}/i, not in the dataset: {instance}" in chunk.stdout.splitlines()[0]
    assert f"question {SOURCE}/q: {question}" in run_memcurate(project, "trace", SOURCE, "f.json#/q").stdout
    example = run_memcurate(project, "trace", SOURCE, "f.json#/e").stdout
    assert example == f"segment {SOURCE}/e: a labelled example that no instance shows, f.json#/e@0-2\n"


def test_an_empty_trace_names_the_missing_folders(make: Make) -> None:
    done = run_memcurate(make_unfinished_project(make, "chunk"), "trace", SOURCE, "f.json#/none")
    assert done.returncode == 1
    expected = "; ".join(
        f"{folder} is not here" for folder in (QUESTIONS_DIR / SOURCE, FILTERED_DIR / SOURCE, DATASET_DIR)
    )
    assert done.stderr.endswith(f"#/none is not one of them; {expected}\n")


def test_a_record_out_of_range_is_told_with_those_that_are(project: Project) -> None:
    project.raw(f"{SOURCE}/rows.csv", "a,b\n1,2\n3,4\n")
    for record, count in (
        ("rows.csv#/17", "2 records, #/0 to #/1"),
        ("rows.csv#/17/a", "2 records, #/0 to #/1"),
    ):
        done = run_memcurate(project, "trace", SOURCE, record)
        assert done.returncode == 1
        pointer = record.partition("#")[2]
        assert f"rows.csv has only {count}: #{pointer} is not one of them" in done.stderr
    done = run_memcurate(project, "trace", SOURCE, "rows.csv#/1")
    assert "nothing came of rows.csv#/1" in done.stderr


def test_a_long_trace_is_cut_with_a_count(project: Project) -> None:
    whole = run_memcurate(project, "trace", SOURCE, "f.json", "--limit", "0").stdout.splitlines()
    assert len(whole) > 2
    done = run_memcurate(project, "trace", SOURCE, "f.json", "--limit", "2")
    *lines, last = done.stdout.splitlines()
    assert lines == whole[:2]
    assert last.startswith(f"… and {len(whole) - 2} more (")
    assert "--limit 0 shows them" in last and "f.json#POINTER" in last
