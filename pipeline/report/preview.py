"""Preview of a source: what a sample of its files gives, in seconds and without the graph."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.checks.pii import find_pii
from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Chunking, Params, Source
from pipeline.core.params.formats import get_named_columns
from pipeline.core.schema import Instance, Question, Reject
from pipeline.parity.build_source import SourceConfig, finish_source
from pipeline.questions.deterministic import explain_left_out
from pipeline.report.sample_records import SampleRecords, count_records
from pipeline.sources import make_reader
from pipeline.sources.io import read_json
from pipeline.sources.shards import MEDIA_SUFFIXES

_SAMPLE_BYTES = 3 << 19
_MAX_LINE_BYTES = 1 << 26
FEW_INSTANCES = 3
_MIN_USEFUL_TOKENS = 256  # of a chunk


@dataclass(frozen=True, slots=True)
class Sample:
    """A folder with a sample of some files."""

    folder: Path
    num_files: int  # of all files
    num_bytes: int
    sampled_bytes: int

    @property
    def is_whole(self) -> bool:
        """Whether the sample holds all of the files."""
        return self.sampled_bytes == self.num_bytes


@dataclass(frozen=True, slots=True)
class SmallerChunking:
    """Keys of `chunking` that were tried, and what they give."""

    change: dict[str, int]
    num_instances: int
    num_questions: int


@dataclass(slots=True)
class Preview:
    """The instances and rejects that a sample of a source's files gives."""

    sample: Sample
    source: Source
    chars: int  # of the text that was read, in instances and in rejected segments
    num_segments: Counter[str]  # of the instances of each split, before the checks
    num_documents: int
    instances: list[Instance]
    rejects: list[Reject]
    records: SampleRecords
    has_text: bool  # whether something was read, in whatever became of it
    missing_columns: dict[str, str]  # columns that the source names and no record has, by key
    pii: Counter[str]  # findings of personal data in the text that was read, by kind
    left_out: str  # the questions that rules cannot make in the source's language
    smaller: SmallerChunking | None = None  # where the source makes few instances, and this makes more

    @property
    def num_questions(self) -> int:
        """The number of questions of all instances."""
        return sum(len(one.questions) for one in self.instances)

    @property
    def kept_percent(self) -> int:
        """The percent of the text that is in the instances."""
        kept = sum(len(chunk.text) for one in self.instances for chunk in one.chunks)
        return 100 * kept // max(1, self.chars)


def make_preview(name: str, params: Params, sample: Sample, assets: Path) -> Preview:
    """Build a source of a sample, in memory; where all of a small source makes few instances, look for more.

    Args:
        name: The source.
        params: Has its settings.
        sample: Of its raw files.
        assets: The folder of assets.

    Raises:
        MemcurateError: As the format and the chunking strategy do.
    """
    source = params.sources[name]
    context = ChunkingContext(name, params.seed, params.split, params.tokenizer, assets)
    near_duplicate = params.dataset.near_duplicate
    preview = _build(source, source.chunking, sample, context, near_duplicate)
    if sample.is_whole and 0 < len(preview.instances) < FEW_INSTANCES:
        for change in _iter_smaller(source.chunking):
            chunking = source.chunking.model_copy(update=change)
            other = _build(source, chunking, sample, context, near_duplicate)
            if _is_better(other, preview):
                preview.smaller = SmallerChunking(change, len(other.instances), other.num_questions)
                break
    return preview


def _build(
    source: Source, chunking: Chunking, sample: Sample, context: ChunkingContext, near_duplicate: int
) -> Preview:
    name = context.source
    reader = make_reader(name, source)
    shards = reader.plan(sample.folder, _SAMPLE_BYTES)
    questions: list[Question] = []
    has_text = False
    if shards:
        chunked = chunk_shards_in_memory(reader, shards, chunking, context)
    else:
        parsed = reader.parse(sample.folder)
        questions = parsed.questions
        has_text = bool(parsed.labelled_examples or parsed.questions)
        chunked = chunk_source(parsed, chunking, context)
    chars = sum(len(chunk.text) for one in chunked.instances for chunk in one.chunks)
    chars += sum(len(segment.text) for reject in chunked.rejects for segment in reject.segments)
    num_segments = Counter(
        str(one.split) for one in chunked.instances for chunk in one.chunks for _ in chunk.segments
    )
    documents = {
        segment.document for one in chunked.instances for chunk in one.chunks for segment in chunk.segments
    }
    documents |= {segment.document for reject in chunked.rejects for segment in reject.segments}
    config = SourceConfig(chunking, source.questions, source.checks, near_duplicate, source.language)
    instances, rejects = finish_source(chunked, questions, config, context)
    door = reader.make_pii_door()
    records = count_records(sample.folder, name, rejects, door.redaction.redact_span if door else None)
    return Preview(
        sample,
        source,
        chars,
        num_segments,
        len(documents),
        instances,
        rejects,
        records,
        has_text or chars > 0,
        dict(records.find_missing(get_named_columns(source.format))),
        Counter(finding.kind for one in chunked.instances for finding in find_pii(one, source.language)),
        explain_left_out(source.questions, source.language),
    )


def _iter_smaller(chunking: Chunking) -> Iterator[dict[str, int]]:
    """Yield changes of a block `chunking` that may give more instances, the smallest change first."""
    values = chunking.model_dump()
    if "max_chunks" not in values:  # its instances are not made of chunks in a row
        return
    min_tokens = max(_MIN_USEFUL_TOKENS, values.get("min_chunk_tokens", 0))
    for divisor in (2, 4):
        change = {"max_tokens": max(min_tokens, values["max_tokens"] // divisor)}
        if "min_chunk_tokens" in values:  # such an instance is full where it has max_chunks
            change["max_chunks"] = max(values["min_chunks"], values["max_chunks"] // divisor)
        else:
            change["min_chunks"] = min(values["min_chunks"], 2)
        if any(values[key] != value for key, value in change.items()):
            yield change


def _is_better(other: Preview, preview: Preview) -> bool:
    """Return whether another chunking gives enough instances, of as much text, with as many questions.

    No split may lose all its instances to the checks.
    """
    return (
        len(other.instances) >= FEW_INSTANCES
        and {str(one.split) for one in other.instances} == set(other.num_segments)
        and other.num_questions >= preview.num_questions
        and other.kept_percent >= preview.kept_percent
    )


def take_sample(raw_dir: Path, folder: Path) -> Sample:
    """Copy files into an empty folder, up to 1.5 MB; of a larger file, its first records or lines.

    Files of upper folders come first, for they may tell of those below, and pictures and the like last.
    """
    paths = sorted((path for path in raw_dir.rglob("*") if path.is_file()), key=_get_sample_order)
    remaining = _SAMPLE_BYTES
    for path in paths:
        if remaining <= 0:
            break
        target = folder / path.relative_to(raw_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.stat().st_size <= remaining:
            shutil.copyfile(path, target)
        elif path.suffix.lower() == ".parquet":
            _sample_parquet(path, target, remaining)
        elif path.suffix.lower() == ".json":
            _sample_json(path, target, remaining)
        else:
            _sample_lines(path, target, remaining)
        remaining -= path.stat().st_size
    return Sample(folder, len(paths), _sum_sizes(paths), _sum_sizes(folder.rglob("*")))


def _get_sample_order(path: Path) -> tuple[bool, int, Path]:
    return path.name.lower().endswith(MEDIA_SUFFIXES), len(path.parts), path


def _sum_sizes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def _sample_lines(path: Path, target: Path, num_bytes: int) -> None:
    """Copy whole lines; of a CSV file, up to a line end outside quotes."""
    is_csv = path.suffix.lower() == ".csv"
    with path.open("rb") as file:
        data = file.read(num_bytes) + file.readline(_MAX_LINE_BYTES)
        while is_csv and data.count(b'"') % 2 and (line := file.readline(_MAX_LINE_BYTES)):
            data += line
    target.write_bytes(data)


def _sample_json(path: Path, target: Path, num_bytes: int) -> None:
    try:
        values = read_json(path)
    except MemcurateError:  # a value per line, maybe
        _sample_lines(path, target, num_bytes)
        return
    text = json.dumps(_shorten(values, num_bytes), ensure_ascii=False)
    target.write_text(text, encoding="utf-8", errors="replace")


def _shorten(value: Any, num_bytes: int) -> Any:
    """Return the first items of a list or object.

    Of an object that is not of records, since some of its values are neither lists nor objects, the largest
    value is shortened: SQuAD's `data`, or `messages` of a chat.
    """
    if isinstance(value, list):
        return list(_take(value, num_bytes))
    if not isinstance(value, dict) or not value:
        return value
    if len(value) > 1 and all(isinstance(one, list | dict) for one in value.values()):
        return dict(_take(list(value.items()), num_bytes))
    largest = max(value, key=lambda key: len(json.dumps(value[key])))
    return {**value, largest: _shorten(value[largest], num_bytes)}


def _take(values: list[Any], num_bytes: int) -> Iterator[Any]:
    for value in values:
        num_bytes -= len(json.dumps(value))
        yield value
        if num_bytes < 0:
            return


def _sample_parquet(path: Path, target: Path, num_bytes: int) -> None:
    with pq.ParquetFile(path) as file:
        rows = max(1, file.metadata.num_rows * num_bytes // path.stat().st_size)
        batches = list(islice(file.iter_batches(min(rows, 1024)), -(-rows // 1024)))
        pq.write_table(pa.Table.from_batches(batches, file.schema_arrow), target)
