"""The real evaluate stage and `memcurate show`: what they write, and bad input, told before any work."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.schema import Asked, Instance, Question, Split
from pipeline.storage import read_rows, write_rows
from stages.running import DATASET, EVALUATION
from tests.endpoint.faults import serving
from tests.questions.making import make_instance, make_question
from tests.stages.conftest import Make, Project
from training.schema import Episode

QUICK = {"evaluation.stretch": [1000], "evaluation.resamples": 100}
PLACES = ["Rome", "Oslo", "Lima", "Bern", "Kyiv", "Riga"]


def made(number: int, split: Split, words: int = 30) -> Instance:
    """Two chunks of passages, and a question about each."""
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
    instance.questions = [ask(number, name) for name in ("Ann", "Bob")]
    return instance


def ask(number: int, name: str) -> Question:
    return make_question(f"made/q{number}{name}", f"Where did {name} live?", [PLACES[number]])


def with_dataset(project: Project, tests: list[Instance], train: list[Instance]) -> Path:
    folder = project.folder / DATASET
    folder.mkdir(parents=True)
    write_rows(folder / "test.parquet", Instance, tests)
    write_rows(folder / "train.parquet", Instance, train)
    return folder


def small(project: Project) -> None:
    with_dataset(
        project, [made(0, "test"), made(1, "test")], [made(number, "train", 300) for number in (2, 3)]
    )


def show(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stages.cli import run; run()", "show", *arguments]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


def test_methods_are_played_and_kept(make: Make) -> None:
    project = make(QUICK)
    small(project)
    done = project.stage("evaluate")
    assert done.returncode == 0, done.stderr
    figures = json.loads((project.folder / "metrics" / "evaluate.json").read_text())
    assert figures.keys() == {"test", "tokens_1000"}
    scripted = figures["test"]["scripted"]["made"]
    assert scripted["score"] == 1 and scripted["instances"] == 2 and scripted["questions"] == 4
    assert figures["test"]["empty_memory"]["average"]["score"] == 0
    assert figures["tokens_1000"]["scripted"]["made"]["questions"] == 4
    episodes = list(read_rows(project.folder / EVALUATION / "episodes" / "scripted.parquet", Episode))
    assert [one.stretch for one in episodes] == [None, None, 1000]
    assert [len(one.steps) for one in episodes[:2]] == [2, 2]
    assert (project.folder / EVALUATION / "index.html").stat().st_size > 1000


def test_a_judge_of_answers(make: Make) -> None:
    """Whoever has the answers needs no server; without a judge these questions are not measured."""
    how = {"model": "m", "revision": "1", "temperature": 0.0, "max_tokens": 50}
    methods = ["scripted", "empty_memory"]
    project = make({**QUICK, "evaluation.stretch": [], "evaluation.methods": methods, "answer.judge": how})
    instance = made(0, "test")
    instance.questions[0].metric = "judge"
    with_dataset(project, [instance], [])
    kept = {"MEMCURATE_ENDPOINT_ANSWERS": str(project.folder / "answers.sqlite")}
    with serving(lambda message, before: json.dumps({"correct": "Rome" in message})) as server:
        done = project.stage("evaluate", **kept, MEMCURATE_ENDPOINT_URL=server.url)
        assert done.returncode == 0, done.stderr
        tried, judged = server.requests
    assert tried["messages"][0]["content"] == "hello"
    assert "Right answer: Rome" in judged["messages"][0]["content"]
    folder = project.folder / EVALUATION
    scores = {
        name: [
            answer.score
            for one in read_rows(folder / "episodes" / f"{name}.parquet", Episode)
            for answer in one.answers
        ]
        for name in methods
    }
    assert scores == {"scripted": [1.0, 1.0], "empty_memory": [0.0, 0.0]}
    (asked,) = read_rows(folder / "asked.parquet", Asked)
    assert asked.id == instance.questions[0].id and asked.step == "judge of answers"
    before = project.left()
    again = project.stage("evaluate", **kept, MEMCURATE_ENDPOINT_MODE="replay", MEMCURATE_ENDPOINT_URL="")
    assert again.returncode == 0 and project.left() == before


def test_a_length_that_no_source_has_is_told(make: Make) -> None:
    project = make({"evaluation.stretch": [1000, 900_000], "evaluation.resamples": 100})
    small(project)
    done = project.stage("evaluate")
    assert done.returncode == 0 and "evaluation.stretch 900000 is left out" in done.stderr
    figures = json.loads((project.folder / "metrics" / "evaluate.json").read_text())
    assert figures.keys() == {"test", "tokens_1000"}


def test_the_same_again(make: Make) -> None:
    project = make(QUICK)
    small(project)
    for _ in range(2):
        assert project.stage("evaluate", PYTHONHASHSEED="random").returncode == 0
    before = project.left()
    assert project.stage("evaluate", PYTHONHASHSEED="3").returncode == 0
    assert project.left() == before


def test_an_episode_is_shown(make: Make) -> None:
    project = make(QUICK)
    small(project)
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
    asked = show(project, "scripted:made/test0", "--question", "0").stdout
    assert re.search(r"\[s\d\] .*Rome", asked) and "score     1.000 by contains" in asked


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody:made/test0"], ["nobody", "bm25_chunks", "scripted"]),
        (["scripted:made/none"], ["made/none", "scripted.parquet"]),
        (["scripted:made/test0", "--step", "9"], ["step 9", "there are 2"]),
        (["scripted:made/test0", "--question", "2"], ["question 2", "there are 2"]),
    ],
)
def test_an_episode_that_is_not_there(make: Make, arguments: list[str], told: list[str]) -> None:
    project = make(QUICK)
    small(project)
    project.stage("evaluate")
    done = show(project, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in told if part not in done.stderr] == [], done.stderr


def test_nothing_evaluated_yet(make: Make) -> None:
    done = show(make({}), "scripted:made/test0")
    assert done.returncode == 1 and "dvc repro evaluate" in done.stderr


# Bad input


def test_no_dataset(make: Make) -> None:
    make({}).refuses(["evaluate: ", "data/dataset/test.parquet", "dvc repro"], "evaluate")


def test_a_dataset_of_another_schema(make: Make) -> None:
    project = make({})
    small(project)
    path = project.folder / DATASET / "test.parquet"
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"memcurate.schema": "1"}), path)
    project.refuses(["evaluate: ", "test.parquet", "schema version 1", "dvc repro"], "evaluate")


def test_an_empty_split(make: Make) -> None:
    project = make({})
    with_dataset(project, [], [made(2, "train")])
    project.refuses(["evaluate: ", "test.parquet", "no instance"], "evaluate")


def test_a_damaged_dataset(make: Make) -> None:
    project = make({})
    small(project)
    (project.folder / DATASET / "test.parquet").write_bytes(b"PAR1 nothing")
    project.refuses(["evaluate: ", "test.parquet", "cannot be read as Parquet"], "evaluate")


def test_no_model_folder(make: Make) -> None:
    project = make({"evaluation.models": {"mine": {"local": "models/none"}}})
    small(project)
    project.refuses(["evaluate: ", "models/none", "there is no such folder"], "evaluate", HF_HUB_OFFLINE="1")


def test_a_model_folder_without_tokenizer(make: Make) -> None:
    project = make({"evaluation.models": {"mine": {"local": "models/bare"}}})
    small(project)
    folder = project.folder / "models" / "bare"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama", "vocab_size": 8}')
    project.refuses(["evaluate: ", "models/bare", "tokenizer"], "evaluate", HF_HUB_OFFLINE="1")


def test_no_address_of_the_endpoint(make: Make) -> None:
    project = make({"evaluation.models": {"mine": {"endpoint": {"model": "some/model", "revision": "1"}}}})
    small(project)
    project.refuses(
        ["evaluate: ", "some/model", "MEMCURATE_ENDPOINT_URL"], "evaluate", MEMCURATE_ENDPOINT_URL=""
    )


def test_an_endpoint_that_refuses(make: Make) -> None:
    project = make({"answer.by": "endpoint", "answer.model": {"model": "some/model", "revision": "1"}})
    small(project)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    told = ["evaluate: ", url, "some/model", "start the server"]
    project.refuses(told, "evaluate", MEMCURATE_ENDPOINT_URL=url, MEMCURATE_ENDPOINT_KEY="secret-key")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"answer.by": "local"}, ["answer: answer.model is None", "local"]),
        ({"answer.max_tokens": 1}, ["answer.max_tokens", "32"]),
        ({"evaluation.methods": ["scripted", "scripted"]}, ["evaluation: methods names 'scripted' twice"]),
        ({"evaluation.methods": ["magic"]}, ["evaluation.methods.0", "magic"]),
        (
            {"evaluation.models": {"m": {"local": "a", "endpoint": {"model": "b", "revision": "1"}}}},
            ["evaluation.models.m", "exactly one"],
        ),
        ({"evaluation.models": {"scripted": {"local": "a"}}}, ["evaluation: models has 'scripted'"]),
        ({"memory.core": 3}, ["memory.core", "no such key"]),
        ({"rewards.compression": -1}, ["rewards.compression"]),
    ],
)
@pytest.mark.parametrize("stage", ["evaluate", "assemble"])
def test_wrong_keys_are_told_by_every_stage(
    make: Make, stage: str, changes: dict[str, object], told: list[str]
) -> None:
    make(changes).refuses([f"{stage}: ", "params.yaml", *told], stage)
