"""The stages on bad input: status 1, an error that names the mistake, no output."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.core.atomic import atomic_folder
from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from stages.shared.paths import (
    ASSETS_DIR,
    CHUNKS_DIR,
    DATASET_DIR,
    EVALUATION_DIR,
    FILTERED_DIR,
    INPUTS_DIR,
    PARITY_DIR,
    QUESTIONS_DIR,
    RAW_DIR,
    REPORT_DIR,
    TRAINED_EVALUATION_DIR,
    TRAINING_DIR,
)
from tests.conftest import ROOT
from tests.stages.conftest import Make

WORDS = " ".join(f"Sentence {number} says something of little weight." for number in range(40))
SMALL = {  # chunking that makes instances of a few paragraphs
    "sources.squad_dev.chunking.max_tokens": 512,
    "sources.squad_dev.chunking.min_chunks": 1,
}


def article(number: int, *more: object) -> dict[str, object]:
    return {
        "title": f"Article {number}",
        "paragraphs": [{"context": f"Article {number}. {WORDS}", "qas": []}, *more],
    }


# Raw files without a readable record


def test_truncated_json_is_an_error_with_its_line(make: Make) -> None:
    project = make({})
    project.raw("squad_dev/squad.json", '{"data": [\n  {"title": ')
    expected = ["chunk@squad_dev: ", "data/raw/squad_dev/squad.json", "not valid JSON", "line 2"]
    project.refuses(expected, "chunk", "squad_dev")


def test_json_of_another_shape_is_an_error(make: Make) -> None:
    project = make({})
    project.raw("squad_dev/squad.json", '{"records": []}')
    project.refuses(["chunk@squad_dev: ", "squad.json"], "chunk", "squad_dev")
    project.raw("chitchat/dataset.json", '"hello"')
    project.refuses(["chunk@chitchat: ", "dataset.json", "list or an object"], "chunk", "chitchat")
    project.raw("banking77/pool.json", '{"train_texts": 3}')
    project.refuses(["chunk@banking77: ", "pool.json", "/train_texts"], "chunk", "banking77")


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("squad_dev/squad.json", '{"data": "é"}'.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
        ("longmemeval/longmemeval_oracle.json", '["é"]'.encode("latin-1"), ["utf-8", "byte"]),
    ],
)
def test_another_encoding_is_an_error(make: Make, path: str, content: bytes, expected: list[str]) -> None:
    project = make({})
    project.raw(path, content)
    source = path.partition("/")[0]
    project.refuses([f"chunk@{source}: ", f"data/raw/{path}", *expected], "chunk", source)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("gutenberg/austen-emma.txt", ""),
        ("chitchat/dataset.json", " \n\n"),
        ("trec_coarse/question_labels.txt", ""),
        ("hotpotqa_dev/hotpotqa.json", ""),
    ],
)
def test_an_empty_file_is_an_error(make: Make, path: str, content: str) -> None:
    project = make({})
    project.raw(path, content)
    source = path.partition("/")[0]
    project.refuses([f"chunk@{source}: ", f"data/raw/{path}", "empty"], "chunk", source)


@pytest.mark.parametrize("content", ["[]", "{}"])
def test_a_file_without_records_is_an_error(make: Make, content: str) -> None:
    project = make({})
    project.raw("longmemeval/longmemeval_oracle.json", content)
    project.refuses(["chunk@longmemeval: ", "sources.longmemeval", "nothing"], "chunk", "longmemeval")


@pytest.mark.parametrize("source", ["gutenberg", "squad_dev", "trec_fine", "banking77"])
def test_a_missing_raw_folder_is_an_error(make: Make, source: str) -> None:
    make({}).refuses([f"chunk@{source}: ", f"data/raw/{source}", "dvc repro"], "chunk", source)


def test_missing_assets_are_an_error(make: Make) -> None:
    project = make({})
    (project.folder / "data" / "assets").unlink()
    project.raw("squad_dev/squad.json", json.dumps({"data": [article(1)]}))
    project.refuses(["chunk@squad_dev: ", "data/assets/tiktoken", "dvc repro assets"], "chunk", "squad_dev")


@pytest.mark.parametrize(
    ("stage", "arguments", "missing"),
    [
        ("question", ["squad_dev"], "data/chunks/squad_dev/"),
        ("question", ["trec_fine"], "data/chunks/trec_fine/"),
        ("filter", ["squad_dev"], "data/chunks/squad_dev/"),
        ("assemble", [], "data/filtered/"),
        ("report", [], "data/dataset/"),
    ],
)
def test_a_missing_input_names_the_command_that_builds_it(
    make: Make, stage: str, arguments: list[str], missing: str
) -> None:
    make({}).refuses([missing, "dvc repro"], stage, *arguments)


# Bad records among good ones


def test_malformed_records_are_rejected_and_counted(make: Make) -> None:
    """Three, of three kinds: each is counted and stored, and the other records are chunked."""
    project = make(SMALL)
    articles: list[object] = [article(number) for number in range(12)]
    articles[3] = article(3, {"context": 3, "qas": []})
    articles.insert(5, {"title": "no paragraphs"})
    articles.insert(7, "no article")
    project.raw("squad_dev/squad.json", json.dumps({"data": articles}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0, done.stderr
    statistics = json.loads((project.folder / "data/chunks/squad_dev/statistics.json").read_text())
    assert statistics["rejects"]["undivided"]["record"] == {"malformed record": 3}
    metrics = json.loads((project.folder / "metrics/chunk/squad_dev.json").read_text())
    instances = list(read_rows(project.folder / "data/chunks/squad_dev/instances.parquet", Instance))
    for split in ("train", "test"):
        num_instances = sum(one.split == split for one in instances)
        assert statistics[split]["instances"] == metrics[split] == num_instances
    assert metrics["chunks"] == sum(len(one.chunks) for one in instances)
    assert metrics["tokens"] == sum(chunk.tokens for one in instances for chunk in one.chunks)
    assert metrics["rejected"] >= 3
    documents = {segment.document for one in instances for chunk in one.chunks for segment in chunk.segments}
    assert documents == {f"Article {number}" for number in range(12)}


def test_a_lone_surrogate_makes_a_record_malformed(make: Make) -> None:
    r"""JSON may hold a lone surrogate, as in texts that a program cut: "\ud83d"."""
    project = make(SMALL)
    articles = [article(number) for number in range(12)]
    articles[3] = {"title": "Article 3", "paragraphs": [{"context": f"\ud83d {WORDS}", "qas": []}]}
    project.raw("squad_dev/squad.json", json.dumps({"data": articles}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0, done.stderr
    statistics = json.loads((project.folder / "data/chunks/squad_dev/statistics.json").read_text())
    assert statistics["rejects"]["undivided"]["record"] == {"malformed record": 1}


def test_an_empty_split_is_a_warning(make: Make) -> None:
    """One article goes to train, and no instance to test."""
    project = make(SMALL)
    project.raw("squad_dev/squad.json", json.dumps({"data": [article(0), {"title": "no paragraphs"}]}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0
    expected = (
        "chunk@squad_dev: no test instance is left; of 1 rejects the first: malformed record, /paragraphs"
    )
    assert expected in done.stderr
    for stage in ("question", "filter"):
        done = project.stage(stage, "squad_dev")
        assert done.returncode == 0, done.stderr
    assert "filter@squad_dev: no train instance is left; of 1 rejects the first: too few" in done.stderr
    assert "filter@squad_dev: no test instance is left; " in done.stderr


# Params, arguments and environment


def test_a_source_that_is_not_enabled_is_an_error(make: Make) -> None:
    project = make({"enabled_sources": ["gutenberg", "squad_dev"]})
    for stage in ("fetch", "filter"):
        expected = [f"{stage}@banking77: ", "'banking77'", "enabled_sources", "gutenberg, squad_dev"]
        project.refuses(expected, stage, "banking77")


@pytest.mark.parametrize("stage", ["assets", "assemble"])
def test_an_unknown_key_is_an_error(make: Make, stage: str) -> None:
    project = make({"sources.squad_dev.chunking.max_token": 5})
    project.refuses([f"{stage}: ", "sources.squad_dev.chunking.max_token", "no such key"], stage)


def test_a_denied_license_is_an_error(make: Make) -> None:
    project = make({"licenses.deny": ["CC-BY-SA-4.0"]})
    project.refuses(["squad_dev", "CC-BY-SA-4.0", "licenses.deny"], "fetch", "squad_dev")


def test_missing_params_are_an_error(make: Make) -> None:
    project = make({})
    (project.folder / "params.yaml").unlink()
    project.refuses(["params.yaml", "root folder"], "assemble")


def test_a_missing_source_argument_is_an_error(make: Make) -> None:
    project = make({})
    done = project.stage("chunk")
    assert done.returncode == 2 and "the following arguments are required: SOURCE" in done.stderr


@pytest.mark.parametrize("workers", ["zero", "0"])
def test_a_wrong_number_of_workers_is_an_error(make: Make, workers: str) -> None:
    project = make({})
    project.raw("gutenberg/austen-emma.txt", f"CHAPTER I\n\n{WORDS}\n")
    expected = ["chunk@gutenberg: ", "MEMCURATE_WORKERS", repr(workers)]
    project.refuses(expected, "chunk", "gutenberg", MEMCURATE_WORKERS=workers)


# Fetching


def test_another_hash_than_the_pinned_one_is_an_error(make: Make, tmp_path: Path) -> None:
    pinned = hashlib.sha256(b"others").hexdigest()
    place = {"locator": f"file:{tmp_path}/squad.json", "sha256": pinned}
    project = make({"sources.squad_dev.files": [{"locations": [place]}]})
    (tmp_path / "squad.json").write_text("these")
    found = hashlib.sha256(b"these").hexdigest()
    expected = ["fetch@squad_dev: ", f"{tmp_path}/squad.json", pinned, found]
    project.refuses(expected, "fetch", "squad_dev", MEMCURATE_CACHE_DIR=str(tmp_path / "cache"))


def test_a_missing_second_file_leaves_no_folder(make: Make, tmp_path: Path) -> None:
    """The first file, which exists, is not written."""
    places = [
        {"locator": f"file:{tmp_path}/{name}", "sha256": hashlib.sha256(b"these").hexdigest()}
        for name in ("one", "two")
    ]
    project = make({"sources.squad_dev.files": [{"locations": [place]} for place in places]})
    (tmp_path / "one").write_text("these")
    project.refuses([f"{tmp_path}/two"], "fetch", "squad_dev", MEMCURATE_CACHE_DIR=str(tmp_path / "cache"))


@pytest.mark.parametrize(("stage", "arguments"), [("fetch", ["squad_dev"]), ("assets", [])])
def test_a_missing_connection_is_an_error(
    make: Make, tmp_path: Path, stage: str, arguments: list[str]
) -> None:
    project = make({})
    (project.folder / "data" / "assets").unlink()
    (tmp_path / "cache").mkdir()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "SHA256SUMS").touch()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        index = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        project.refuses(
            [
                "not in the cache",
                "mirror",
                index,
                "no connection",
                "MEMCURATE_MIRROR_DIR",
                "MEMCURATE_CACHE_DIR",
            ],
            stage,
            *arguments,
            MEMCURATE_CACHE_DIR=str(tmp_path / "cache"),
            MEMCURATE_MIRROR_DIR=str(tmp_path / "mirror"),
            PIP_INDEX_URL=index,
            PIP_EXTRA_INDEX_URL=index,
        )


# Killed


@pytest.mark.parametrize("moment", ["before writing", "writing"])
def test_a_killed_stage_leaves_no_output_and_runs_again(make: Make, raw: Path, moment: str) -> None:
    """The whole process group is killed: the output is missing, and the next run writes it."""
    project = make({"enabled_sources": ["squad_dev"]})
    shutil.copytree(raw / "squad_dev", project.folder / RAW_DIR / "squad_dev")
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.chunk", "squad_dev"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    aside = project.folder / "data/.partial/chunks"
    written = "squad_dev.*/squad_dev/instances.parquet"
    if moment == "before writing":
        time.sleep(0.5)
    else:
        while not list(aside.glob(written)) and process.poll() is None:
            pass
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert bool(list(aside.glob(written))) == (moment == "writing")
    assert not (project.folder / CHUNKS_DIR).exists() or list((project.folder / CHUNKS_DIR).iterdir()) == []
    assert not (project.folder / "metrics").exists()
    assert project.stage("chunk", "squad_dev").returncode == 0
    assert not aside.exists()
    names = {path.name for path in (project.folder / CHUNKS_DIR / "squad_dev").iterdir()}
    tables = ("instances", "rejects", "questions", "labelled_examples", "document_questions")
    assert names == {"statistics.json", *(f"{name}.parquet" for name in tables)}


@pytest.mark.parametrize(
    "target",
    [
        *(
            pytest.param(path / "made", id=path.name)
            for path in (RAW_DIR, CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR)
        ),
        *(pytest.param(path, id=path.name) for path in (ASSETS_DIR, DATASET_DIR)),
    ],
)
def test_files_of_a_killed_run_are_ignored_by_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with atomic_folder(target) as folder:
        done = subprocess.run(["git", "check-ignore", "--quiet", folder / "file"], cwd=ROOT, check=False)
    assert not folder.is_absolute()
    assert done.returncode == 0


def test_outputs_in_dvc_yaml_are_those_of_the_stages(make: Make) -> None:
    """The folders that these tests compare are the outputs in dvc.yaml."""
    graph = "".join((ROOT / name).read_text() for name in ("dvc.yaml", "inputs/dvc.yaml"))
    outs = re.findall(r"^ +- (data/\w+)(?:/\$\{item\})?$", graph, re.MULTILINE)
    folders = (
        ASSETS_DIR,
        INPUTS_DIR,
        RAW_DIR,
        CHUNKS_DIR,
        QUESTIONS_DIR,
        FILTERED_DIR,
        PARITY_DIR,
        DATASET_DIR,
        REPORT_DIR,
        EVALUATION_DIR,
        TRAINING_DIR,
    )
    assert {*map(str, folders), str(TRAINED_EVALUATION_DIR)} == set(outs)
