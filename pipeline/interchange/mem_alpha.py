"""The schema of Mem-alpha's published files, which its public training code reads, and the way back into
ours.

Parquet with a row an instance: `chunks`, `questions_and_answers` and `metadata` are JSON in strings, an
answer is one string (keywords joined by `;`, of a summary by `, `), a label is asked for in `\\boxed{}`. What
the published files have no place for stands in `metadata` under `memcurate` and beside each question, so that
our own files come back whole but for the segments: read back, a chunk is one segment, and lineage ends at the
file.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from pipeline.errors import MemcurateError
from pipeline.ids import short_id
from pipeline.rendering import day
from pipeline.schema import (
    Chunk,
    Instance,
    Label,
    Metric,
    Origin,
    PlacedSegment,
    Question,
    Reject,
    Span,
    Split,
)
from pipeline.sources.reading import Rows, pointer, rejected_record
from pipeline.storage import ROWS_PER_GROUP
from pipeline.text.tokens import Count

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

# By which name the public code knows the sources; it chooses its metric by it.
_PUBLISHED = {
    "SQuAD": "squad",
    "HotpotQA": "hotpotqa",
    "PerLTQA": "perltqa",
    "LongMemEval-train": "lme_train",
    "NLU": "icl_nlu_8296shot_balance",
    "TREC-coarse": "icl_trec_coarse_6600shot_balance",
    "PubMed-RCT": "pubmed-rct",
    "BookSum": "booksum",
    "RULER-QA1": "ruler_qa1_197K",
    "RULER-QA2": "ruler_qa2_421K",
    "LongMemEval (S*)": "longmemeval_s*",
    "TREC-coarse (evaluation)": "icl_trec_coarse_6600shot_balance",
    "TREC-fine (evaluation)": "icl_trec_fine_6400shot_balance",
    "NLU (evaluation)": "icl_nlu_8296shot_balance",
    "CLINIC150": "icl_clinic150_7050shot_balance",
    "BANKING77": "icl_banking77_5900shot_balance",
    "InfBench-Sum": "infbench_sum_eng_shots2",
}
# How theirs are measured, by the beginning of the name; what is not here is contained.
_METRICS: tuple[tuple[str, Metric], ...] = (
    ("icl_", "exact"),
    ("pubmed", "exact"),
    ("perltqa", "keywords"),
    ("booksum", "keywords"),
    ("infbench_sum", "keywords"),
    ("lme_train", "judge"),
    ("longmemeval", "judge"),
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?")


def export(path: Path, instances: Iterable[Instance], rows: Mapping[str, str | None]) -> int:
    """Write the instances as a published file; return how many. `rows`: the paper's row of each source, or
    None.
    """
    count = 0
    numbered = enumerate(instances)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        while group := [
            _row(number, one, _PUBLISHED.get(rows.get(one.source) or "", one.source))
            for number, one in islice(numbered, ROWS_PER_GROUP)
        ]:
            writer.write_batch(pa.RecordBatch.from_pylist(group, schema=SCHEMA))
            count += len(group)
    return count


def _row(number: int, instance: Instance, data_source: str) -> dict[str, Any]:
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
        "questions_and_answers": _json([_asked(question) for question in instance.questions]),
        "data_source": data_source,
        "metadata": _json({"data_source": data_source, "memcurate": own}),
        "num_chunks": len(instance.chunks),
        "num_questions": len(instance.questions),
    }


def _asked(question: Question) -> dict[str, Any]:
    boxed = _BOXED if question.metric == "exact" else ""
    return {
        "question": question.text + boxed,
        "answer": _joint(question).join(question.answers)
        if question.metric == "keywords"
        else question.answers[0],
        "answers": question.answers,
        "id": question.id,
        "metric": question.metric,
        "origin": question.origin,
        "kind": question.kind,
        "time": question.time,
        "evidence_chunks": question.evidence_chunks,
    }


def _joint(question: Question) -> str:
    return ", " if question.origin == "summary" else ";"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Asked(BaseModel):
    """A question of a published file; with more of it where it is ours."""

    question: str
    answer: str | list[str]
    answers: list[str] | None = None
    id: str | None = None
    metric: Metric | None = None
    origin: Origin = "carried"
    kind: str | None = None
    time: str | None = None
    evidence_chunks: list[int] = []


class _OwnChunk(BaseModel):
    id: str
    time: str


class _OwnLabel(BaseModel):
    number: int
    name: str


class _Own(BaseModel):
    """What our files say of an instance beside what theirs do."""

    id: str
    source: str
    document: str
    ordinal: int
    labels: list[_OwnLabel]
    chunks: list[_OwnChunk]


class _Read(BaseModel):
    """A row, its JSON read."""

    chunks: list[str]
    questions_and_answers: list[_Asked]
    data_source: str
    own: _Own | None


def imported(path: Path, split: Split, count: Count, rejects: list[Reject]) -> Iterator[Instance]:
    """The instances of a published file, in its order; tokens by `count`. A row that is none becomes a
    reject.

    Raises MemcurateError when it is missing, no Parquet file, or has other columns.
    """
    rows = Rows(path)
    columns = pq.read_schema(path)
    for name in ("chunks", "questions_and_answers", "data_source", "metadata"):
        if name not in columns.names:
            raise MemcurateError(
                f"{path} has no column {name!r}, so it is no file in Mem-alpha's schema; it has "
                f"{', '.join(columns.names)}"
            )
    for number, row in enumerate(rows):
        try:
            read = _read(row)
        except ValueError as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else None
            told = f"{'/'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
            span = Span(path.name, pointer(number), 0, 0)
            rejects.append(
                rejected_record(_name(str(row.get("data_source"))), "malformed record", told, span)
            )
            continue
        yield _instance(read, path.name, number, split, count)


def _read(row: Mapping[str, Any]) -> _Read:
    """A row's JSON strings as values. Raises ValueError."""
    values: dict[str, Any] = {"data_source": row["data_source"]}
    for name in ("chunks", "questions_and_answers"):
        values[name] = json.loads(row[name])
    metadata = json.loads(row["metadata"] or "null")
    values["own"] = metadata.get("memcurate") if isinstance(metadata, dict) else None
    read = _Read.model_validate(values)
    if not read.chunks:
        raise ValueError("it has no chunk")
    if read.own is not None and len(read.own.chunks) != len(read.chunks):
        raise ValueError("metadata/memcurate/chunks: not as many as there are chunks")
    return read


def _instance(read: _Read, file: str, number: int, split: Split, count: Count) -> Instance:
    own, source = read.own, _name(read.data_source)
    name = own.document if own else f"{file}/{number}"
    chunks = []
    for ordinal, text in enumerate(read.chunks):
        known = own.chunks[ordinal] if own else None
        raw = Span(file, pointer(number, "chunks", ordinal), 0, len(text))
        identity = short_id(own.source if own else source, name, ordinal, text)
        segment = PlacedSegment(identity, raw, name, None, None, None, None, 0, len(text))
        time = known.time if known else _time(text, ordinal)
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


def _question(asked: _Asked, data_source: str, file: str, number: int, place: int) -> Question:
    metric = asked.metric or _metric(data_source)
    text = asked.question.removesuffix(_BOXED)
    return Question(
        id=asked.id or short_id(_name(data_source), file, number, place, text),
        text=text,
        answers=asked.answers or _answers(asked.answer, metric),
        metric=metric,
        origin=asked.origin,
        kind=asked.kind,
        time=asked.time,
        evidence=[],
        evidence_chunks=asked.evidence_chunks,
        raw=Span(file, pointer(number, "questions_and_answers", place, "question"), 0, len(text)),
    )


def _metric(data_source: str) -> Metric:
    for beginning, metric in _METRICS:
        if data_source.startswith(beginning):
            return metric
    return "contains"


def _answers(answer: str | list[str], metric: Metric) -> list[str]:
    """The gold answers; keywords are joined by `;`, or by commas."""
    if isinstance(answer, list):
        return answer
    if metric != "keywords":
        return [answer]
    parts = answer.split(";" if ";" in answer else ",")
    return [part.strip() for part in parts if part.strip()]


def _name(data_source: str) -> str:
    """A data source's name as one of ours."""
    return re.sub(r"\W+", "_", data_source.casefold()).strip("_")


def _time(text: str, ordinal: int) -> str:
    """The first date in a chunk's first line, or a day of its own."""
    found = _TIME.search(text.split("\n", 1)[0])
    return f"{found[1]} {found[2] or '00:00'}" if found else day(ordinal)
