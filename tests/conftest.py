"""What the tests share: the real corpora, fetched once through the project's own fetch room."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.chunking import ChunkedSource, ChunkingContext, chunk_source
from pipeline.core.params import Params, load_params
from pipeline.fetching import default_cache, fetch
from pipeline.sources.parsed import ParsedSource
from pipeline.world.files import write_worlds
from tests.pipeline.llm.fault_server import FaultServer, serving
from tests.pipeline.sources.reading import parse

ROOT = Path(__file__).parent.parent

# Several processes only where a test is about them: pytest itself runs on all cores.
os.environ["MEMCURATE_WORKERS"] = "1"
# So does torch: two processes with two threads each run many times slower than with one (read at its import).
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell has its background jobs ignore SIGINT, and what they start too: tests interrupt what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def params() -> Params:
    """The starter set."""
    return load_params(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def fetched(tmp_path_factory: pytest.TempPathFactory, params: Params) -> Path:
    """A folder like data/, with assets and raw: shared by the workers of one run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "fetched"
    with FileLock(f"{folder}.lock"):
        if not (folder / "whole").exists():
            (folder / "assets").mkdir(parents=True)
            fetch(params.assets.files, folder / "assets", mirror=None, cache=default_cache())
            for name in params.enabled_sources:
                source, raw_dir = params.sources[name], folder / "raw" / name
                raw_dir.mkdir(parents=True)
                fetch(source.files, raw_dir, mirror=None, cache=default_cache())
                if source.simulate is not None:
                    write_worlds(source.simulate, raw_dir)
            (folder / "whole").touch()
    return folder


@pytest.fixture(scope="session")
def assets(fetched: Path) -> Path:
    """Like data/assets."""
    return fetched / "assets"


@pytest.fixture(scope="session")
def raw(fetched: Path) -> Path:
    """Like data/raw."""
    return fetched / "raw"


@pytest.fixture(scope="session")
def context(params: Params, assets: Path) -> ChunkingContext:
    """Tools and params for a source that tests make up."""
    return ChunkingContext("made", params.seed, params.split, params.tokenizer, assets)


@pytest.fixture(scope="session")
def chunked(params: Params, raw: Path, assets: Path) -> Callable[[str], tuple[ParsedSource, ChunkedSource]]:
    """A source of the starter set, parsed and chunked, once in each worker."""

    @cache
    def make(source: str) -> tuple[ParsedSource, ChunkedSource]:
        parsed = parse(source, raw / source)
        context = ChunkingContext(source, params.seed, params.split, params.tokenizer, assets)
        return parsed, chunk_source(parsed, params.sources[source].chunking, context)

    return make


Mount = Callable[..., None]  # (folder, options as of mount, each after a comma)


@pytest.fixture
def disk() -> Iterator[Mount]:
    """Mounts another disk of 256 KiB on a folder, with options."""
    mounted: list[Path] = []

    def mount(folder: Path, options: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size=256k{options}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this user may not mount a disk: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in reversed(mounted):
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """A server of ours behind the endpoint, and an answer cache of the test's own."""
    monkeypatch.setenv("MEMCURATE_ENDPOINT_CACHE_PATH", str(tmp_path / "answers.sqlite"))
    with serving() as made:
        monkeypatch.setenv("MEMCURATE_ENDPOINT_URL", made.url)
        yield made
