"""A dataset that models had a part in, by the real dvc: rebuilt elsewhere without any model."""

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.schema import Asked, Instance
from pipeline.storage import read_rows
from tests.conftest import ROOT
from tests.endpoint.faults import serving
from tests.graph.project import BIN, change_params, clone, dvc, ran, run, tree

pytestmark = pytest.mark.slow

HOW = {"model": "m", "revision": "1", "temperature": 0.7, "max_tokens": 200}
SOURCE = "longmemeval"
KEY = "sk-very-secret-0123456789"


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


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A clone with one source, for which models are asked."""
    project = clone(ROOT, tmp_path / "first")
    asks = {
        "written": {"ask": HOW, "per_chunk": 1, "per_pair": 0, "pairs": 0},
        "shorten": HOW,
    }
    change_params(
        project,
        {
            "use": [SOURCE],
            **{f"sources.{SOURCE}.questions.{name}": ask for name, ask in asks.items()},
            f"sources.{SOURCE}.checks.closed_book": {"asks": [HOW], "samples": 2},
            f"sources.{SOURCE}.checks.open_book": HOW,
            f"sources.{SOURCE}.checks.min_questions": 1,
        },
    )
    return project


def test_a_rebuild_without_a_model(built: Path, tmp_path: Path) -> None:
    environment = {
        "MEMCURATE_ENDPOINT_ANSWERS": str(tmp_path / "answers.sqlite"),
        "MEMCURATE_ENDPOINT_KEY": KEY,
    }
    with serving(says) as server:
        environment["MEMCURATE_ENDPOINT_URL"] = server.url
        output = dvc(built, "repro", "assemble", env=environment)
        requests = len(server.requests)
        assert requests > 200
        # Another chunking: what is asked of questions, and of chunks that stay, is not asked again.
        run(built, BIN / "memcurate", "answers", "export", "answers.parquet", env=environment)
        stats = run(built, BIN / "memcurate", "answers", "stats", env=environment)
        assert "closed book: " in stats and "m: " in stats
    kept = list(read_rows(built / f"data/filtered/{SOURCE}/instances.parquet", Instance))
    origins = {question.origin for one in kept for question in one.questions}
    assert origins == {"carried", "written"}
    asked = list(read_rows(built / f"data/filtered/{SOURCE}/asked.parquet", Asked))
    assert {one.reason for one in asked} >= {None, "unfit reply", "refused by the model"}
    for text in (output, stats, (built / "dvc.lock").read_text(), *_small_files(built)):
        assert KEY not in text

    # A stranger: the params, the answers' file, and nobody to ask.
    other = clone(ROOT, tmp_path / "second")
    (other / "params.yaml").write_bytes((built / "params.yaml").read_bytes())
    (other / "answers.parquet").write_bytes((built / "answers.parquet").read_bytes())
    digest = hashlib.sha256((other / "answers.parquet").read_bytes()).hexdigest()
    file = {"path": "answers.parquet", "sha256": digest}
    places = [f"sources.{SOURCE}.questions.{name}" for name in ("written.ask", "shorten")]
    places += [f"sources.{SOURCE}.checks.{name}" for name in ("closed_book.asks.0", "open_book")]
    change_params(other, {f"{place}.answers": file for place in places})
    alone = {
        "MEMCURATE_ENDPOINT_MODE": "replay",
        "MEMCURATE_ENDPOINT_URL": "",
        "MEMCURATE_ENDPOINT_ANSWERS": str(tmp_path / "none.sqlite"),
    }
    again = dvc(other, "repro", "assemble", env=alone)
    assert f"filter@{SOURCE}" in ran(again)
    assert tree(other / "data/dataset") == tree(built / "data/dataset")
    assert tree(other / "data/filtered") == tree(built / "data/filtered")

    # A file that lacks an answer is told, and nothing is called.
    change_params(other, {f"sources.{SOURCE}.checks.closed_book.samples": 3})
    with pytest.raises(AssertionError, match=r"MODE is replay, and no answer is kept"):
        dvc(other, "repro", "assemble", env=alone)


def _small_files(project: Path) -> list[str]:
    """What people read and git keeps."""
    return [path.read_text() for path in (*project.glob("metrics/**/*.json"), project / "params.yaml")]
