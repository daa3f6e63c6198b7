"""The stage evaluate and `memcurate show`: their output, and errors on bad input before any work."""

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.core.schema import Fact, Instance, ModelCall, Question, Split
from pipeline.core.storage import read_rows, write_rows
from stages.shared.paths import DATASET_DIR, EVALUATION_DIR
from tests.pipeline.llm.fault_server import serving
from tests.pipeline.questions.factories import make_instance, make_question
from tests.ports import find_free_port
from tests.stages.conftest import Make, Project
from training.memory.schema import Episode

QUICK = {"evaluation.context_lengths": [1000], "evaluation.bootstrap_samples": 100}
PLACES = ["Rome", "Oslo", "Lima", "Bern", "Kyiv", "Riga"]


def make_test_instance(number: int, split: Split, words: int = 30) -> Instance:
    """Make an instance of two chunks, with a question about each."""
    texts = [
        f"{name} lived in {PLACES[number]} for years. " + "It was so. " * words for name in ("Ann", "Bob")
    ]
    instance = make_instance(
        f"made/{split}{number}", *({f"made/s{place}": text} for place, text in enumerate(texts))
    )
    instance.split = split
    for chunk in instance.chunks:
        chunk.tokens = len(chunk.text.split())
    instance.tokens = sum(chunk.tokens for chunk in instance.chunks)
    instance.questions = [make_place_question(number, name) for name in ("Ann", "Bob")]
    return instance


def make_place_question(number: int, name: str) -> Question:
    return make_question(f"made/q{number}{name}", f"Where did {name} live?", [PLACES[number]])


def write_dataset(project: Project, tests: list[Instance], train: list[Instance]) -> Path:
    folder = project.folder / DATASET_DIR
    folder.mkdir(parents=True)
    write_rows(folder / "test.parquet", Instance, tests)
    write_rows(folder / "train.parquet", Instance, train)
    return folder


def write_small_dataset(project: Project) -> None:
    write_dataset(
        project,
        [make_test_instance(0, "test"), make_test_instance(1, "test")],
        [make_test_instance(number, "train", 300) for number in (2, 3)],
    )


def read_metrics(project: Project) -> dict[str, dict[str, float]]:
    """Return the metrics of each method."""
    paths = (project.folder / "metrics" / "evaluate").iterdir()
    return {path.stem: json.loads(path.read_text()) for path in paths}


def read_results(project: Project) -> list[dict[str, str]]:
    with (project.folder / EVALUATION_DIR / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def show(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stages.cli.main import run; run()", "show", *arguments]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


def test_all_methods_are_evaluated_and_written(make: Make) -> None:
    project = make(QUICK)
    write_small_dataset(project)
    done = project.stage("evaluate")
    assert done.returncode == 0, done.stderr
    figures = read_metrics(project)
    assert figures.keys() == {"scripted", "scripted_updating", "bm25_chunks", "empty_memory", "long_context"}
    assert figures["scripted"].keys() == {"score", "reward", "memory_tokens"}
    assert figures["scripted"]["score"] == 1 and figures["empty_memory"] == {"score": 0}
    results = read_results(project)
    assert {row["context_length"] for row in results} == {"", "1000"}
    test, long = (row for row in results if (row["method"], row["source"]) == ("scripted", "made"))
    assert (test["instances"], test["questions"], long["questions"]) == ("2", "4", "4")
    episodes = list(read_rows(project.folder / EVALUATION_DIR / "episodes" / "scripted.parquet", Episode))
    assert [one.context_length for one in episodes] == [None, None, 1000]
    assert [len(one.steps) for one in episodes[:2]] == [2, 2]
    assert (project.folder / EVALUATION_DIR / "index.html").stat().st_size > 1000


def test_facts_questions_on_the_way_and_capacities_reach_the_output(make: Make) -> None:
    methods = ["scripted", "scripted_updating", "bm25_chunks", "empty_memory"]
    changes = {"evaluation.capacities": [0.25, 1], "evaluation.baselines": methods}
    project = make({**QUICK, **changes, "evaluation.context_lengths": []})
    texts = ["I live in Rome.", "I've moved to Oslo."]
    instance = make_instance(
        "made/moves",
        *(
            {f"made/s{number}": f"[Dialogue at timestamp 2024-01-0{number + 1} 10:00]\n<Ann Lee> {text}"}
            for number, text in enumerate(texts)
        ),
    )
    instance.split = "test"
    for chunk in instance.chunks:
        chunk.tokens = 40
    instance.tokens = 80
    instance.questions = [
        replace(
            make_question(f"made/q{number}", "Where does Ann Lee live?", [right]),
            kind="current value",
            wrong_answers=[wrong],
            after_chunk=after,
        )
        for number, (right, wrong, after) in enumerate((("Rome", "Oslo", 0), ("Oslo", "Rome", None)))
    ]
    instance.facts = [
        Fact("Ann Lee", "city", "Rome", "made/s0", 0, "superseded", "made/s1", 1),
        Fact("Ann Lee", "city", "Oslo", "made/s1", 1),
    ]
    write_dataset(project, [instance], [make_test_instance(2, "train", 300)])
    done = project.stage("evaluate")
    assert done.returncode == 0, done.stderr
    folder = project.folder / EVALUATION_DIR
    for name in methods:
        (episode,) = read_rows(folder / "episodes" / f"{name}.parquet", Episode)
        assert [answer.after_chunk for answer in episode.answers] == [0, None]
        scores = [0.0, 0.0] if name == "empty_memory" else [1.0, 1.0]
        assert [answer.score for answer in episode.answers] == scores
        assert len(episode.measures) == (2 if name.startswith("scripted") else 0)
    figures = read_metrics(project)
    assert figures.keys() == set(methods)
    assert {path.name for path in folder.iterdir()} >= {"kinds.csv", "memory.csv", "capacities.csv"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'<section id="{name}">' in page for name in ("kinds", "memory", "capacities"))


def test_a_judge_scores_answers_and_replays_its_cache(make: Make) -> None:
    judge = {"name": "m", "revision": "1", "temperature": 0.0, "max_tokens": 50}
    methods = ["scripted", "empty_memory"]
    project = make(
        {**QUICK, "evaluation.context_lengths": [], "evaluation.baselines": methods, "answer.judge": judge}
    )
    instance = make_test_instance(0, "test")
    instance.questions[0].metric = "judge"
    write_dataset(project, [instance], [])
    cache = {"MEMCURATE_ENDPOINT_CACHE_PATH": str(project.folder / "answers.sqlite")}
    with serving(lambda message, before: json.dumps({"correct": "Rome" in message})) as server:
        done = project.stage("evaluate", **cache, MEMCURATE_ENDPOINT_URL=server.url)
        assert done.returncode == 0, done.stderr
        tried, judged = server.requests
    assert tried["messages"][0]["content"] == "hello"
    assert "Right answer: Rome" in judged["messages"][0]["content"]
    folder = project.folder / EVALUATION_DIR
    scores = {
        name: [
            answer.score
            for one in read_rows(folder / "episodes" / f"{name}.parquet", Episode)
            for answer in one.answers
        ]
        for name in methods
    }
    assert scores == {"scripted": [1.0, 1.0], "empty_memory": [0.0, 0.0]}
    (call,) = read_rows(folder / "model_calls.parquet", ModelCall)
    assert call.id == instance.questions[0].id and call.step == "judge of answers"
    before = project.left()
    again = project.stage("evaluate", **cache, MEMCURATE_ENDPOINT_MODE="replay", MEMCURATE_ENDPOINT_URL="")
    assert again.returncode == 0 and project.left() == before


def test_an_unreachable_length_is_a_warning(make: Make) -> None:
    project = make({"evaluation.context_lengths": [1000, 900_000], "evaluation.bootstrap_samples": 100})
    write_small_dataset(project)
    done = project.stage("evaluate")
    assert done.returncode == 0
    assert "evaluation.context_lengths 900000: skipped, no source reaches 900000 tokens" in done.stderr
    assert {row["context_length"] for row in read_results(project)} == {"", "1000"}


def test_a_second_run_writes_the_same_bytes(make: Make) -> None:
    project = make(QUICK)
    write_small_dataset(project)
    for _ in range(2):
        assert project.stage("evaluate", PYTHONHASHSEED="random").returncode == 0
    before = project.left()
    assert project.stage("evaluate", PYTHONHASHSEED="3").returncode == 0
    assert project.left() == before


def test_show_prints_an_episode_its_steps_and_questions(make: Make) -> None:
    project = make(QUICK)
    write_small_dataset(project)
    project.stage("evaluate")
    shown = show(project, "scripted:made/test0")
    assert shown.returncode == 0, shown.stderr
    for part in (
        "step 1",
        "applied  new_memory_insert semantic (inserted as s1)",
        "question 1",
        "gold      Rome",
    ):
        assert part in shown.stdout
    step = show(project, "scripted:made/test0", "--step", "1").stdout
    assert "Bob lived in Rome" in step and "<tool_call>" in step
    question = show(project, "scripted:made/test0", "--question", "0").stdout
    assert re.search(r"\[s\d\] .*Rome", question) and "score     1.000 by contains" in question


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nobody:made/test0"], ["nobody", "bm25_chunks", "scripted"]),
        (["scripted:made/none"], ["made/none", "scripted.parquet"]),
        (["scripted:made/test0", "--step", "9"], ["step 9", "there are 2"]),
        (["scripted:made/test0", "--question", "2"], ["question 2", "there are 2"]),
    ],
)
def test_an_unknown_episode_step_or_question_is_an_error(
    make: Make, arguments: list[str], expected: list[str]
) -> None:
    project = make(QUICK)
    write_small_dataset(project)
    project.stage("evaluate")
    done = show(project, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in expected if part not in done.stderr] == [], done.stderr


def test_show_before_an_evaluation_is_an_error(make: Make) -> None:
    done = show(make({}), "scripted:made/test0")
    assert done.returncode == 1 and "dvc repro evaluate" in done.stderr


# Bad input


def test_a_missing_dataset_is_an_error(make: Make) -> None:
    make({}).refuses(["evaluate: ", "data/dataset/test.parquet", "dvc repro"], "evaluate")


def test_another_schema_version_is_an_error(make: Make) -> None:
    project = make({})
    write_small_dataset(project)
    path = project.folder / DATASET_DIR / "test.parquet"
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"memcurate.schema": "1"}), path)
    project.refuses(["evaluate: ", "test.parquet", "schema version 1", "dvc repro"], "evaluate")


def test_an_empty_test_split_is_an_error(make: Make) -> None:
    project = make({})
    write_dataset(project, [], [make_test_instance(2, "train")])
    project.refuses(["evaluate: ", "test.parquet", "no instance"], "evaluate")


def test_a_damaged_file_is_an_error(make: Make) -> None:
    project = make({})
    write_small_dataset(project)
    (project.folder / DATASET_DIR / "test.parquet").write_bytes(b"PAR1 nothing")
    project.refuses(["evaluate: ", "test.parquet", "cannot be read as Parquet"], "evaluate")


def test_a_missing_model_folder_is_an_error(make: Make) -> None:
    project = make({"evaluation.policies": {"mine": {"local": "models/none"}}})
    write_small_dataset(project)
    project.refuses(["evaluate: ", "models/none", "there is no such folder"], "evaluate", HF_HUB_OFFLINE="1")


def test_a_model_without_tokenizer_is_an_error(make: Make) -> None:
    project = make({"evaluation.policies": {"mine": {"local": "models/bare"}}})
    write_small_dataset(project)
    folder = project.folder / "models" / "bare"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama", "vocab_size": 8}')
    project.refuses(["evaluate: ", "models/bare", "tokenizer"], "evaluate", HF_HUB_OFFLINE="1")


def test_an_endpoint_without_address_is_an_error(make: Make) -> None:
    project = make({"evaluation.policies": {"mine": {"endpoint": {"name": "some/model", "revision": "1"}}}})
    write_small_dataset(project)
    project.refuses(
        ["evaluate: ", "some/model", "MEMCURATE_ENDPOINT_URL"], "evaluate", MEMCURATE_ENDPOINT_URL=""
    )


def test_a_refused_connection_is_an_error(make: Make) -> None:
    project = make({"answer.backend": "endpoint", "answer.model": {"name": "some/model", "revision": "1"}})
    write_small_dataset(project)
    url = f"http://127.0.0.1:{find_free_port()}/v1"
    expected = ["evaluate: ", url, "some/model", "start the server"]
    project.refuses(expected, "evaluate", MEMCURATE_ENDPOINT_URL=url, MEMCURATE_ENDPOINT_KEY="secret-key")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answer.backend": "local"}, ["answer: answer.model is None", "local"]),
        ({"answer.max_context_tokens": 1}, ["answer.max_context_tokens", "32"]),
        (
            {"evaluation.baselines": ["scripted", "scripted"]},
            ["evaluation: baselines names 'scripted' twice"],
        ),
        ({"evaluation.baselines": ["magic"]}, ["evaluation.baselines.0", "magic"]),
        (
            {"evaluation.policies": {"m": {"local": "a", "endpoint": {"name": "b", "revision": "1"}}}},
            ["evaluation.policies.m", "exactly one"],
        ),
        ({"evaluation.policies": {"scripted": {"local": "a"}}}, ["evaluation: policies has 'scripted'"]),
        ({"memory.core": 3}, ["memory.core", "no such key"]),
        ({"rewards.compression_weight": -1}, ["rewards.compression_weight"]),
    ],
)
@pytest.mark.parametrize("stage", ["evaluate", "assemble"])
def test_wrong_keys_are_an_error_of_every_stage(
    make: Make, stage: str, changes: dict[str, object], expected: list[str]
) -> None:
    make(changes).refuses([f"{stage}: ", "params.yaml", *expected], stage)
