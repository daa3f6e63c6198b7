"""The data stages on Ray: on this machine, and on a cluster of two nodes of which one is killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages.shared.paths import CHUNKS_DIR, PARTS_DIR
from tests.integration.project import tree
from tests.stages.conftest import Make, Project
from tests.stages.test_resume import finished_parts, start_chunk, wait_for_parts, write_books

pytest.importorskip("ray", reason="Ray is not installed: pip install 'memcurate[ray]'")

pytestmark = pytest.mark.slow

_STORE_BYTES = 100_000_000


@pytest.fixture
def project(make: Make) -> Project:
    return write_books(make, num_books=24)


@pytest.fixture
def expected(project: Project) -> dict[str, str]:
    """The files that worker processes of this machine write."""
    assert project.stage("chunk", "gutenberg").returncode == 0
    return tree(project.folder / CHUNKS_DIR)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster whose head has one processor; a lost node is noticed within seconds."""
    monkeypatch.setenv("RAY_health_check_period_ms", "1000")
    monkeypatch.setenv("RAY_health_check_failure_threshold", "3")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    cluster.shutdown()


def test_ray_on_this_machine_gives_the_same_bytes(project: Project, expected: dict[str, str]) -> None:
    done = project.stage("chunk", "gutenberg", MEMCURATE_ENGINE="ray", MEMCURATE_WORKERS="2")
    assert done.returncode == 0, done.stderr
    assert tree(project.folder / CHUNKS_DIR) == expected


def test_a_lost_node_changes_no_byte(project: Project, expected: dict[str, str], cluster: Any) -> None:
    node = cluster.add_node(num_cpus=1, object_store_memory=_STORE_BYTES)
    process = start_chunk(project, MEMCURATE_ENGINE="ray", RAY_ADDRESS=cluster.address)
    wait_for_parts(project, process, 4)
    cluster.remove_node(node, allow_graceful=False)
    assert process.wait() == 0
    assert tree(project.folder / CHUNKS_DIR) == expected
    assert not (project.folder / PARTS_DIR).exists()


def test_an_interrupt_ends_a_stage_on_ray(project: Project) -> None:
    process = start_chunk(project, MEMCURATE_ENGINE="ray")
    wait_for_parts(project, process, 2)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert len(finished_parts(project)) >= 2
    assert not Path(project.folder / CHUNKS_DIR / "gutenberg").exists()


def test_an_error_of_a_task_is_the_error_of_the_stage(make: Make) -> None:
    project = make({"enabled_sources": ["gutenberg"]})
    project.raw("gutenberg/book.txt", b"\0\0")
    project.refuses(
        ["chunk@gutenberg: ", "1 records were rejected"], "chunk", "gutenberg", MEMCURATE_ENGINE="ray"
    )


def test_another_engine_is_an_error(make: Make) -> None:
    project = make({"enabled_sources": ["gutenberg"]})
    project.raw("gutenberg/book.txt", "A text.")
    project.refuses(["MEMCURATE_ENGINE is 'dask'"], "chunk", "gutenberg", MEMCURATE_ENGINE="dask")
