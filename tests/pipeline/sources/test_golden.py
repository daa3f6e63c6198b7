"""Every source from raw files to kept questions, on small files in the corpora's own formats.

`golden/<source>/raw` holds our own texts with the oddities of the corpora, and `expected.json` the expected
result. To accept a change: `UPDATE_GOLDEN=1 pytest tests/pipeline/sources`, then read the difference.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.schema import BLANK, Fact, Instance, Question, Reject, Segment, SegmentSpan, Span
from pipeline.parity.build_source import build_source
from pipeline.sources.io import read_span
from tests.pipeline.sources.factories import (
    CHUNKING,
    GOLDEN,
    SPLIT,
    golden_raw_dir,
    make_golden_table,
    make_source_config,
    write_golden_parquet,
)
from tests.pipeline.sources.reading import parse


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*.rows.json")), ids=lambda path: path.stem)
def test_golden_parquet_files_hold_their_rows(path: Path) -> None:
    parquet = path.parent / "raw" / f"{path.name.removesuffix('.rows.json')}.parquet"
    if os.environ.get("UPDATE_GOLDEN"):
        parquet.parent.mkdir(exist_ok=True)
        write_golden_parquet(parquet)
    assert pq.read_table(parquet).equals(make_golden_table(parquet))


@pytest.mark.parametrize("source", sorted(CHUNKING))
def test_a_golden_source_gives_the_expected_rows(source: str, context: ChunkingContext) -> None:
    raw = golden_raw_dir(source)
    own = replace(context, source=source, split=SPLIT)
    instances, rejects = build_source(parse(source, raw), make_source_config(source), own)
    assert instances, "no instance is left: make its chunking in factories.py smaller"
    for instance in instances:
        for chunk in instance.chunks:
            assert chunk.tokens == context.tokenizer.count(chunk.text) <= CHUNKING[source].max_tokens
            for segment in chunk.segments:
                assert read_span(raw, segment.source_span) == chunk.text[segment.start : segment.end]
        for question in instance.questions:
            if question.source_span is None:
                assert question.origin == "summary"
            elif question.origin == "summary":
                assert read_span(raw, question.source_span) in (question.summary, question.text)
            else:
                filled = question.text.replace(BLANK, "".join(question.answers[:1]))
                assert collapse_spaces(read_span(raw, question.source_span)) in collapse_spaces(filled)
    result = {
        "instances": list(map(summarize_instance, instances)),
        "rejects": list(map(summarize_reject, rejects)),
    }
    expected = GOLDEN / source / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.skip(f"wrote {expected}")
    assert result == json.loads(expected.read_text(encoding="utf-8"))


def collapse_spaces(text: str) -> str:
    return " ".join(text.split())


def summarize_instance(instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "split": instance.split,
        "document": instance.document,
        "index": instance.index,
        "tokens": instance.tokens,
        "labels": [f"{label.number} {label.name}" for label in instance.labels],
        "chunks": [
            {
                "id": chunk.id,
                "index": chunk.index,
                "time": chunk.time,
                "tokens": chunk.tokens,
                "text": chunk.text.split("\n"),
                "segments": [f"{span.start}-{span.end} {summarize_segment(span)}" for span in chunk.segments],
            }
            for chunk in instance.chunks
        ],
        "questions": list(map(summarize_question, instance.questions)),
        **({"facts": list(map(summarize_fact, instance.facts))} if instance.facts else {}),
    }


def summarize_segment(segment: Segment | SegmentSpan) -> str:
    """Summarize a segment in one line: id, raw span and metadata."""
    metadata = (segment.document, segment.section, segment.speaker, segment.time, segment.label)
    return f"{segment.id} {summarize_span(segment.source_span)} | " + " | ".join(
        value or "-" for value in metadata
    )


def summarize_span(span: Span | None) -> str | None:
    return f"{span.file}#{span.record} {span.start}-{span.end}" if span else None


def summarize_question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "text": question.text.split("\n"),
        "answers": question.answers,
        "about": f"{question.metric} | {question.origin} | {question.kind or '-'} | {question.time or '-'}",
        "evidence": question.evidence,
        "evidence_chunks": question.evidence_chunks,
        "raw": summarize_span(question.source_span),
        **({"wrong": question.wrong_answers} if question.wrong_answers else {}),
        **({"after_chunk": question.after_chunk} if question.after_chunk is not None else {}),
    }


def summarize_fact(fact: Fact) -> str:
    """Summarize a fact in one line."""
    end = f"{fact.end} {fact.end_segment} {fact.end_chunk}" if fact.end else "holds"
    return f"{fact.subject} | {fact.attribute} | {fact.value} | {fact.segment} {fact.chunk} | {end}"


def summarize_reject(reject: Reject) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "reject": f"{reject.stage} | {reject.kind} | {reject.reason} | {reject.detail}",
        "id": reject.id,
        "document": reject.document,
        "raw": summarize_span(reject.source_span),
    }
    if reject.segments:
        summary["segments"] = [f"{summarize_segment(segment)}: {segment.text}" for segment in reject.segments]
    if reject.question:
        summary["question"] = f"{reject.question.text} -> {' / '.join(reject.question.answers)}"
    return summary
