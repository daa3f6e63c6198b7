"""Two small versions of a dataset, for tests of the diff."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.core.schema import DRAWN_SPLITS, Instance, Reject
from pipeline.core.storage import write_rows
from pipeline.diff.comparison import DiffFilter, SourceDiff, compare
from tests.pipeline.questions.factories import make_instance, make_question


@dataclass
class SampleVersion:
    """A version of given instances and rejects; implements `Version`."""

    folder: Path
    name: str
    instances: Sequence[Instance]
    rejects: Sequence[Reject] = ()
    dvc_lock: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def dataset_files(self) -> list[Path]:
        self.folder.mkdir(exist_ok=True)
        paths = [self.folder / f"{split}.parquet" for split in DRAWN_SPLITS]
        for split, path in zip(DRAWN_SPLITS, paths, strict=True):
            write_rows(path, Instance, [one for one in self.instances if one.split == split])
        return paths

    def reject_files(self) -> list[Path]:
        write_rows(self.folder / "rejects.parquet", Reject, self.rejects)
        return [self.folder / "rejects.parquet"]

    def raw_hashes(self, source: str) -> dict[str, str]:
        return self.hashes


def make_lock(**params: object) -> dict[str, Any]:
    """Make the dvc.lock of a source `made`, with these params of its chunk stage."""
    deps = [{"path": "pipeline/chunking", "md5": "1"}, {"path": "data/raw/made", "md5": "1"}]
    chunk = {"deps": deps, "params": {"params.yaml": {"sources.made.chunking": params}}}
    fetch = {"outs": [{"path": "data/raw/made", "md5": "1"}]}
    return {"stages": {"fetch@made": fetch, "chunk@made": chunk}}


def make_numbered_instance(index: int, *texts: str) -> Instance:
    """Make the instance of this index in its document, with a chunk and a question for each text."""
    name = f"made/i{index}"
    instance = make_instance(
        name, *({f"{name}s{number}": text} for number, text in enumerate(texts)), index=index
    )
    for chunk in instance.chunks:
        word = chunk.text.split()[1]
        chunk.id = f"made/{word}"
        question = f"What of {chunk.index} in {index}?"
        instance.questions.append(make_question(f"made/q {chunk.id}", question, [word]))
    return instance


OLD_INSTANCES = [
    make_numbered_instance(0, "alpha", "beta"),
    make_numbered_instance(1, "gamma"),
    make_numbered_instance(2, "delta"),
]


def make_new_instances() -> list[Instance]:
    """Make the new version: beta became betta, delta moved to test, gamma was removed, omega added."""
    changed, moved = make_numbered_instance(0, "alpha", "betta"), deepcopy(OLD_INSTANCES[2])
    changed.id = "made/i0 changed"
    moved.split = "test"
    return [changed, moved, make_numbered_instance(7, "omega")]


def compare_samples(
    folder: Path, old: dict[str, Any], new: dict[str, Any], diff_filter: DiffFilter | None = None
) -> list[SourceDiff]:
    """Compare two sample versions, each given by its fields."""
    return compare(
        SampleVersion(folder / "a", "old", **old),
        SampleVersion(folder / "b", "new", **new),
        diff_filter or DiffFilter(max_samples=2),
    )
