r"""Export to and import from the schema of Mem-alpha's published files, which its public training code reads.

The files are Parquet with a row for each instance. `chunks`, `questions_and_answers` and `metadata` are JSON
strings; an answer is one string; a label is requested in `\boxed{}`; `data_source` is a name that the code
knows. Fields that the published files lack are in `metadata` under `memcurate` and in each question, so that
our own files are imported whole except for segments: an imported chunk is one segment, and its source span is
in the published file.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.columns import to_row
from pipeline.core.dates import synthetic_time
from pipeline.core.errors import MemcurateError
from pipeline.core.ids import short_id
from pipeline.core.schema import (
    Chunk,
    Fact,
    Instance,
    Label,
    Metric,
    Question,
    Reject,
    SegmentSpan,
    Span,
    Split,
)
from pipeline.core.storage import ROWS_PER_GROUP
from pipeline.core.unicode import to_well_formed
from pipeline.publish.data_sources import SUPPORTED_METRICS, DataSourceNames, infer_metric, join_keywords
from pipeline.publish.published_rows import (
    REQUIRED_COLUMNS,
    PublishedQuestion,
    PublishedRow,
    normalize_source_name,
    parse_published_row,
)
from pipeline.sources.io import ParquetRows, json_pointer, make_record_reject
from pipeline.text.tokens import TokenCounter

SCHEMA = pa.schema(
    [
        ("instance_id", pa.int64()),
        ("prompt", pa.string()),
        ("chunks", pa.string()),
        ("questions_and_answers", pa.string()),
        ("data_source", pa.string()),
        ("metadata", pa.string()),
        ("num_chunks", pa.int64()),
        ("num_questions", pa.int64()),
    ]
)

_PROMPT = (
    "You are shown a text in chunks, one after the other. After each, change the memory by tool calls so "
    "that it holds what questions may ask for later."
)
_ABSTENTION = "This was never said."  # to be compared with by a judge
_BOXED_INSTRUCTION = "\nAnswer with the number in \\boxed{}."

_TIME_PATTERN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: ([0-9]{2}:[0-9]{2}))?")
_TIME_FORMAT = "%Y-%m-%d %H:%M"


@dataclass
class ExportSummary:
    """Numbers of exported rows by (source, data source name)."""

    row_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Rows with a question that the code measures otherwise; only under names that the user chose.
    mismatch_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Questions that are left out: all of a row are asked after its last chunk, and these before it.
    num_left_out: int = 0


def export_instances(
    path: Path,
    instances: Iterable[Instance],
    names: DataSourceNames,
    summary: ExportSummary | None = None,
) -> int:
    """Write instances as a published file; return the number of rows.

    Each must have a name: `names.require_all` tells beforehand. `summary` collects the counts.
    """
    count = 0
    summary = summary if summary is not None else ExportSummary()
    rows = (
        _to_published_row(number, instance, _select_name(instance, names, summary))
        for number, instance in enumerate(instances)
    )
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=SCHEMA))
            count += len(group)
    return count


def _select_name(instance: Instance, names: DataSourceNames, summary: ExportSummary) -> str:
    """Return the data source name of an instance, and count it."""
    name = names.select(instance.source, instance.questions)
    if name is None:
        raise MemcurateError(f"instance {instance.id} has no data source name: give one with --as")
    summary.row_counts[instance.source, name] += 1
    measured = SUPPORTED_METRICS.get(name)
    summary.num_left_out += sum(one.after_chunk is not None for one in instance.questions)
    if measured is not None and not {one.metric for one in instance.questions} <= measured:
        summary.mismatch_counts[instance.source, name] += 1
    return name


def _to_published_row(number: int, instance: Instance, name: str) -> dict[str, Any]:
    facts = {"facts": [to_row(fact) for fact in instance.facts]} if instance.facts else {}
    metadata = {
        "id": instance.id,
        "source": instance.source,
        "document": instance.document,
        "index": instance.index,
        "labels": [{"number": one.number, "name": one.name} for one in instance.labels],
        "chunks": [{"id": one.id, "time": one.time} for one in instance.chunks],
        **facts,
    }
    questions = [one for one in instance.questions if one.after_chunk is None]
    return {
        "instance_id": number,
        "prompt": _PROMPT,
        "chunks": _dump_json([chunk.text for chunk in instance.chunks]),
        "questions_and_answers": _dump_json(
            [_to_published_question(question, name) for question in questions]
        ),
        "data_source": name,
        "metadata": _dump_json({"data_source": name, "memcurate": metadata}),
        "num_chunks": len(instance.chunks),
        "num_questions": len(questions),
    }


def _to_published_question(question: Question, name: str) -> dict[str, Any]:
    boxed = _BOXED_INSTRUCTION if question.metric == "exact" else ""
    return {
        "question": question.text + boxed,
        "answer": _join_answers(question, name),
        "answers": question.answers,
        "id": question.id,
        "metric": question.metric,
        "origin": question.origin,
        "kind": question.kind,
        "time": question.time,
        "evidence_chunks": question.evidence_chunks,
        "summary": question.summary,
        **({"wrong_answers": question.wrong_answers} if question.wrong_answers else {}),
    }


def _join_answers(question: Question, name: str) -> str:
    """Return the one string that stands for the gold answers."""
    match question.metric:
        case "keywords":
            return join_keywords(question.answers, name)
        case "abstain":
            return _ABSTENTION
    return question.answers[0]


def _dump_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def import_instances(
    path: Path, split: Split, count_tokens: TokenCounter, rejects: list[Reject]
) -> Iterator[Instance]:
    """Yield the instances of a published file, in order; add a reject for each malformed row to `rejects`.

    Raises MemcurateError where the file is missing, is not Parquet, or lacks a column.
    """
    rows = ParquetRows(path, advice="Mend the file, or import another.")
    if len(rows):
        _check_columns(path, rows[0])
    for number, row in enumerate(rows):
        try:
            published = parse_published_row(row)
        except ValueError as error:
            span = Span(path.name, json_pointer(number), 0, 0)
            source = normalize_source_name(row["data_source"])
            rejects.append(make_record_reject(source, "malformed record", to_well_formed(str(error)), span))
            continue
        yield _to_instance(published, path.name, number, split, count_tokens)


def _check_columns(path: Path, row: Mapping[str, Any]) -> None:
    for name in REQUIRED_COLUMNS:
        if name not in row:
            raise MemcurateError(
                f"{path} has no column {name!r}, so it is not a file in Mem-alpha's schema, which has the "
                f"columns {', '.join(REQUIRED_COLUMNS)}; it has {', '.join(row)}. Name another file."
            )


def _to_instance(
    published: PublishedRow, file: str, number: int, split: Split, count_tokens: TokenCounter
) -> Instance:
    """Convert row `number` of a published file; fields that only our export writes are made up for others."""
    metadata, source = published.memcurate, normalize_source_name(published.data_source)
    document = metadata.document if metadata else f"{file}/{number}"
    chunks = []
    for index, text in enumerate(published.chunks):
        exported = metadata.chunks[index] if metadata else None
        span = Span(file, json_pointer(number, *published.chunk_paths[index]), 0, len(text))
        identity = short_id(metadata.source if metadata else source, document, index, text)
        segment = SegmentSpan(identity, span, document, None, None, None, None, 0, len(text))
        time = exported.time if exported and _is_valid_time(exported.time) else _find_time(text, index)
        chunk_id = exported.id if exported else identity
        chunks.append(Chunk(chunk_id, index, text, count_tokens(text), time, [segment]))
    questions = [
        _to_question(question, published, file, number, index)
        for index, question in enumerate(published.questions_and_answers)
    ]
    return Instance(
        id=metadata.id if metadata else short_id(source, document, *(chunk.id for chunk in chunks)),
        source=metadata.source if metadata else source,
        split=split,
        document=document,
        index=metadata.index if metadata else 0,
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=sorted(questions, key=lambda one: one.id),
        labels=[Label(one.number, one.name) for one in metadata.labels] if metadata else [],
        facts=[Fact(**one.model_dump()) for one in metadata.facts] if metadata else [],
    )


def _to_question(
    published: PublishedQuestion, row: PublishedRow, file: str, number: int, index: int
) -> Question:
    """Convert question `index` of row `number` of a published file."""
    name = row.data_source
    metric = published.metric or infer_metric(name)
    text = published.question.removesuffix(_BOXED_INSTRUCTION)
    return Question(
        id=published.id or short_id(normalize_source_name(name), file, number, index, text),
        text=text,
        answers=[] if metric == "abstain" else published.answers or _split_answers(published.answer, metric),
        metric=metric,
        origin=published.origin,
        kind=published.kind,
        time=published.time,
        evidence=[],
        evidence_chunks=published.evidence_chunks,
        source_span=Span(file, json_pointer(number, *row.question_paths[index]), 0, len(text)),
        summary=published.summary,
        wrong_answers=published.wrong_answers,
    )


def _split_answers(answer: str | list[str], answer_metric: Metric) -> list[str]:
    """Return the gold answers of a published answer; keywords are split at `;`, or else at commas."""
    if isinstance(answer, list):
        return [text for text in answer if text.strip()]
    if answer_metric != "keywords":
        return [answer]
    parts = answer.split(";" if ";" in answer else ",")
    return [part.strip() for part in parts if part.strip()] or [answer]


def _find_time(text: str, index: int) -> str:
    """Return the first time in a chunk's first line; else a synthetic one by the chunk's index."""
    match = _TIME_PATTERN.search(text.split("\n", 1)[0])
    time = f"{match[1]} {match[2] or '00:00'}" if match else ""
    return time if time and _is_valid_time(time) else synthetic_time(index)


def _is_valid_time(time: str) -> bool:
    """Return whether a string is a time as chunks have it, or empty, which stands for an unknown one."""
    try:
        return not time or f"{datetime.strptime(time, _TIME_FORMAT):{_TIME_FORMAT}}" == time
    except ValueError:
        return False
