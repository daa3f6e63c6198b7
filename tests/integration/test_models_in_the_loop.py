"""A dataset that models had a part in, by the real dvc: rebuilt elsewhere without any model."""

import hashlib
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.core.schema import Instance, ModelCall
from pipeline.core.storage import read_rows
from tests.conftest import ROOT
from tests.integration.project import BIN, change_params, clone, dvc, ran, run, tree
from tests.pipeline.llm.fault_server import serving

pytestmark = pytest.mark.slow

HOW = {"name": "m", "revision": "1", "temperature": 0.7, "max_tokens": 200}
SOURCE = "longmemeval"
KEY = f"sk-{token_hex(16)}"
# What Python starts with: no address but of this machine's own files can be reached, loopback included.
NO_NETWORK = """
import socket

def refuse(connect):
    def refusing(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise OSError("there is no network")
        return connect(self, address)
    return refusing

socket.socket.connect = refuse(socket.socket.connect)
socket.socket.connect_ex = refuse(socket.socket.connect_ex)
"""


def says(message: str, before: int) -> str:
    """A model that writes a question of a chunk's longest line, and knows one question in four by heart."""
    number = int(hashlib.sha256(message.encode()).hexdigest(), 16)
    if message.startswith("Read the text"):
        quote = max(message.splitlines()[10:], key=len, default="")
        answer = " ".join(quote.split()[5:7])
        one = {"question": f"What is at {number % 10**8}?", "answer": answer, "quote": quote, "kind": "fact"}
        return json.dumps({"questions": [one]})
    if message.startswith("Shorten"):
        return json.dumps({"answer": " ".join(message.partition("\nAnswer: ")[2].split()[:3])})
    if message.startswith("Do") or "contradict" in message:
        return json.dumps({"contradicts": False})
    if number % 7 == 0:
        return "no json" if number % 2 else "refusal"
    if "Evidence:" in message:
        evidence = message.partition("Evidence:\n")[2].partition("\nQuestion:")[0]
        return json.dumps({"answer": evidence})
    return json.dumps({"answer": "unknown"})


@dataclass(frozen=True)
class Build:
    """A clone after a build that models had a part in."""

    project: Path
    cache: Path  # the response cache
    output: str  # of dvc, and of `memcurate cache`
    requests: list[dict[str, Any]]  # that the server got


def environment(cache: Path, url: str) -> dict[str, str]:
    return {
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(cache),
        "MEMCURATE_ENDPOINT_KEY": KEY,
        "MEMCURATE_ENDPOINT_URL": url,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """One source, for which models are asked."""
    folder = tmp_path_factory.mktemp("models")
    project, cache = clone(ROOT, folder / "first"), folder / "responses.sqlite"
    models = {
        "generated": {"model": HOW, "max_per_chunk": 1, "max_per_pair": 0, "chunk_pairs": 0},
        "shorten_answers": HOW,
    }
    change_params(
        project,
        {
            "enabled_sources": [SOURCE],
            **{f"sources.{SOURCE}.questions.{name}": model for name, model in models.items()},
            f"sources.{SOURCE}.checks.closed_book": {"models": [HOW], "samples": 2},
            f"sources.{SOURCE}.checks.open_book": HOW,
            f"sources.{SOURCE}.checks.min_questions": 1,
        },
    )
    with serving(says) as server:
        env = environment(cache, server.url)
        output = dvc(project, "repro", "assemble", env=env)
        output += run(project, BIN / "memcurate", "cache", "export", "responses.parquet", env=env)
        output += run(project, BIN / "memcurate", "cache", "stats", env=env)
        return Build(project, cache, output, list(server.requests))


def test_what_models_added_and_dropped(built: Build) -> None:
    assert len(built.requests) > 200
    assert "closed book: " in built.output
    (count,) = re.findall(
        r"^m: (\d+) responses, \d+ without a text; \d+ \+ \d+ tokens, \d+ s$", built.output, re.M
    )
    assert int(count) == len({json.dumps(one) for one in built.requests})
    kept = list(read_rows(built.project / f"data/filtered/{SOURCE}/instances.parquet", Instance))
    origins = {question.origin for one in kept for question in one.questions}
    assert origins == {"source", "generated"}
    asked = list(read_rows(built.project / f"data/filtered/{SOURCE}/model_calls.parquet", ModelCall))
    assert {one.reason for one in asked} >= {None, "unfit reply", "refused by the model"}


def test_the_key_is_nowhere(built: Build) -> None:
    """Not in what was printed, nor in any file of the build, the answer cache and dvc's own included."""
    assert KEY not in built.output
    files = [path for path in built.cache.parent.rglob("*") if path.is_file()]
    assert built.cache in files and built.project / "dvc.lock" in files
    assert [path for path in files if KEY in _told(path)] == []


def _told(path: Path) -> str:
    """What a file says, unpacked where it is a table."""
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    return path.read_bytes().decode("utf-8", "replace")


def test_a_rebuild_without_model_or_network(built: Build, tmp_path: Path) -> None:
    """Another clone has the params and the cached responses, and no model."""
    other = clone(ROOT, tmp_path / "second")
    (other / "params.yaml").write_bytes((built.project / "params.yaml").read_bytes())
    (other / "responses.parquet").write_bytes((built.project / "responses.parquet").read_bytes())
    digest = hashlib.sha256((other / "responses.parquet").read_bytes()).hexdigest()
    file = {"path": "responses.parquet", "sha256": digest}
    places = [f"sources.{SOURCE}.questions.{name}" for name in ("generated.model", "shorten_answers")]
    places += [f"sources.{SOURCE}.checks.{name}" for name in ("closed_book.models.0", "open_book")]
    change_params(other, {f"{place}.cached_responses": file for place in places})
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "sitecustomize.py").write_text(NO_NETWORK)
    alone = {
        "MEMCURATE_ENDPOINT_MODE": "replay",
        "MEMCURATE_ENDPOINT_URL": "",
        "MEMCURATE_ENDPOINT_CACHE_PATH": str(tmp_path / "none.sqlite"),
        "PYTHONPATH": f"{tmp_path / 'alone'}:{other}",
    }
    with pytest.raises(AssertionError, match="there is no network"):
        run(
            other,
            sys.executable,
            "-c",
            "import socket; socket.create_connection(('127.0.0.1', 9))",
            env=alone,
        )
    again = dvc(other, "repro", "assemble", env=alone)
    assert f"filter@{SOURCE}" in ran(again)
    assert tree(other / "data/dataset") == tree(built.project / "data/dataset")
    assert tree(other / "data/filtered") == tree(built.project / "data/filtered")

    # A response that the file lacks is an error, and no model is called.
    change_params(other, {f"sources.{SOURCE}.checks.closed_book.samples": 3})
    with pytest.raises(AssertionError, match=r"MODE is replay, and the cache has no response"):
        dvc(other, "repro", "assemble", env=alone)


def test_another_chunking_asks_only_what_is_new(built: Build, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(built.project, project, symlinks=True)
    change_params(project, {f"sources.{SOURCE}.chunking.max_tokens": 1536})
    with serving(says) as server:
        output = dvc(project, "repro", f"filter@{SOURCE}", env=environment(built.cache, server.url))
        again = list(server.requests)
    assert {f"{stage}@{SOURCE}" for stage in ("chunk", "question", "filter")} <= ran(output)
    before = {json.dumps(one) for one in built.requests}
    assert [one for one in again if json.dumps(one) in before] == []
    rows = [
        row
        for room in ("questions", "filtered")
        for row in read_rows(project / f"data/{room}/{SOURCE}/model_calls.parquet", ModelCall)
    ]
    used = {key for row in rows for key in row.cache_keys}
    print(f"{len(before)} requests; then {len(used)} answers used, {len(again)} of them asked for")
    assert 0 < len(again) < len(used)
    # The source's own answers are shortened whatever the chunks are.
    assert [one for one in again if one["messages"][0]["content"].startswith("Shorten")] == []
    assert sum(row.step == "shortened answers" for row in rows) > 100
