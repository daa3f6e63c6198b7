"""Datasets of the hub by split or pattern, from the local server."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.params import Source
from pipeline.fetching.locators import parse_locator
from tests.conftest import ROOT
from tests.pipeline.fetching.conftest import Server
from tests.pipeline.fetching.factories import git_blob, read_folder, sha256

REVISION = "0123456789abcdef0123456789abcdef01234567"
SCRIPT = """
import sys
from pathlib import Path
from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import fetch

locator, target, cache = sys.argv[1:]
try:
    fetch([FileSpec(locations=[FileLocation(locator=locator)])], Path(target), mirror=None, cache=Path(cache))
except MemcurateError as error:
    sys.exit(str(error))
"""
FILES = {
    "README.md": b"train",
    "data/train-00000-of-00002.parquet": b"one",
    "data/train-00001-of-00002.parquet": b"two",
    "data/test-00000-of-00001.parquet": b"three",
    "more/train.jsonl.gz": gzip.compress(b"four", mtime=0),
    "training.jsonl": b"five",
}


def publish(server: Server, files: dict[str, bytes] = FILES) -> None:
    """Publish a dataset of Parquet files in LFS and small others; the list has a second page."""
    entries = []
    for path, data in files.items():
        entry: dict[str, object] = {"type": "file", "path": path, "oid": git_blob(data)}
        if path.endswith(".parquet"):
            entry["lfs"] = {"oid": sha256(data)}
        entries.append(entry)
        server.bodies[f"/datasets/owner/name/resolve/{REVISION}/{path}"] = data
    tree = f"/api/datasets/owner/name/tree/{REVISION}?recursive=true"
    server.bodies[tree] = json.dumps([{"type": "directory", "path": "data"}, *entries]).encode()


def fetch_from(server: Server, locator: str, target: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, locator, target, cache],
        env={**os.environ, "HF_ENDPOINT": server.url, "HF_TOKEN": "hf_token", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (
            "#train",
            {
                "data/train-00000-of-00002.parquet": b"one",
                "data/train-00001-of-00002.parquet": b"two",
                "more/train.jsonl": b"four",
            },
        ),
        ("#test", {"data/test-00000-of-00001.parquet": b"three"}),
        (
            "/data/*.parquet",
            {Path(path).name: data for path, data in FILES.items() if path.startswith("data/")},
        ),
        ("/**/*.jsonl", {"training.jsonl": b"five"}),
        ("/README.md", None),
    ],
)
def test_the_files_of_a_split_or_pattern(
    named: str, expected: dict[str, bytes] | None, server: Server, target: Path, cache: Path
) -> None:
    publish(server)
    done = fetch_from(server, f"hf:owner/name@{REVISION}{named}", target, cache)
    if expected is None:  # a single file has a hash of its own
        assert done.returncode == 1 and "unpinned" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert read_folder(target) == expected


def test_a_file_with_another_hash_than_listed_is_refused(server: Server, target: Path, cache: Path) -> None:
    publish(server)
    server.bodies[f"/datasets/owner/name/resolve/{REVISION}/data/test-00000-of-00001.parquet"] = b"other"
    done = fetch_from(server, f"hf:owner/name@{REVISION}#test", target, cache)
    assert done.returncode == 1 and sha256(b"three") in done.stderr


@pytest.mark.parametrize(
    ("locator", "error"),
    [
        (f"hf:owner/name@{REVISION}#none", "no file is there; the dataset has README.md, data/"),
        ("hf:owner/name@main#train", "write the whole revision"),
        (f"hf:owner/other@{REVISION}#train", "cannot be listed"),
    ],
)
def test_what_cannot_be_fetched_is_told(
    locator: str, error: str, server: Server, target: Path, cache: Path
) -> None:
    publish(server)
    done = fetch_from(server, locator, target, cache)
    assert done.returncode == 1 and error in done.stderr and "Traceback" not in done.stderr


def test_a_source_names_a_dataset() -> None:
    block = {"format": "messages", "dataset": "owner/name", "revision": REVISION, "split": "train"}
    source = Source.model_validate({**block, "messages": "conversation"})
    assert source.files[0].locations[0].locator == f"hf:owner/name@{REVISION}#train"
    parsed = parse_locator(source.files[0].locations[0].locator)
    assert parsed.name == "train"
    with pytest.raises(ValueError, match="revision: COMMIT"):
        Source.model_validate({"format": "messages", "dataset": "owner/name"})
