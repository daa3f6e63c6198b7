"""chunk: the raw files of one source as instances, its own questions, labelled examples and rejects."""

import logging
from typing import Any

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.chunk_files import write_chunked
from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import Params
from pipeline.core.statistics import (
    STATISTICS_FILE,
    InstanceStats,
    count_rejected,
    count_rejects,
    explain_empty_splits,
)
from pipeline.sources import parse
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, RAW_DIR
from stages.shared.runner import run_stage

_logger = logging.getLogger(__name__)


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/chunks/<source>: instances, rejects, labelled examples and the source's own questions."""
    context = ChunkingContext(source, params.seed, params.split, params.tokenizer, ASSETS_DIR)
    parsed = parse(source, RAW_DIR / source)
    chunked = chunk_source(parsed, params.sources[source].chunking, context)
    figures = InstanceStats()
    for instance in chunked.instances:
        figures.add(instance)
    with atomic_folder(CHUNKS_DIR / source) as folder:
        write_chunked(folder, parsed, chunked)
        statistics = {**figures.by_split(), "rejects": count_rejects(chunked.rejects)}
        write_json(folder / STATISTICS_FILE, statistics)
    for line in explain_empty_splits(
        figures.by_split(), chunked.rejects, source in params.dataset.eval_only_sources
    ):
        _logger.warning("chunk@%s: %s", source, line)
    totals = figures.totals()
    metrics = {name: totals[name] for name in ("train", "test", "chunks", "tokens")}
    return {**metrics, "rejected": count_rejected(chunked.rejects)}


if __name__ == "__main__":
    run_stage(stage, "chunk")
