"""Chunk a source shard by shard, where an instance is made of one document.

A task chunks a shard. When all are done, the split is drawn from the numbers of instances of all documents.
Where short documents are joined, the split is drawn first, by the sizes of all documents.
Then other tasks make the files of the stage: each of the parts of consecutive shards, sorted by id.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.chunking.chunk_files import CHUNK_TABLES
from pipeline.chunking.documents import chunk_document
from pipeline.chunking.errors import describe_reject, no_input_error
from pipeline.chunking.instances import NO_ROOM_REASON
from pipeline.chunking.joining import (
    JoiningChunking,
    chunk_joined,
    draw_joined_test,
    is_undated,
    joins_documents,
    measure_documents,
    reject_joined_questions,
    sum_weights,
)
from pipeline.chunking.located import attach_questions
from pipeline.chunking.packing import budget_error
from pipeline.chunking.train_test_split import draw_splits
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core.output_files import FileGroup, write_output_files
from pipeline.core.params import Chunking
from pipeline.core.parts import PART_SUFFIX, iter_groups, write_part
from pipeline.core.remote import AnyPath
from pipeline.core.schema import Instance, InstanceQuestion, Reject, Split
from pipeline.core.statistics import InstanceStats, RejectStats
from pipeline.core.tasks import FileRange, run_tasks
from pipeline.sources import SourceReader
from pipeline.sources.parsed import Book, Document
from pipeline.sources.shards import RawShard

_FILE_BYTES = 32 << 20  # of raw text, of which a file of the stage is made


@dataclass(frozen=True, slots=True)
class ChunkTask:
    """A shard to be chunked, and what its chunks depend on."""

    reader: SourceReader
    shard: RawShard
    params: Chunking
    context: ChunkingContext
    test_documents: tuple[int, ...] = ()  # where documents are joined: those of test, by their place

    @property
    def inputs(self) -> Sequence[Path | FileRange]:
        """The raw files of the shard."""
        return self.shard.inputs


class ChunkStats(NamedTuple):
    """Statistics of a chunked source."""

    instances: InstanceStats
    rejects: RejectStats
    undated: int  # documents without any time, whose date is drawn
    masked: Counter[str]  # values of personal data that pseudonyms replace, by kind


def chunk_shards(
    reader: SourceReader,
    shards: Sequence[RawShard],
    params: Chunking,
    context: ChunkingContext,
    folder: Path,
    work_dir: AnyPath,
) -> ChunkStats:
    """Write the files of a chunked source to `folder`; return its statistics.

    `work_dir` keeps the parts of the tasks; the caller removes it. Raises MemcurateError where no shard has a
    document, or where `chunking.max_tokens` is too small for every segment.
    """
    tasks = [ChunkTask(reader, shard, params, context) for shard in shards]
    if joins_documents(params):
        results = run_tasks(measure_shard, tasks, work_dir, "shards measured")
        tasks = _draw_documents(tasks, [result.manifest for result in results], params, context)
    chunked = list(run_tasks(chunk_shard, tasks, work_dir, "shards"))
    manifests = [result.manifest for result in chunked]
    if not any(manifest["documents"] for manifest in manifests):
        first = next((manifest["first_reject"] for manifest in manifests if manifest["first_reject"]), "")
        num_rejects = sum(manifest["num_rejects"] for manifest in manifests)
        raise no_input_error(context.source, params.strategy, num_rejects, first)
    _require_own_names(reader, shards, manifests)
    splits = _choose_splits(manifests, params, context)
    sizes = [shard.num_bytes for shard in shards]
    groups = [
        FileGroup(
            folders=[chunked[number].folder for number in numbers],
            splits=[split for number in numbers for split in splits[number]],
        )
        for numbers in iter_groups(sizes, _FILE_BYTES)
    ]
    stats, rejects = write_output_files(folder, CHUNK_TABLES, groups, {})
    if not stats.totals()["chunks"] and rejects.has_reason(NO_ROOM_REASON):
        raise budget_error(params.max_tokens)
    undated = sum(manifest["undated"] for manifest in manifests) if joins_documents(params) else 0
    masked = sum((Counter(manifest["masked"]) for manifest in manifests), Counter[str]())
    return ChunkStats(stats, rejects, undated, masked)


def chunk_shards_in_memory(
    reader: SourceReader, shards: Sequence[RawShard], params: Chunking, context: ChunkingContext
) -> ChunkedSource:
    """Chunk the shards of a small source in this process, without files; the instances are the same."""
    tasks = [ChunkTask(reader, shard, params, context) for shard in shards]
    if joins_documents(params):
        measured = [measure_documents(task.reader.iter_documents(task.shard, []), context) for task in tasks]
        tasks = _draw_documents(tasks, measured, params, context)
    chunked = ChunkedSource()
    manifests = []
    for task in tasks:
        chunker = _ShardChunker(task)
        chunked.instances += chunker.iter_instances()
        chunked.rejects += chunker.rejects
        chunked.document_questions += chunker.questions
        manifests.append(chunker.manifest())
    _require_own_names(reader, shards, manifests)
    splits = chain.from_iterable(_choose_splits(manifests, params, context))
    for instance, split in zip(chunked.instances, splits, strict=True):
        instance.split = split
    return chunked


def chunk_shard(task: ChunkTask, folder: Path) -> dict[str, Any]:
    """Chunk the documents of a shard one by one; write the parts of its instances, rejects and questions.

    The manifest has, for each document, its group or name and the number of its instances.
    """
    chunker = _ShardChunker(task)
    rows = {
        "instances": chunker.iter_instances(),
        "rejects": chunker.rejects,
        "document_questions": chunker.questions,
    }
    for name, table in CHUNK_TABLES.items():
        write_part(folder / f"{name}{PART_SUFFIX}", table.row_type, rows.get(name, ()))
    return chunker.manifest()


class _ShardChunker:
    """Chunks a shard, and collects what is rejected and counted meanwhile."""

    def __init__(self, task: ChunkTask) -> None:
        self.rejects: list[Reject] = []
        self.questions: list[InstanceQuestion] = []
        self._task = task
        self._documents: list[tuple[str, int]] = []
        self._given_splits: dict[str, Split] = {}  # of groups and documents whose split is not drawn
        self._splits: list[Split] = []  # of the instances, where documents are joined
        self._undated = 0  # documents whose date is drawn
        self._masked = Counter[str]()
        self._names: list[str] = []  # of documents of a format that is not of memcurate

    def iter_instances(self) -> Iterator[Instance]:
        """Yield the instances; their split is set later."""
        task = self._task
        documents = self._note(task.reader.iter_documents(task.shard, self.rejects, self._masked))
        if joins_documents(task.params):
            for split, instances, rejects in chunk_joined(
                documents, task.test_documents, task.params, task.context
            ):
                self.rejects += rejects
                self._documents.append(("", len(instances)))
                self._splits += [split] * len(instances)
                yield from instances
            return
        for document in documents:
            instances, rejects = chunk_document(document, task.params, task.context)
            self.rejects += rejects
            self._documents.append((document.group or document.name, len(instances)))
            if isinstance(document, Document) and document.split:
                self._given_splits[document.group or document.name] = document.split
            questions, rejects = attach_questions(document, instances, task.context.source)
            self.questions += questions
            self.rejects += rejects
            yield from instances

    def _note(self, documents: Iterable[Book | Document]) -> Iterator[Book | Document]:
        """Yield the documents; note their names where they may repeat, and how many have no time.

        Where they are joined, their questions are rejected.
        """
        for document in documents:
            if self._task.reader.is_own:
                self._names.append(document.name)
            if is_undated(document):
                self._undated += 1
            if joins_documents(self._task.params):
                self.rejects += reject_joined_questions(document, self._task.context.source)
            yield document

    def manifest(self) -> dict[str, Any]:
        """Return the documents with the numbers of their instances, and a summary of the rejects."""
        return {
            "documents": self._documents,
            "given_splits": self._given_splits,
            "splits": self._splits,
            "undated": self._undated,
            "names": self._names,
            "masked": self._masked,
            "num_rejects": len(self.rejects),
            "first_reject": describe_reject(self.rejects[0]) if self.rejects else "",
        }


def _require_own_names(
    reader: SourceReader, shards: Sequence[RawShard], manifests: Sequence[dict[str, Any]]
) -> None:
    """Raise MemcurateError where two shards have documents of one name."""
    places: dict[str, RawShard] = {}
    for shard, manifest in zip(shards, manifests, strict=True):
        for name in manifest["names"]:
            if name in places:
                raise reader.repeated_name_error(name, places[name], shard)
        places |= dict.fromkeys(manifest["names"], shard)


def _draw_documents(
    tasks: Sequence[ChunkTask],
    measured: Sequence[Mapping[str, Any]],
    params: JoiningChunking,
    context: ChunkingContext,
) -> list[ChunkTask]:
    """Draw the documents of test; return the tasks, each with those of its shard."""
    test = draw_joined_test(measured, params, context)
    return [
        replace(task, test_documents=tuple(n for n, (name, _) in enumerate(one["documents"]) if name in test))
        for task, one in zip(tasks, measured, strict=True)
    ]


def measure_shard(task: ChunkTask, _: Path) -> dict[str, Any]:
    """Return the result of `measure_documents` as a manifest."""
    return measure_documents(task.reader.iter_documents(task.shard, []), task.context)


def _choose_splits(
    manifests: Sequence[dict[str, Any]], params: Chunking, context: ChunkingContext
) -> list[list[Split]]:
    """Return the split of each instance of each shard."""
    if joins_documents(params):
        return [manifest["splits"] for manifest in manifests]
    return _draw_splits(manifests, context)


def _draw_splits(manifests: Sequence[dict[str, Any]], context: ChunkingContext) -> list[list[Split]]:
    """Draw the documents of test; return the split of each instance of each shard."""
    given: dict[str, Split] = {}
    for manifest in manifests:
        given |= manifest["given_splits"]
    weights = sum_weights(manifest["documents"] for manifest in manifests)
    splits = draw_splits(weights, given, context)
    return [
        [splits[group] for group, count in manifest["documents"] for _ in range(count)]
        for manifest in manifests
    ]
