"""The real stages on bad input: status 1, a message that names what was wrong, no output."""

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

from pipeline.folders import whole_folder
from pipeline.schema import Instance
from pipeline.storage import read_rows
from stages.running import (
    ASSETS,
    CHUNKS,
    DATASET,
    EVALUATION,
    FILTERED,
    OWN_FILES,
    PARITY,
    QUESTIONS,
    RAW,
    REPORT,
    TRAINED_EVALUATION,
    TRAINING,
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


# Raw files that no record can be read of


def test_json_cut_short(make: Make) -> None:
    project = make({})
    project.raw("squad_dev/squad.json", '{"data": [\n  {"title": ')
    told = ["chunk@squad_dev: ", "data/raw/squad_dev/squad.json", "no valid JSON", "line 2"]
    project.refuses(told, "chunk", "squad_dev")


def test_json_of_another_shape(make: Make) -> None:
    project = make({})
    project.raw("squad_dev/squad.json", '{"records": []}')
    project.refuses(["chunk@squad_dev: ", "squad.json"], "chunk", "squad_dev")
    project.raw("chitchat/dataset.json", '"hello"')
    project.refuses(["chunk@chitchat: ", "dataset.json", "list or an object"], "chunk", "chitchat")
    project.raw("banking77/pool.json", '{"train_texts": 3}')
    project.refuses(["chunk@banking77: ", "pool.json", "/train_texts"], "chunk", "banking77")


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("squad_dev/squad.json", '{"data": "é"}'.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
        ("longmemeval/longmemeval_oracle.json", '["é"]'.encode("latin-1"), ["utf-8", "byte"]),
    ],
)
def test_another_encoding(make: Make, path: str, content: bytes, told: list[str]) -> None:
    project = make({})
    project.raw(path, content)
    source = path.partition("/")[0]
    project.refuses([f"chunk@{source}: ", f"data/raw/{path}", *told], "chunk", source)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("gutenberg/austen-emma.txt", ""),
        ("chitchat/dataset.json", " \n\n"),
        ("trec_coarse/question_labels.txt", ""),
        ("hotpotqa_dev/hotpotqa.json", ""),
    ],
)
def test_an_empty_file(make: Make, path: str, content: str) -> None:
    project = make({})
    project.raw(path, content)
    source = path.partition("/")[0]
    project.refuses([f"chunk@{source}: ", f"data/raw/{path}", "empty"], "chunk", source)


@pytest.mark.parametrize("content", ["[]", "{}"])
def test_no_records(make: Make, content: str) -> None:
    project = make({})
    project.raw("longmemeval/longmemeval_oracle.json", content)
    project.refuses(["chunk@longmemeval: ", "sources.longmemeval", "nothing"], "chunk", "longmemeval")


@pytest.mark.parametrize("source", ["gutenberg", "squad_dev", "trec_fine", "banking77"])
def test_no_raw_folder(make: Make, source: str) -> None:
    make({}).refuses([f"chunk@{source}: ", f"data/raw/{source}", "dvc repro"], "chunk", source)


def test_no_assets(make: Make) -> None:
    project = make({})
    (project.folder / "data" / "assets").unlink()
    project.raw("squad_dev/squad.json", json.dumps({"data": [article(1)]}))
    project.refuses(["chunk@squad_dev: ", "data/assets/tiktoken", "dvc repro assets"], "chunk", "squad_dev")


@pytest.mark.parametrize(
    ("stage", "arguments", "missing"),
    [
        ("question", ["squad_dev"], "data/chunks/squad_dev/"),
        ("question", ["trec_fine"], "data/chunks/trec_fine/"),
        ("filter", ["squad_dev"], "data/questions/squad_dev/"),
        ("assemble", [], "data/filtered/"),
        ("report", [], "data/dataset/"),
    ],
)
def test_the_stage_before_has_not_run(make: Make, stage: str, arguments: list[str], missing: str) -> None:
    make({}).refuses([missing, "dvc repro"], stage, *arguments)


# Records among others


def test_a_malformed_record_among_good_ones(make: Make) -> None:
    """Three, of three kinds: each is counted and saved, and the others go on."""
    project = make(SMALL)
    articles: list[object] = [article(number) for number in range(12)]
    articles[3] = article(3, {"context": 3, "qas": []})
    articles.insert(5, {"title": "no paragraphs"})
    articles.insert(7, "no article")
    project.raw("squad_dev/squad.json", json.dumps({"data": articles}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((project.folder / "metrics/chunk/squad_dev.json").read_text())
    assert metrics["rejects"]["undivided"]["record"] == {"malformed record": 3}
    instances = list(read_rows(project.folder / "data/chunks/squad_dev/instances.parquet", Instance))
    assert metrics["train"]["instances"] == sum(one.split == "train" for one in instances)
    documents = {segment.document for one in instances for chunk in one.chunks for segment in chunk.segments}
    assert documents == {f"Article {number}" for number in range(12)}


def test_half_a_character(make: Make) -> None:
    r"""JSON may hold a lone surrogate, as in texts that a program cut: "\ud83d"."""
    project = make(SMALL)
    articles = [article(number) for number in range(12)]
    articles[3] = {"title": "Article 3", "paragraphs": [{"context": f"\ud83d {WORDS}", "qas": []}]}
    project.raw("squad_dev/squad.json", json.dumps({"data": articles}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((project.folder / "metrics/chunk/squad_dev.json").read_text())
    assert metrics["rejects"]["undivided"]["record"] == {"malformed record": 1}


def test_a_source_that_loses_a_side_says_so(make: Make) -> None:
    """One article, which train gets: nothing would tell before somebody misses the test instances."""
    project = make(SMALL)
    project.raw("squad_dev/squad.json", json.dumps({"data": [article(0), {"title": "no paragraphs"}]}))
    done = project.stage("chunk", "squad_dev")
    assert done.returncode == 0
    told = "chunk@squad_dev: no test instance is left; of 1 rejects the first: malformed record, /paragraphs"
    assert told in done.stderr
    for stage in ("question", "filter"):
        done = project.stage(stage, "squad_dev")
        assert done.returncode == 0, done.stderr
    assert "filter@squad_dev: no train instance is left; of 1 rejects the first: too few" in done.stderr
    assert "filter@squad_dev: no test instance is left; " in done.stderr


# Params and surroundings


def test_an_unknown_source(make: Make) -> None:
    project = make({"use": ["gutenberg", "squad_dev"]})
    for stage in ("fetch", "filter"):
        told = [f"{stage}@banking77: ", "'banking77'", "`use`", "gutenberg, squad_dev"]
        project.refuses(told, stage, "banking77")


@pytest.mark.parametrize("stage", ["assets", "assemble"])
def test_an_unknown_key(make: Make, stage: str) -> None:
    project = make({"sources.squad_dev.chunking.max_token": 5})
    project.refuses([f"{stage}: ", "sources.squad_dev.chunking.max_token", "no such key"], stage)


def test_a_refused_licence(make: Make) -> None:
    project = make({"licences.refuse": ["CC-BY-SA-4.0"]})
    project.refuses(["squad_dev", "CC-BY-SA-4.0", "licences.refuse"], "fetch", "squad_dev")


def test_no_params(make: Make) -> None:
    project = make({})
    (project.folder / "params.yaml").unlink()
    project.refuses(["params.yaml", "root folder"], "assemble")


def test_no_source_named(make: Make) -> None:
    project = make({})
    assert "usage" in project.stage("chunk").stderr
    assert project.stage("chunk").returncode == 1


@pytest.mark.parametrize("workers", ["zero", "0"])
def test_workers(make: Make, workers: str) -> None:
    project = make({})
    project.raw("gutenberg/austen-emma.txt", f"CHAPTER I\n\n{WORDS}\n")
    told = ["chunk@gutenberg: ", "MEMCURATE_WORKERS", repr(workers)]
    project.refuses(told, "chunk", "gutenberg", MEMCURATE_WORKERS=workers)


# Fetching


def test_other_bytes_than_the_pinned_ones(make: Make, tmp_path: Path) -> None:
    pinned = hashlib.sha256(b"others").hexdigest()
    place = {"locator": f"file:{tmp_path}/squad.json", "sha256": pinned}
    project = make({"sources.squad_dev.files": [{"places": [place]}]})
    (tmp_path / "squad.json").write_text("these")
    found = hashlib.sha256(b"these").hexdigest()
    told = ["fetch@squad_dev: ", f"{tmp_path}/squad.json", pinned, found]
    project.refuses(told, "fetch", "squad_dev", MEMCURATE_CACHE=str(tmp_path / "cache"))


def test_the_second_of_two_files_is_missing(make: Make, tmp_path: Path) -> None:
    """The first, which is there, doesn't make a folder."""
    places = [
        {"locator": f"file:{tmp_path}/{name}", "sha256": hashlib.sha256(b"these").hexdigest()}
        for name in ("one", "two")
    ]
    project = make({"sources.squad_dev.files": [{"places": [place]} for place in places]})
    (tmp_path / "one").write_text("these")
    project.refuses([f"{tmp_path}/two"], "fetch", "squad_dev", MEMCURATE_CACHE=str(tmp_path / "cache"))


@pytest.mark.parametrize(("stage", "arguments"), [("fetch", ["squad_dev"]), ("assets", [])])
def test_no_network(make: Make, tmp_path: Path, stage: str, arguments: list[str]) -> None:
    project = make({})
    (project.folder / "data" / "assets").unlink()
    (tmp_path / "cache").mkdir()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "SHA256SUMS").touch()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        index = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        project.refuses(
            ["not in the cache", "mirror", index, "no connection", "MEMCURATE_MIRROR", "MEMCURATE_CACHE"],
            stage,
            *arguments,
            MEMCURATE_CACHE=str(tmp_path / "cache"),
            MEMCURATE_MIRROR=str(tmp_path / "mirror"),
            PIP_INDEX_URL=index,
            PIP_EXTRA_INDEX_URL=index,
        )


# Killed


@pytest.mark.parametrize("moment", ["before writing", "writing"])
def test_killed(make: Make, raw: Path, moment: str) -> None:
    """With its whole process group: nothing stands where the output belongs, and the next run makes it."""
    project = make({"use": ["squad_dev"]})
    shutil.copytree(raw / "squad_dev", project.folder / RAW / "squad_dev")
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
    assert not (project.folder / CHUNKS).exists() or list((project.folder / CHUNKS).iterdir()) == []
    assert not (project.folder / "metrics").exists()
    assert project.stage("chunk", "squad_dev").returncode == 0
    assert not aside.exists()
    names = {path.name for path in (project.folder / CHUNKS / "squad_dev").iterdir()}
    assert names == {f"{name}.parquet" for name in ("instances", "rejects", "questions", "pool", "asked")}


@pytest.mark.parametrize(
    "target",
    [
        *(pytest.param(path / "made", id=path.name) for path in (RAW, CHUNKS, QUESTIONS, FILTERED)),
        *(pytest.param(path, id=path.name) for path in (ASSETS, DATASET)),
    ],
)
def test_what_a_killed_run_leaves_is_ignored_by_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with whole_folder(target) as folder:
        asked = subprocess.run(["git", "check-ignore", "--quiet", folder / "file"], cwd=ROOT, check=False)
    assert not folder.is_absolute()
    assert asked.returncode == 0


def test_the_folders_of_the_graph_are_the_stages(make: Make) -> None:
    """What these tests call finished is what the graph calls an output."""
    graph = "".join((ROOT / name).read_text() for name in ("dvc.yaml", "own_files/dvc.yaml"))
    outs = re.findall(r"^ +- (data/\w+)(?:/\$\{item\})?$", graph, re.MULTILINE)
    rooms = (
        ASSETS,
        OWN_FILES,
        RAW,
        CHUNKS,
        QUESTIONS,
        FILTERED,
        PARITY,
        DATASET,
        REPORT,
        EVALUATION,
        TRAINING,
    )
    assert {*map(str, rooms), str(TRAINED_EVALUATION)} == set(outs)
