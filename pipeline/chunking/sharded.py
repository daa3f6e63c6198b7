"""Chunk a source shard by shard, where an instance is made of one document.

A task chunks a shard. When all are done, the split is drawn from the numbers of instances of all documents.
Then other tasks make the files of the stage: each of the parts of consecutive shards, sorted by id.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chunking.chunk_files import CHUNK_TABLES
from pipeline.chunking.documents import chunk_document
from pipeline.chunking.errors import describe_reject, no_input_error
from pipeline.chunking.instances import NO_ROOM_REASON
from pipeline.chunking.packing import budget_error
from pipeline.chunking.train_test_split import draw_test_documents
from pipeline.chunking.types import ChunkingContext
from pipeline.core.output_files import FileGroup, write_output_files
from pipeline.core.params import Chunking
from pipeline.core.parts import PART_SUFFIX, iter_groups, write_part
from pipeline.core.remote import AnyPath
from pipeline.core.schema import Instance, InstanceQuestion, Reject
from pipeline.core.statistics import InstanceStats, RejectStats
from pipeline.core.tasks import run_tasks
from pipeline.sources import iter_documents
from pipeline.sources.shards import RawShard

_FILE_BYTES = 32 << 20  # of raw text, of which a file of the stage is made


@dataclass(frozen=True, slots=True)
class ChunkTask:
    """A shard to be chunked, and what its chunks depend on."""

    shard: RawShard
    params: Chunking
    context: ChunkingContext

    @property
    def inputs(self) -> Sequence[Path]:
        """The raw files of the shard."""
        return self.shard.inputs


def chunk_shards(
    shards: Sequence[RawShard], params: Chunking, context: ChunkingContext, folder: Path, work_dir: AnyPath
) -> tuple[InstanceStats, RejectStats]:
    """Write the files of a chunked source to `folder`; return the statistics of its instances and rejects.

    `work_dir` keeps the parts of the tasks; the caller removes it. Raises MemcurateError where no shard has a
    document, or where `chunking.max_tokens` is too small for every segment.
    """
    tasks = [ChunkTask(shard, params, context) for shard in shards]
    results = list(run_tasks(chunk_shard, tasks, work_dir, "shards"))
    manifests = [result.manifest for result in results]
    if not any(manifest["documents"] for manifest in manifests):
        first = next((manifest["first_reject"] for manifest in manifests if manifest["first_reject"]), "")
        num_rejects = sum(manifest["num_rejects"] for manifest in manifests)
        raise no_input_error(context.source, params.strategy, num_rejects, first)
    splits = _draw_splits(manifests, context)
    sizes = [sum(path.stat().st_size for path in shard.inputs) for shard in shards]
    groups = [
        FileGroup(
            folders=[results[number].folder for number in numbers],
            splits=[split for number in numbers for split in splits[number]],
        )
        for numbers in iter_groups(sizes, _FILE_BYTES)
    ]
    stats, rejects = write_output_files(folder, CHUNK_TABLES, groups, {})
    if not stats.totals()["chunks"] and rejects.has_reason(NO_ROOM_REASON):
        raise budget_error(params.max_tokens)
    return stats, rejects


def chunk_shard(task: ChunkTask, folder: Path) -> dict[str, Any]:
    """Chunk the documents of a shard one by one; write the parts of its instances, rejects and questions.

    The manifest has, for each document, its group or name and the number of its instances.
    """
    rejects: list[Reject] = []
    questions: list[InstanceQuestion] = []
    documents: list[tuple[str, int]] = []

    def iter_instances() -> Iterator[Instance]:
        for document in iter_documents(task.shard, task.context.source, rejects):
            instances, rejected = chunk_document(document, task.params, task.context)
            rejects.extend(rejected)
            documents.append((document.group or document.name, len(instances)))
            if len(instances) == 1:
                questions.extend(InstanceQuestion(instances[0].id, one) for one in document.questions)
            yield from instances

    rows = {"instances": iter_instances(), "rejects": rejects, "document_questions": questions}
    for name, table in CHUNK_TABLES.items():
        write_part(folder / f"{name}{PART_SUFFIX}", table.row_type, rows.get(name, ()))
    return {
        "documents": documents,
        "num_rejects": len(rejects),
        "first_reject": describe_reject(rejects[0]) if rejects else "",
    }


def _draw_splits(manifests: Sequence[dict[str, Any]], context: ChunkingContext) -> list[list[str]]:
    """Draw the documents of test; return the split of each instance of each shard."""
    weights: dict[str, int] = {}
    for manifest in manifests:
        for group, count in manifest["documents"]:
            weights[group] = weights.get(group, 0) + count
    test = draw_test_documents(weights, context.split, context.seed, context.source)
    return [
        ["test" if group in test else "train" for group, count in manifest["documents"] for _ in range(count)]
        for manifest in manifests
    ]
