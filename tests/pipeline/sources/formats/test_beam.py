"""BEAM's conversations: sessions and plans, evidence by message ids, rubrics, and what is malformed."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.params import Source
from pipeline.core.schema import segment_texts_by_id
from pipeline.parity.build_source import SourceConfig, build_source
from pipeline.sources import SourceReader
from pipeline.sources.detection import detect_format
from pipeline.sources.io import read_span
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_beam_schema
from tests.pipeline.sources.reading import all_questions, make_format, parse, reasons, texts_of

NORA, BEES = "1", "2"  # conversations of the golden file


def make_message(identity: int, role: str, content: str, time: str | None = None) -> dict[str, Any]:
    return {"content": content, "id": identity, "role": role, "time_anchor": time}


def make_row(**fields: Any) -> dict[str, Any]:
    """A conversation in the columns that are read, with fields in their place."""
    chat = [[make_message(0, "user", "I keep bees.", "March-15-2024"), make_message(1, "assistant", "Good.")]]
    return {"conversation_id": "1", "chat": chat, "probing_questions": "{}", **fields}


def parse_rows(folder: Path, *rows: dict[str, Any]) -> ParsedSource:
    (folder / "100K.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return SourceReader("made", make_format("beam")).parse(folder)


def test_a_conversation_is_a_document_of_dated_sessions() -> None:
    raw = golden_raw_dir("beam_100k")
    parsed = parse("beam_100k", raw)
    nora, bees, _ = parsed.documents
    assert (nora.name, bees.name) == (NORA, BEES)
    assert [(one.name, one.units[0][0].time) for one in nora.sections] == [
        ("session 1", "2024-03-15 00:00"),
        ("session 2", "2024-04-02 00:00"),
        ("session 3", "2024-05-11 00:00"),
    ]
    assert all([one.speaker for one in unit] == ["User", "Assistant"] for unit in nora.units)
    assert {one.time for one in nora.sections[0].units[-1]} == {"2024-03-15 00:00"}
    assert "->->" not in "".join(one.text for one in nora.segments)
    for document in parsed.documents:
        assert all(read_span(raw, one.source_span) == one.text for one in document.segments)


def test_every_ability_has_our_name_and_a_metric() -> None:
    raw = golden_raw_dir("beam_100k")
    parsed = parse("beam_100k", raw)
    asked = {one.text: one for one in all_questions(parsed)}
    assert all(read_span(raw, one.source_span) == one.text for one in asked.values() if one.source_span)
    of_nora = [one for one in asked.values() if one.source_span and one.source_span.record.startswith("/0/")]
    assert Counter((one.kind, one.metric) for one in of_nora) == {
        ("abstention", "abstain"): 1,
        ("conflict", "judge"): 1,
        ("order and duration", "judge"): 2,
        ("extraction", "contains"): 1,
        ("extraction", "judge"): 1,
        ("instruction", "judge"): 1,
        ("current value", "contains"): 1,
        ("several hops", "judge"): 1,
        ("preference", "judge"): 1,
        ("summary", "judge"): 1,
    }
    assert asked["Which color is Nora's garden gate?"].answers == []
    assert asked["When does the frost end where I live?"].answers == ["April 20"]


def test_the_gold_answer_is_the_rubric() -> None:
    """The answer beside it says 20 days, and the rubric 21."""
    asked = {one.text[:13]: one for one in all_questions(parse("beam_100k", golden_raw_dir("beam_100k")))}
    points = "LLM response should state: 21 days\nLLM response should state: from April 20 till May 11"
    assert asked["How many days"].answers == [points]
    assert asked["In which orde"].answers == ["1. Choosing plants\n2. Ordering compost\n3. Digging beds"]
    assert asked["Where do I ke"].answers == ["On the roof of the library."], "it has no rubric"


def test_evidence_is_the_messages_that_are_named() -> None:
    parsed = parse("beam_100k", golden_raw_dir("beam_100k"))
    asked = {one.text: one for one in parsed.questions}
    first, second = texts_of(parsed, asked["Have I used a greenhouse?"])
    assert first.startswith("I have never used") and second.startswith("My tomatoes")
    assert len(texts_of(parsed, asked["Summarize how my garden came along."])) == 5


def test_an_id_of_several_messages_or_of_none_is_not_evidence() -> None:
    """Then the question is asked about the whole conversation, and a judge scores it."""
    bees = parse("beam_100k", golden_raw_dir("beam_100k")).documents[1]
    assert [(one.text, one.evidence, one.metric) for one in bees.questions] == [
        ("Who sold the honey?", [], "judge"),
        ("Where do I keep bees?", [], "judge"),
    ]


def test_plans_are_read_in_the_order_of_their_numbers() -> None:
    raw = golden_raw_dir("beam_10m")
    parsed = parse("beam_10m", raw)
    (document,) = parsed.documents
    assert not parsed.rejects
    assert [(one.name, one.units[-1][0].time) for one in document.sections] == [
        ("plan 1, session 1", "2024-03-16 00:00"),
        ("plan 1, session 2", None),
        ("plan 2, session 1", "2024-05-01 00:00"),
        ("plan 10, session 1", None),
    ]
    assert all(read_span(raw, one.source_span) == one.text for one in document.segments)
    texts = [texts_of(parsed, one) for one in parsed.questions]
    assert [len(one) for one in texts] == [1, 2] and "Maeve" in texts[0][0] and "Ivar" in texts[1][1]
    assert [one.kind for one in document.questions] == ["extraction", "abstention"], "plans use ids again"


def test_batches_of_the_authors_own_files_are_read_too(tmp_path: Path) -> None:
    turns = [[make_message(0, "user", "One.", "May-1-2024")], make_message(1, "assistant", "Two.")]
    parsed = parse_rows(tmp_path, make_row(chat=[{"batch_number": 1, "turns": turns}]))
    (section,) = parsed.documents[0].sections
    assert [[(one.speaker, one.time) for one in unit] for unit in section.units] == [
        [("User", "2024-05-01 00:00"), ("Assistant", "2024-05-01 00:00")]
    ]


def test_what_is_malformed_is_rejected_by_its_place() -> None:
    abilities = "/1/probing_questions/information_extraction"
    assert reasons(parse("beam_100k", golden_raw_dir("beam_100k")).rejects) == [
        ("blank turn", "/1/chat/0/2"),
        ("blank answer", f"{abilities}/2"),
        ("malformed record", f"{abilities}/3"),
        ("malformed questions", "/1/probing_questions"),
        ("malformed questions", "/2/probing_questions"),
        ("blank turn", "/3/chat/0/0"),
        ("conversation without text", "/3"),
    ]


@pytest.mark.parametrize(
    ("fields", "reason", "place"),
    [
        ({"chat": "no list"}, "malformed record", "/0"),
        ({"chat": [None]}, "malformed session", "/0/chat/0"),
        ({"chat": [{"plan-1": "none"}]}, "malformed session", "/0/chat/0/plan-1"),
        ({"chat": [{"turns": 3}]}, "malformed session", "/0/chat/0/turns"),
        ({"chat": [[{"role": "user", "id": 1}]]}, "malformed record", "/0/chat/0/0"),
        ({"probing_questions": "[1]"}, "malformed questions", "/0/probing_questions"),
        ({"probing_questions": '{"a": [], "a": []}'}, "malformed questions", "/0/probing_questions"),
        ({"probing_questions": '{"\\ud800": []}'}, "malformed questions", "/0/probing_questions"),
    ],
)
def test_odd_values_are_rejected_and_the_rest_goes_on(
    fields: dict[str, Any], reason: str, place: str, tmp_path: Path
) -> None:
    parsed = parse_rows(tmp_path, make_row(**fields), make_row(conversation_id=2))
    assert reasons(parsed.rejects)[0] == (reason, place)
    assert parsed.documents[-1].name == "2"


def test_an_ability_that_is_not_known_keeps_its_name(tmp_path: Path) -> None:
    question = {"question": "What do I keep?", "answer": "Bees.", "source_chat_ids": [0.0]}
    (found,) = parse_rows(tmp_path, make_row(probing_questions={"new_ability": [question]})).questions
    assert (found.kind, found.metric, found.answers) == ("new ability", "contains", ["Bees"])


def test_the_same_conversation_of_two_files_is_two_documents(tmp_path: Path) -> None:
    for name in ("100K.parquet", "500K.parquet"):
        pq.write_table(pa.Table.from_pylist([make_row()], schema=make_beam_schema()), tmp_path / name)
    parsed = SourceReader("made", make_format("beam")).parse(tmp_path)
    assert [one.name for one in parsed.documents] == ["1", "1 in 500K.parquet#/0"]


def test_every_question_reaches_an_instance(context: ChunkingContext) -> None:
    """By the defaults, from the hub's columns to the kept questions; and the format is detected."""
    raw = golden_raw_dir("beam_100k")
    assert detect_format(list(raw.iterdir())).name == "beam"
    source = Source.model_validate({"format": "beam", "files": ["file:own/100K.parquet"]})
    config = SourceConfig(source.chunking, source.questions, source.checks, 50)
    own = replace(context, source="made", split=SPLIT)
    instances, rejects = build_source(SourceReader("made", source.format).parse(raw), config, own)
    assert [one.document for one in instances] == [NORA, BEES]
    assert not [one for one in rejects if one.kind == "question" and one.stage != "chunk"]
    nora, bees = instances
    assert len(nora.questions) == 11 and len(bees.questions) == 3
    for question in nora.questions:
        assert question.evidence_chunks == ([] if question.metric == "abstain" else [0])
        texts = segment_texts_by_id(nora)
        if question.metric == "contains":
            assert any(question.answers[0] in texts[one] for one in question.evidence)
