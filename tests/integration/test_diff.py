"""`memcurate diff` on a real history, against a join of its own."""

import hashlib
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.schema import DRAWN_SPLITS, Instance
from pipeline.core.storage import read_rows
from tests.integration.project import change_params, dvc, run

pytestmark = pytest.mark.slow

Rows = dict[str, tuple[str, object]]  # by id: split and place
KINDS = ("instances", "chunks", "questions")


def rows(dataset: Path) -> dict[tuple[str, str], Rows]:
    """The rows of each source and kind."""
    found: dict[tuple[str, str], Rows] = defaultdict(dict)
    for split in DRAWN_SPLITS:
        for one in read_rows(dataset / f"{split}.parquet", Instance):
            found[one.source, "instances"][one.id] = (split, (one.document, one.index))
            for chunk in one.chunks:
                place = (one.document, one.index, chunk.index)
                found[one.source, "chunks"].setdefault(chunk.id, (split, place))
            for question in one.questions:
                found[one.source, "questions"].setdefault(question.id, (split, (one.document, question.text)))
    return found


def joined(old: Rows, new: Rows) -> dict[str, int]:
    """What became of rows, by another way than the command's."""
    gone, come = defaultdict(int), defaultdict(int)
    for rows, others, at in ((old, new, gone), (new, old, come)):
        for identity, (_, place) in rows.items():
            at[place] += identity not in others
    changed = sum(min(count, come[place]) for place, count in gone.items())
    return {
        "old": len(old),
        "new": len(new),
        "added": sum(come.values()) - changed,
        "removed": sum(gone.values()) - changed,
        "changed": changed,
        "moved": sum(old[identity][0] != new[identity][0] for identity in old.keys() & new.keys()),
    }


def build(project: Path, message: str) -> None:
    dvc(project, "repro", "assemble")
    run(project, "git", "commit", "--quiet", "--allow-empty", "--all", "--message", message)


def diff(project: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(project, "memcurate", "diff", *arguments, "--json"))["sources"]
    return found


def equals_the_join(
    found: dict[str, Any], old: dict[tuple[str, str], Rows], new: dict[tuple[str, str], Rows]
) -> None:
    differing = {source for source, kind in old if old[source, kind] != new[source, kind]}
    assert found.keys() == differing
    for source in differing:
        for kind in KINDS:
            assert found[source]["rows"][kind] == joined(old[source, kind], new[source, kind]), (source, kind)


def test_two_sources_each_by_its_own_cause(project: Path) -> None:
    build(project, "before")
    run(project, "git", "tag", "v1")
    before = rows(project / "data" / "dataset")
    change_params(
        project,
        {
            "sources.squad_dev.chunking.max_tokens": 1024,
            # One bound takes the other along: an instance had 100 questions, neither more nor fewer.
            "sources.banking77.checks.min_questions": 60,
            "sources.banking77.checks.max_questions": 60,
            "dataset.baseline_version": "v1",
        },
    )
    build(project, "shorter chunks, fewer questions")
    found = diff(project, "HEAD~1")
    equals_the_join(found, before, rows(project / "data" / "dataset"))
    assert found.keys() == {"banking77", "squad_dev"}
    squad, banking = found["squad_dev"]["causes"], found["banking77"]["causes"]
    assert squad["params"] == [{"key": "sources.squad_dev.chunking.max_tokens", "old": 2048, "new": 1024}]
    assert banking["params"] == [
        {"key": f"sources.banking77.checks.{bound}_questions", "old": 100, "new": 60}
        for bound in ("max", "min")
    ]
    removed = found["banking77"]["rows"]["questions"]["removed"]
    assert sum(banking["newly_rejected"].values()) == removed > 0
    assert squad["code_paths"] == banking["code_paths"] == squad["raw_files"] == banking["raw_files"] == []
    assert diff(project, "HEAD~1", "--source", "banking77").keys() == {"banking77"}
    card = (project / "data/dataset/README.md").read_text(encoding="utf-8")
    changes = card.partition("## Changes since v1")[2].partition("\n## ")[0]
    assert "- **squad_dev**: sources.squad_dev.chunking.max_tokens: 2048 → 1024" in changes
    assert "- **banking77**: sources.banking77.checks.max_questions: 100 → 60" in changes
    assert f"{removed:,} removed" in changes and "gutenberg" not in changes
    print(json.dumps({source: one["rows"] for source, one in found.items()}))


def test_one_raw_paragraph(project: Path, tmp_path: Path) -> None:
    build(project, "before")
    before = rows(project / "data" / "dataset")
    raw = project / "data" / "raw" / "squad_dev" / "squad.json"
    instance = next(
        one
        for one in read_rows(project / "data/dataset/train.parquet", Instance)
        if one.source == "squad_dev"
    )
    record = instance.chunks[0].segments[0].source_span.record
    changed = tmp_path / "squad.json"
    values = json.loads(raw.read_text(encoding="utf-8"))
    *path, last = (int(part) if part.isdigit() else part for part in record.split("/")[1:])
    holder = values
    for part in path:
        holder = holder[part]
    assert holder[last].endswith(".")
    holder[last] = holder[last][:-1] + "!"
    changed.write_text(json.dumps(values), encoding="utf-8")
    hashed = hashlib.sha256(changed.read_bytes()).hexdigest()
    files = [{"locations": [{"locator": f"file:{changed}", "sha256": hashed}]}]
    change_params(project, {"sources.squad_dev.files": files})
    holding = {
        one.id
        for split in DRAWN_SPLITS
        for one in read_rows(project / f"data/dataset/{split}.parquet", Instance)
        if any(segment.source_span.record == record for chunk in one.chunks for segment in chunk.segments)
    }
    build(project, "another paragraph")
    found = diff(project, "HEAD~1")
    after = rows(project / "data" / "dataset")
    equals_the_join(found, before, after)
    assert found.keys() == {"squad_dev"}
    assert before["squad_dev", "instances"].keys() - after["squad_dev", "instances"].keys() == holding
    assert found["squad_dev"]["causes"]["raw_files"] == ["data/raw/squad_dev/squad.json"]
    assert found["squad_dev"]["rows"]["instances"]["changed"] == len(holding) > 0


def test_data_that_was_lost(project: Path) -> None:
    build(project, "before")
    shutil.rmtree(project / ".dvc" / "cache")
    output = run(project, "sh", "-c", "memcurate diff HEAD 2>&1; echo status $?")
    assert "data/dataset of version HEAD is in no cache or remote" in output and "status 1" in output
