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

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.params.formats import get_named_columns
from pipeline.core.printable import count_noun
from pipeline.core.rejection import NOT_AT_SPAN_REASON
from pipeline.core.schema import Instance, Question, Reject
from pipeline.parity.build_source import SourceConfig, finish_source
from pipeline.questions.deterministic import explain_left_out
from pipeline.report.sample_records import SampleRecords, count_records, describe_first
from pipeline.sources import make_reader
from pipeline.sources.io import read_json
from pipeline.sources.shards import MEDIA_SUFFIXES

_SAMPLE_BYTES = 3 << 19
_MAX_LINE_BYTES = 1 << 26
_FEW_INSTANCES = 3
_MAX_REASONS = 5
_WARN_FRACTION = 10  # a warning where one in ten records is rejected, or more


@dataclass(frozen=True, slots=True)
class Sample:
    """A folder with a sample of some files."""

    folder: Path
    num_files: int  # of all files
    num_bytes: int
    sampled_bytes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The instances and rejects that a sample of a source's files gives."""

    sample: Sample
    chars: int  # of the text that was read, in instances and in rejected segments
    instances: list[Instance]
    rejects: list[Reject]
    records: SampleRecords
    has_text: bool  # whether something was read, in whatever became of it
    missing_columns: dict[str, str]  # columns that the source names and no record has, by key
    left_out: str  # the questions that rules cannot make in the source's language


def make_preview(name: str, params: Params, sample: Sample, assets: Path) -> Preview:
    """Build a source of a sample, in memory.

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
    reader = make_reader(name, source)
    shards = reader.plan(sample.folder, _SAMPLE_BYTES)
    questions: list[Question] = []
    has_text = False
    if shards:
        chunked = chunk_shards_in_memory(reader, shards, source.chunking, context)
    else:
        parsed = reader.parse(sample.folder)
        questions = parsed.questions
        has_text = bool(parsed.labelled_examples or parsed.questions)
        chunked = chunk_source(parsed, source.chunking, context)
    chars = sum(len(chunk.text) for one in chunked.instances for chunk in one.chunks)
    chars += sum(len(segment.text) for reject in chunked.rejects for segment in reject.segments)
    config = SourceConfig(
        source.chunking, source.questions, source.checks, params.dataset.near_duplicate, source.language
    )
    instances, rejects = finish_source(chunked, questions, config, context)
    records = count_records(sample.folder, name, rejects)
    return Preview(
        sample,
        chars,
        instances,
        rejects,
        records,
        has_text or chars > 0,
        dict(records.find_missing(get_named_columns(source.format))),
        explain_left_out(source.questions, source.language),
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


def format_preview(name: str, preview: Preview) -> Iterator[str]:
    """Yield the lines of a preview: what was read, kept and dropped, and an instance as it reads."""
    sample = preview.sample
    is_part = sample.sampled_bytes < sample.num_bytes
    yield (
        f"{name}: {count_noun(sample.num_files, 'file')}, {sample.num_bytes / 1e6:.1f} MB"
        + (f"; of a sample of {sample.sampled_bytes / 1e6:.1f} MB:" if is_part else "")
    )
    if preview.records.rejected:
        yield f"  read     {preview.records.read:,} of {count_noun(preview.records.total, 'record')}"
    splits = Counter(str(one.split) for one in preview.instances)
    kept = sum(len(chunk.text) for one in preview.instances for chunk in one.chunks)
    count = max(1, len(preview.instances))
    has_rejects = any(reject.kind == "record" for reject in preview.rejects)
    of_rest = " of the other records" if has_rejects else ""
    num_chunks = sum(len(one.chunks) for one in preview.instances)
    yield (
        f"  kept     {100 * kept // max(1, preview.chars)} % of the text{of_rest}, in "
        f"{count_noun(len(preview.instances), 'instance')} of {num_chunks / count:.1f} chunks: "
        f"train {splits['train']}, test {splits['test']}"
    )
    for kind, counts in sorted(_count_rejects(preview.rejects).items()):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common(_MAX_REASONS))
        yield f"  dropped  {count_noun(counts.total(), kind)}: {reasons}"
        if kind == "record":
            for reason, _ in counts.most_common(_MAX_REASONS):
                yield f"           {describe_first(preview.rejects, reason, sample.folder)}"
    origins = Counter(question.origin for one in preview.instances for question in one.questions)
    of_origin = ", ".join(f"{origin} {count:,}" for origin, count in origins.most_common())
    yield (
        f"  asked    {count_noun(origins.total(), 'question')}, "
        f"{origins.total() / max(1, len(preview.instances)):.1f} per instance"
        + (f": {of_origin}" if of_origin else "")
    )
    yield from _warn(preview, splits, origins.total(), kept)
    if preview.instances:
        yield ""
        yield from _show_instance(max(preview.instances, key=lambda one: (len(one.questions), one.id)))


def _count_rejects(rejects: list[Reject]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for reject in rejects:
        counts.setdefault(reject.kind, Counter())[reject.reason] += len(reject.segments) or 1
    return counts


def _warn(preview: Preview, splits: Counter[str], num_questions: int, kept: int) -> Iterator[str]:
    records = preview.records
    for key, column in preview.missing_columns.items():
        names = ", ".join(records.columns)
        yield f"  warning: no record has the column {column!r} that `{key}` names; they have {names:.200}"
    misplaced = [one for one in preview.rejects if one.reason == NOT_AT_SPAN_REASON]
    if misplaced:
        yield _describe_misplaced(preview, misplaced)
    if not preview.has_text:
        why = ". The first rejects, above, say why" if preview.rejects else ": the format gave no text"
        yield f"  warning: nothing was read{why}"
        return
    if records.rejected * _WARN_FRACTION >= records.total > 0:
        yield (
            f"  warning: {records.rejected:,} of {count_noun(records.total, 'record')} were rejected. The "
            "first rejects, above, say why"
        )
    if preview.left_out:
        yield f"  warning: {preview.left_out}"
    for split in ("train", "test"):
        if not splits[split]:
            yield from _explain_empty_split(preview, split)
    is_whole = preview.sample.sampled_bytes == preview.sample.num_bytes
    if is_whole and 0 < len(preview.instances) < _FEW_INSTANCES:
        yield "  hint: shorter chunks, or fewer, give more instances: see chunking.max_tokens and min_chunks"
    if not num_questions and not preview.left_out:
        yield "  warning: no question. See the keys of `questions`, and of `checks`, which may be too strict"
    elif num_questions and 10 * kept < preview.chars:
        yield "  warning: under a tenth of the text is kept. See chunking.min_chunks and checks.min_questions"


def _describe_misplaced(preview: Preview, misplaced: list[Reject]) -> str:
    """Return the warning for segments that are not the characters of their spans."""
    kept = {
        segment.id.partition(".")[0]  # parts of one segment count once
        for one in preview.instances
        for chunk in one.chunks
        for segment in chunk.segments
    }
    lost = {segment.id.partition(".")[0] for one in preview.rejects for segment in one.segments}
    count = sum(len(one.segments) for one in misplaced)
    first = describe_first(misplaced, NOT_AT_SPAN_REASON, preview.sample.folder)
    return (
        f"  warning: {count:,} of {count_noun(len(kept | lost), 'segment')} are not the characters of their "
        f"span, and were rejected; {first}. Mend `start`; a class that decodes its files needs read_file "
        "(docs/own-data.md)"
    )


def _explain_empty_split(preview: Preview, split: str) -> Iterator[str]:
    """Yield why a split has no instance: the checks dropped all, or none was made."""
    dropped = [one for one in preview.rejects if one.kind == "instance" and one.split == split]
    if dropped:
        reasons = Counter(reject.reason for reject in dropped).most_common(_MAX_REASONS)
        described = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
        yield f"  warning: no {split} instance is left: {described}. See checks.min_questions"
    else:
        yield (
            f"  warning: no {split} instance. More or smaller documents help; see "
            "split.test_fraction, split.max_document_fraction, chunking.min_chunks"
        )


def _show_instance(instance: Instance) -> Iterator[str]:
    yield f"An instance of {instance.split}, {instance.id}; the first of its {len(instance.chunks)} chunks:"
    text = instance.chunks[0].text
    yield from (f"  | {line}" for line in text[:1200].splitlines())
    if len(text) > 1200:
        yield f"  | … {instance.chunks[0].tokens:,} tokens in all"
    for question in instance.questions[:2]:
        yield "A question:"
        yield from (f"  | {line}" for line in question.text.splitlines())
        yield f"  → {' | '.join(question.answers)[:200]}"
