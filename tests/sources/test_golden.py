"""Every source from raw files to kept questions, on small files in the corpora's own formats.

`golden/<source>/raw` holds texts of our own with the oddities that the corpora have, `expected.json` what
becomes of them. To accept a change: `UPDATE_GOLDEN=1 pytest tests/sources`, then read the difference.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.chunking import Context
from pipeline.params import (
    BookChunking,
    Checks,
    Chunking,
    ContextChunking,
    ConversationChunking,
    EventChunking,
    ExampleChunking,
    GatheredChunking,
    PassageChunking,
    Questions,
    SessionChunking,
    SplitParams,
)
from pipeline.road import Recipe, travel
from pipeline.schema import BLANK, Instance, PlacedSegment, Question, Reject, Segment, Span
from pipeline.sources import parse
from pipeline.sources.reading import read_span
from tests.sources import parquets

GOLDEN = Path(__file__).parent / "golden"

# A third of each source in test, so that a handful of documents reaches both sides.
SPLIT = SplitParams(test_share=0.3, max_document_share=0.6)

RECIPES: dict[str, Chunking] = {
    "gutenberg": BookChunking(recipe="books", max_tokens=128, min_chunks=2, max_chunks=3),
    "chitchat": ConversationChunking(recipe="conversations", max_tokens=128, min_chunks=2, max_chunks=3),
    "longmemeval": SessionChunking(
        recipe="sessions",
        max_tokens=160,
        min_questions=2,
        max_questions=2,
        min_instance_tokens=50,
        max_instance_tokens=600,
    ),
    "banking77": ExampleChunking(recipe="examples", instances=3, chunks=2, max_tokens=144, min_examples=3),
    "trec_coarse": ExampleChunking(recipe="examples", instances=3, chunks=1, max_tokens=144, min_examples=2),
    "trec_fine": ExampleChunking(recipe="examples", instances=3, chunks=1, max_tokens=144, min_examples=3),
    "squad_dev": PassageChunking(
        recipe="passages", max_tokens=192, min_target=150, min_chunks=2, max_chunks=3
    ),
    "hotpotqa_dev": GatheredChunking(
        recipe="gathered", max_tokens=192, min_target=128, instance_tokens=150, min_chunks=2, max_chunks=3
    ),
    "perltqa": EventChunking(recipe="events", max_tokens=256, min_chunks=2, max_chunks=3),
    "pubmed_rct": ExampleChunking(
        recipe="examples", instances=3, chunks=2, max_tokens=240, min_target=180, min_examples=2, once=True
    ),
    "booksum": BookChunking(recipe="books", max_tokens=192, min_chunks=2, max_chunks=4),
    "nlu": ExampleChunking(recipe="examples", instances=3, chunks=1, max_tokens=144, min_examples=2),
    "mab_longmemeval": ConversationChunking(
        recipe="conversations", max_tokens=160, min_chunks=1, max_chunks=1000
    ),
    "mab_infbench_sum": BookChunking(recipe="books", max_tokens=160, min_chunks=1, max_chunks=1000),
}
RECIPES |= {
    "squad": RECIPES["squad_dev"],
    "hotpotqa": RECIPES["hotpotqa_dev"],
    "longmemeval_train": RECIPES["longmemeval"],
    "clinc150": RECIPES["nlu"],
}
for name in ("ruler_qa1", "ruler_qa2"):
    RECIPES[f"mab_{name}"] = ContextChunking(recipe="contexts", max_tokens=192, shown_as="passages")
for name in ("trec_coarse", "trec_fine", "nlu", "clinic150", "banking77"):
    RECIPES[f"mab_{name}"] = ContextChunking(recipe="contexts", max_tokens=144, shown_as="examples")

KEEP_ALL = Checks(
    max_answer_tokens=None,
    drop_yes_no=False,
    drop_answer_in_question=False,
    language="en",
    min_keywords=1,
    min_agreement=0,
    min_questions=0,
    max_questions=100,
)
SHORT_ANSWERS = KEEP_ALL.model_copy(
    update={"max_answer_tokens": 4, "drop_yes_no": True, "drop_answer_in_question": True}
)
CHECKS: dict[str, Checks] = {
    "squad_dev": SHORT_ANSWERS.model_copy(update={"min_questions": 1, "max_questions": 9}),
    "hotpotqa_dev": SHORT_ANSWERS.model_copy(update={"min_questions": 1}),
    "longmemeval": KEEP_ALL.model_copy(update={"min_questions": 2}),
    "gutenberg": KEEP_ALL.model_copy(update={"min_keywords": 2}),
    "booksum": KEEP_ALL.model_copy(update={"min_keywords": 2, "min_agreement": 60, "min_questions": 1}),
}
CHECKS |= {"squad": CHECKS["squad_dev"], "hotpotqa": CHECKS["hotpotqa_dev"]}
QUESTIONS: dict[str, Questions] = {
    "gutenberg": Questions(carried=False, held_out=0, summary=True, cloze=2),
    "chitchat": Questions(carried=False, held_out=0, summary=False, cloze=2),
    "booksum": Questions(carried=False, held_out=0, summary=True, cloze=0),
    "mab_infbench_sum": Questions(carried=False, held_out=0, summary=True, cloze=0),
}
CARRIED = Questions(carried=True, held_out=0, summary=False, cloze=0)
LABELS = Questions(carried=False, held_out=3, summary=False, cloze=0)
NEAR_DUPLICATE = 50


def raw_of(source: str) -> Path:
    """All sets of MemoryAgentBench are in the same three files."""
    return GOLDEN / ("memory_agent_bench" if source.startswith("mab_") else source) / "raw"


def recipe_of(source: str) -> Recipe:
    """How a source is built here."""
    chunking = RECIPES[source]
    asked = QUESTIONS.get(source, LABELS if chunking.recipe == "examples" else CARRIED)
    return Recipe(chunking, asked, CHECKS.get(source, KEEP_ALL), NEAR_DUPLICATE)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*.rows.json")), ids=lambda path: path.stem)
def test_parquet_files_are_their_rows(path: Path) -> None:
    parquet = path.parent / "raw" / f"{path.name.removesuffix('.rows.json')}.parquet"
    if os.environ.get("UPDATE_GOLDEN"):
        parquet.parent.mkdir(exist_ok=True)
        parquets.write(parquet)
    assert pq.read_table(parquet).equals(parquets.table(parquet))


@pytest.mark.parametrize("source", sorted(RECIPES))
def test_golden(source: str, context: Context) -> None:
    raw = raw_of(source)
    own = replace(context, source=source, split=SPLIT)
    instances, rejects = travel(parse(source, raw), recipe_of(source), own)
    assert instances, "nothing is left: make its recipe here smaller"
    for instance in instances:
        for one in instance.chunks:
            assert one.tokens == context.tokenizer.count(one.text) <= RECIPES[source].max_tokens
            for placed in one.segments:
                assert read_span(raw, placed.raw) == one.text[placed.start : placed.end]
        for question in instance.questions:
            if question.raw is None:
                assert question.origin == "summary"
            elif question.origin == "summary":
                assert read_span(raw, question.raw) in (question.summary, question.text)
            else:
                asked = question.text.replace(BLANK, question.answers[0])
                assert one_line(read_span(raw, question.raw)) in one_line(asked)
    found = {"instances": list(map(shown_instance, instances)), "rejects": list(map(shown_reject, rejects))}
    expected = GOLDEN / source / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.skip(f"wrote {expected}")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def one_line(text: str) -> str:
    return " ".join(text.split())


def shown_instance(instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "split": instance.split,
        "document": instance.document,
        "ordinal": instance.ordinal,
        "tokens": instance.tokens,
        "labels": [f"{label.number} {label.name}" for label in instance.labels],
        "chunks": [
            {
                "id": one.id,
                "ordinal": one.ordinal,
                "time": one.time,
                "tokens": one.tokens,
                "text": one.text.split("\n"),
                "segments": [
                    f"{placed.start}-{placed.end} {shown_segment(placed)}" for placed in one.segments
                ],
            }
            for one in instance.chunks
        ],
        "questions": list(map(shown_question, instance.questions)),
    }


def shown_segment(segment: Segment | PlacedSegment) -> str:
    """One line: id, raw span, and what is known of it."""
    facts = (segment.document, segment.section, segment.speaker, segment.time, segment.label)
    return f"{segment.id} {shown_span(segment.raw)} | " + " | ".join(fact or "-" for fact in facts)


def shown_span(span: Span | None) -> str | None:
    return f"{span.file}#{span.record} {span.start}-{span.end}" if span else None


def shown_question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "text": question.text.split("\n"),
        "answers": question.answers,
        "about": f"{question.metric} | {question.origin} | {question.kind or '-'} | {question.time or '-'}",
        "evidence": question.evidence,
        "evidence_chunks": question.evidence_chunks,
        "raw": shown_span(question.raw),
    }


def shown_reject(reject: Reject) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "reject": f"{reject.stage} | {reject.kind} | {reject.reason} | {reject.detail}",
        "id": reject.id,
        "document": reject.document,
        "raw": shown_span(reject.raw),
    }
    if reject.segments:
        shown["segments"] = [f"{shown_segment(segment)}: {segment.text}" for segment in reject.segments]
    if reject.question:
        shown["question"] = f"{reject.question.text} -> {' / '.join(reject.question.answers)}"
    return shown
