"""chunk: the raw files of one source as instances, its own questions, labelled examples and rejects."""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.chunk_files import write_chunked
from pipeline.chunking.joining import is_undated, joins_documents
from pipeline.chunking.sharded import ChunkStats, chunk_shards
from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import Params
from pipeline.core.statistics import STATISTICS_FILE, InstanceStats, RejectStats
from pipeline.sources import SourceReader, make_reader
from pipeline.sources.shards import BYTES_PER_MB
from stages.shared.paths import ASSETS_DIR, CHUNKS_DIR, RAW_DIR
from stages.shared.runner import run_stage
from stages.shared.task_parts import task_parts

_logger = logging.getLogger(__name__)


def stage(params: Params, source: str) -> dict[str, Any]:
    """Write data/chunks/<source>: instances, rejects, labelled examples and the source's own questions."""
    context = ChunkingContext(source, params.seed, params.split, params.tokenizer, ASSETS_DIR)
    reader = make_reader(source, params.sources[source])
    shards = reader.plan(RAW_DIR / source, params.shard_mb * BYTES_PER_MB)
    with task_parts("chunk", source) as parts_dir, atomic_folder(CHUNKS_DIR / source) as folder:
        if shards:
            stats, rejects, undated, masked = chunk_shards(
                reader, shards, params.sources[source].chunking, context, folder, parts_dir
            )
        else:
            stats, rejects, undated, masked = _chunk_in_memory(reader, params, context, folder)
        statistics = {**stats.by_split(), "rejects": rejects.by_split()}
        if undated:
            statistics["undated"] = undated
        if masked:
            statistics["masked"] = dict(sorted(masked.items()))
        write_json(folder / STATISTICS_FILE, statistics)
    is_evaluation_set = source in params.dataset.eval_only_sources
    for line in rejects.explain_empty_splits(stats.by_split(), is_evaluation_set):
        _logger.warning("chunk@%s: %s", source, line)
    totals = stats.totals()
    metrics = {name: totals[name] for name in ("train", "test", "chunks", "tokens")}
    return {**metrics, "rejected": rejects.total()}


def _chunk_in_memory(
    reader: SourceReader, params: Params, context: ChunkingContext, folder: Path
) -> ChunkStats:
    """Chunk a source whose documents need each other, all at once."""
    masked = Counter[str]()
    parsed = reader.parse(RAW_DIR / context.source, masked)
    chunking = params.sources[context.source].chunking
    undated = sum(map(is_undated, parsed.documents)) if joins_documents(chunking) else 0
    chunked = chunk_source(parsed, chunking, context)
    write_chunked(folder, parsed, chunked)
    stats = InstanceStats()
    for instance in chunked.instances:
        stats.add(instance)
    return ChunkStats(stats, RejectStats(chunked.rejects), undated, masked)


if __name__ == "__main__":
    run_stage(stage, "chunk")
