"""The schema of Mem-alpha's published files, which its public training code reads, and the way back into
ours.

Parquet with a row an instance: `chunks`, `questions_and_answers` and `metadata` are JSON in strings, an
answer is one string, a label is asked for in `\\boxed{}`, and `data_source` is a name that the code knows.
What the published files have no place for stands in `metadata` under `memcurate` and beside each question, so
that our own files come back whole but for the segments: read back, a chunk is one segment, and lineage ends
at the file.
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

from pipeline.errors import MemcurateError
from pipeline.ids import short_id
from pipeline.interchange.data_sources import data_source, joined, metric
from pipeline.interchange.published_rows import (
    COLUMNS,
    PublishedQuestion,
    PublishedRow,
    published_row,
    source_name,
)
from pipeline.rendering import day
from pipeline.schema import (
    Chunk,
    Instance,
    Label,
    Metric,
    PlacedSegment,
    Question,
    Reject,
    Span,
    Split,
)
from pipeline.sources.reading import Rows, pointer, rejected_record
from pipeline.storage import ROWS_PER_GROUP
from pipeline.text.tokens import Count
from pipeline.text.well_formed import to_well_formed

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
_BOXED = "\nAnswer with the number in \\boxed{}."

_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: ([0-9]{2}:[0-9]{2}))?")
_FORMAT = "%Y-%m-%d %H:%M"


@dataclass
class Named:
    """Under which names rows were exported, and which were not."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)  # by (source, data source)
    left_out: list[str] = field(default_factory=list)  # what is wrong with each instance that has no row


def export(
    path: Path,
    instances: Iterable[Instance],
    rows: Mapping[str, str | None],
    named: Named | None = None,
) -> int:
    """Write the instances as a published file; return how many. `rows`: the paper's row of each source, or
    None.

    An instance is left out whose questions that project cannot measure under one name; `named` tells which.
    """
    count = 0
    numbered = enumerate(_exportable(instances, rows, named or Named()))
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while group := [_row(number, *one) for number, one in islice(numbered, ROWS_PER_GROUP)]:
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=SCHEMA))
            count += len(group)
    return count


def _exportable(
    instances: Iterable[Instance], rows: Mapping[str, str | None], named: Named
) -> Iterator[tuple[Instance, str]]:
    for instance in instances:
        name = data_source(instance.source, rows.get(instance.source), instance.questions)
        if name is None:
            metrics = sorted({question.metric for question in instance.questions})
            named.left_out.append(
                f"instance {instance.id}: its questions are measured by {' and '.join(metrics)}, which no "
                "data source of Mem-alpha's code measures together; ask them in two sources, or change "
                f"sources.{instance.source}.questions in params.yaml"
            )
        else:
            named.rows[instance.source, name] += 1
            yield instance, name


def _row(number: int, instance: Instance, name: str) -> dict[str, Any]:
    own = {
        "id": instance.id,
        "source": instance.source,
        "document": instance.document,
        "ordinal": instance.ordinal,
        "labels": [{"number": one.number, "name": one.name} for one in instance.labels],
        "chunks": [{"id": one.id, "time": one.time} for one in instance.chunks],
    }
    return {
        "instance_id": number,
        "prompt": _PROMPT,
        "chunks": _json([chunk.text for chunk in instance.chunks]),
        "questions_and_answers": _json([_asked(question, name) for question in instance.questions]),
        "data_source": name,
        "metadata": _json({"data_source": name, "memcurate": own}),
        "num_chunks": len(instance.chunks),
        "num_questions": len(instance.questions),
    }


def _asked(question: Question, name: str) -> dict[str, Any]:
    boxed = _BOXED if question.metric == "exact" else ""
    return {
        "question": question.text + boxed,
        "answer": joined(question.answers, name) if question.metric == "keywords" else question.answers[0],
        "answers": question.answers,
        "id": question.id,
        "metric": question.metric,
        "origin": question.origin,
        "kind": question.kind,
        "time": question.time,
        "evidence_chunks": question.evidence_chunks,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def imported(path: Path, split: Split, count: Count, rejects: list[Reject]) -> Iterator[Instance]:
    """The instances of a published file, in its order; tokens by `count`. A row that is none becomes a
    reject.

    Raises MemcurateError when it is missing, no Parquet file, or has other columns.
    """
    rows = Rows(path, advice="Mend the file, or import another.")
    if len(rows):
        _check_columns(path, rows[0])
    for number, row in enumerate(rows):
        try:
            read = published_row(row)
        except ValueError as error:
            span = Span(path.name, pointer(number), 0, 0)
            source = source_name(row["data_source"])
            rejects.append(rejected_record(source, "malformed record", to_well_formed(str(error)), span))
            continue
        yield _instance(read, path.name, number, split, count)


def _check_columns(path: Path, row: Mapping[str, Any]) -> None:
    for name in COLUMNS:
        if name not in row:
            raise MemcurateError(
                f"{path} has no column {name!r}, so it is not a file in Mem-alpha's schema; it has "
                f"{', '.join(row)}"
            )


def _instance(read: PublishedRow, file: str, number: int, split: Split, count: Count) -> Instance:
    own, source = read.own, source_name(read.data_source)
    name = own.document if own else f"{file}/{number}"
    chunks = []
    for ordinal, text in enumerate(read.chunks):
        known = own.chunks[ordinal] if own else None
        raw = Span(file, pointer(number, "chunks", ordinal), 0, len(text))
        identity = short_id(own.source if own else source, name, ordinal, text)
        segment = PlacedSegment(identity, raw, name, None, None, None, None, 0, len(text))
        time = known.time if known and _is_time(known.time) else _time(text, ordinal)
        chunks.append(Chunk(known.id if known else identity, ordinal, text, count(text), time, [segment]))
    questions = [
        _question(asked, read.data_source, file, number, place)
        for place, asked in enumerate(read.questions_and_answers)
    ]
    return Instance(
        id=own.id if own else short_id(source, name, *(chunk.id for chunk in chunks)),
        source=own.source if own else source,
        split=split,
        document=name,
        ordinal=own.ordinal if own else 0,
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=sorted(questions, key=lambda one: one.id),
        labels=[Label(one.number, one.name) for one in own.labels] if own else [],
    )


def _question(asked: PublishedQuestion, name: str, file: str, number: int, place: int) -> Question:
    how = asked.metric or metric(name)
    text = asked.question.removesuffix(_BOXED)
    return Question(
        id=asked.id or short_id(source_name(name), file, number, place, text),
        text=text,
        answers=asked.answers or _answers(asked.answer, how),
        metric=how,
        origin=asked.origin,
        kind=asked.kind,
        time=asked.time,
        evidence=[],
        evidence_chunks=asked.evidence_chunks,
        raw=Span(file, pointer(number, "questions_and_answers", place, "question"), 0, len(text)),
    )


def _answers(answer: str | list[str], how: Metric) -> list[str]:
    """The gold answers; keywords are joined by `;`, or by commas."""
    if isinstance(answer, list):
        return [one for one in answer if one.strip()]
    if how != "keywords":
        return [answer]
    parts = answer.split(";" if ";" in answer else ",")
    return [part.strip() for part in parts if part.strip()] or [answer]


def _time(text: str, ordinal: int) -> str:
    """The first date in a chunk's first line, or a day of its own."""
    found = _TIME.search(text.split("\n", 1)[0])
    time = f"{found[1]} {found[2] or '00:00'}" if found else ""
    return time if time and _is_time(time) else day(ordinal)


def _is_time(time: str) -> bool:
    """Tell whether a string is a minute as chunks name it, or empty: not known."""
    try:
        return not time or f"{datetime.strptime(time, _FORMAT):{_FORMAT}}" == time
    except ValueError:
        return False
