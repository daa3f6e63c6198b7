"""The paper's sources by the paper's recipes, on the corpora that can be had here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.params import FileLocation, FileSpec, Source, load_params
from pipeline.core.schema import Instance
from pipeline.fetching import fetch, mirror_from_environment
from pipeline.parity.ablations import override_source
from pipeline.parity.build_source import SourceConfig, build_source
from pipeline.sources.parsed import ParsedSource
from tests.conftest import ROOT
from tests.pipeline.sources.reading import parse

PAPER = load_params(ROOT / "params.paper.yaml")

# On what a source's recipe runs here: a starter source, or a folder of the mirror.
STARTER = {
    "squad": "squad_dev",
    "hotpotqa": "hotpotqa_dev",
    "longmemeval_train": "longmemeval",
    "trec_coarse": "trec_coarse",
}
MIRRORED = {"nlu": "nlu", "clinc150": "clinc150", "pubmed_rct": "pubmed-rct"}
# A tenth of the instances gives the same means; the mirror's part of PubMed-RCT is small.
FEWER = {source: {"chunking.instances": 20} for source in ("trec_coarse", "nlu", "clinc150", "pubmed_rct")}


@dataclass(frozen=True)
class Built:
    """A source of the paper's, and what its recipe gives on what is here."""

    source: Source
    parsed: ParsedSource
    instances: list[Instance]
    raw: Path


def files_of(name: str, mirror: Path) -> list[FileSpec]:
    """What is fetched of the mirror: by the paper's params where they name the same files."""
    if name == "nlu":
        return PAPER.sources["nlu"].files
    listed = [line.split(maxsplit=1) for line in (mirror / "SHA256SUMS").read_text().splitlines()]
    return [
        FileSpec(locations=[FileLocation(locator=f"file:{mirror / path}", sha256=digest)])
        for digest, path in listed
        if path.startswith(f"{MIRRORED[name]}/")
    ]


@pytest.fixture(scope="session")
def build(raw: Path, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    """Builds a source, once; a test that needs the mirror skips where there is none."""

    def folder_of(name: str) -> Path:
        if name in STARTER:
            return raw / STARTER[name]
        mirror = mirror_from_environment()
        if mirror is None:
            pytest.skip("MEMCURATE_MIRROR_DIR is not set, and no package has this corpus")
        folder = tmp_path_factory.mktemp("mirrored") / name
        folder.mkdir()
        fetch(files_of(name, mirror), folder, mirror=mirror, cache=tmp_path_factory.mktemp("cache"))
        return folder

    @cache
    def made(name: str) -> Built:
        folder = folder_of(name)
        own = PAPER.sources["nlu" if name == "clinc150" else name]  # no training source of the paper's
        source = override_source(own, FEWER.get(name, {}), "tests")
        context = ChunkingContext(name, PAPER.seed, PAPER.split, PAPER.tokenizer, assets)
        recipe = SourceConfig(source.chunking, source.questions, source.checks, PAPER.dataset.near_duplicate)
        files_of_source = STARTER.get(name, name)  # by whose format they are read
        kept, _ = build_source(parse(files_of_source, folder), recipe, replace(context, source=name))
        return Built(source, parse(files_of_source, folder), kept, folder)

    return made
