"""Raw files and parts on a local S3 server: the same bytes as on this machine."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation
from pipeline.core.remote import RemotePath, new_folder
from pipeline.fetching.pinning import resolve_pin
from stages.shared.paths import CHUNKS_DIR, FILTERED_DIR, PARTS_DIR, QUESTIONS_DIR, RAW_DIR
from tests.integration.project import params_with, tree
from tests.pipeline.fetching.factories import sha256
from tests.stages.conftest import Make, Project
from tests.stages.test_resume import start_chunk, write_books

NUM_BOOKS = 6
PARTS = "s3://bucket/parts"
OUTPUTS = (CHUNKS_DIR, QUESTIONS_DIR, FILTERED_DIR)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[RemotePath]:
    """An empty bucket of a server, which processes find by their environment."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        # pragma: allowlist nextline secret
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()  # its endpoint was another test's server
    boto3.client("s3").create_bucket(Bucket="bucket")
    yield RemotePath("s3://bucket")
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)
    server.stop()


def keys() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="bucket")
    return [one["Key"] for one in listed.get("Contents", [])]


def run_data_stages(project: Project, **env: str) -> dict[str, dict[str, str]]:
    """Run the stages up to filter; return the hashes of their files."""
    for stage in ("chunk", "question", "filter"):
        done = project.stage(stage, "gutenberg", MEMCURATE_WORKERS="2", **env)
        assert done.returncode == 0, done.stderr
    return {str(folder): tree(project.folder / folder) for folder in OUTPUTS}


@pytest.mark.slow
def test_raw_files_and_parts_on_s3_give_the_same_bytes(make: Make, bucket: RemotePath) -> None:
    project = write_books(make, NUM_BOOKS)
    raw = project.folder / RAW_DIR / "gutenberg"
    files = []
    for path in sorted(raw.iterdir()):
        (bucket / "raw" / path.name).upload(path)
        location = {"locator": f"s3://bucket/raw/{path.name}", "sha256": sha256(path.read_bytes())}
        files.append({"locations": [location]})
    raw_files, expected = tree(raw), run_data_stages(project)
    shutil.rmtree(raw)
    changes = {"shard_mb": 1, "enabled_sources": ["gutenberg"], "sources.gutenberg.files": files}
    (project.folder / "params.yaml").write_text(params_with(changes), encoding="utf-8")
    done = project.stage("fetch", "gutenberg", MEMCURATE_CACHE_DIR=str(project.folder / "cache"))
    assert done.returncode == 0, done.stderr
    assert tree(raw) == raw_files
    assert run_data_stages(project, MEMCURATE_PARTS_DIR=PARTS) == expected
    assert [key for key in keys() if key.startswith("parts")] == []
    assert not (project.folder / PARTS_DIR).exists()


@pytest.mark.slow
def test_a_killed_stage_goes_on_with_its_parts_on_s3(make: Make, bucket: RemotePath) -> None:
    project = write_books(make, NUM_BOOKS)
    process = start_chunk(project, MEMCURATE_PARTS_DIR=PARTS)
    while len(kept := finished_parts()) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert kept.items() <= (after := finished_parts()).items() and len(after) < NUM_BOOKS
    process = start_chunk(project, MEMCURATE_PARTS_DIR=PARTS)
    while process.poll() is None:
        found = finished_parts()
        assert not found or after.items() <= found.items()  # no finished part was made again
        time.sleep(0.01)
    assert process.returncode == 0 and finished_parts() == {}
    resumed = tree(project.folder / CHUNKS_DIR)
    assert project.stage("chunk", "gutenberg").returncode == 0
    assert tree(project.folder / CHUNKS_DIR) == resumed


def finished_parts() -> dict[str, object]:
    """Return the time of each manifest on the server."""
    listed = boto3.client("s3").list_objects_v2(Bucket="bucket", Prefix="parts/chunk")
    objects = listed.get("Contents", [])
    return {one["Key"]: one["LastModified"] for one in objects if one["Key"].endswith("manifest.json")}


def test_the_last_file_of_a_folder_comes_last(bucket: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded: list[str] = []
    upload = RemotePath.upload

    def note(self: RemotePath, source: Path) -> None:
        uploaded.append(source.name)
        upload(self, source)

    monkeypatch.setattr(RemotePath, "upload", note)
    with new_folder(bucket / "one", last="b") as folder:
        for name in "abc":
            (folder / name).write_bytes(name.encode())
    assert uploaded == ["a", "c", "b"]
    assert (bucket / "one" / "b").read_bytes() == b"b" and (bucket / "one").exists()
    (bucket / "one").remove(first="b")
    assert keys() == [] and not (bucket / "one" / "b").exists()


def test_an_address_that_cannot_be_used_is_an_error(bucket: RemotePath, tmp_path: Path) -> None:
    for address, expected in (
        ("s3://nowhere/file", "s3://nowhere/file cannot be used (FileNotFoundError"),
        ("s3://bucket/missing", "s3://bucket/missing cannot be used"),
        ("nothing://bucket/file", "Protocol not known: nothing"),
        ("gs://bucket/file", "its library is not installed"),
    ):
        with pytest.raises(MemcurateError) as found:
            RemotePath(address).download(tmp_path / "file")
        assert expected in str(found.value)


def test_an_object_is_pinned_by_its_hash(bucket: RemotePath, tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_bytes(b"a text")
    (bucket / "book.txt").upload(tmp_path / "book.txt")
    pinned = resolve_pin(FileLocation(locator="s3://bucket/book.txt"))
    assert pinned == FileLocation(locator="s3://bucket/book.txt", sha256=sha256(b"a text"))
    with pytest.raises(MemcurateError, match=r"s3://bucket/other\.txt cannot be pinned"):
        resolve_pin(FileLocation(locator="s3://bucket/other.txt"))


def test_a_missing_object_is_an_error_of_fetch(make: Make, bucket: RemotePath) -> None:
    location = {"locator": "s3://bucket/book.txt", "sha256": "0" * 64}
    project = make({"sources.gutenberg.files": [{"locations": [location]}]})
    project.refuses(
        ["s3://bucket/book.txt cannot be used (FileNotFoundError"],
        "fetch",
        "gutenberg",
        MEMCURATE_CACHE_DIR=str(project.folder / "cache"),
    )
