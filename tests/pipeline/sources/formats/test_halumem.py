"""HaluMem's users: sessions, evidence by memory points, questions that a later session answers anew."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.params import Source
from pipeline.parity.build_source import SourceConfig, build_source
from pipeline.sources import SourceReader
from pipeline.sources.detection import detect_format
from pipeline.sources.io import read_span
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir
from tests.pipeline.sources.reading import all_questions, make_format, parse, reasons, texts_of

START = "Sep 04, 2025, 21:12:31"


def make_point(content: str, **fields: Any) -> dict[str, Any]:
    return {"memory_content": content, "is_update": "False", "original_memories": [], **fields}


def make_session(text: str, *points: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A session of one message with its memory points, and fields in their place."""
    dialogue = [{"role": "user", "content": text, "timestamp": START, "dialogue_turn": 0}]
    return {"start_time": START, "dialogue": dialogue, "memory_points": list(points), **fields}


def make_question(text: str, answer: object, kind: str, *evidence: str) -> dict[str, Any]:
    named = [{"memory_content": one, "memory_type": "Event Memory"} for one in evidence]
    return {"question": text, "answer": answer, "question_type": kind, "evidence": named}


def parse_sessions(folder: Path, *sessions: object) -> ParsedSource:
    user = {"uuid": "u1", "persona_info": "Name: Ann", "sessions": sessions}
    (folder / "HaluMem-Medium.jsonl").write_text(json.dumps(user) + "\n")
    return SourceReader("made", make_format("halumem")).parse(folder)


def test_a_user_is_a_document_of_dated_sessions() -> None:
    raw = golden_raw_dir("halumem_medium")
    parsed = parse("halumem_medium", raw)
    iris, _ = parsed.documents
    assert [(one.name, one.units[0][0].time) for one in iris.sections] == [
        ("session 1", "2025-09-04 21:12"),
        ("session 2", "2025-10-10 08:00"),
        ("session 3", "2025-12-15 06:11"),
        ("session 4", "2026-01-01 10:00"),
    ]
    assert iris.sections[0].units[1][0].time == "2025-09-04 21:20"
    assert all([one.speaker for one in unit] == ["User", "Assistant"] for unit in iris.units)
    assert all(read_span(raw, one.source_span) == one.text for one in iris.segments)


def test_every_type_has_our_name_and_a_metric() -> None:
    raw = golden_raw_dir("halumem_medium")
    found = all_questions(parse("halumem_medium", raw))
    assert all(one.source_span and read_span(raw, one.source_span) == one.text for one in found)
    assert Counter((one.kind, one.metric) for one in found) == {
        ("extraction", "contains"): 2,
        ("extraction", "judge"): 2,  # yes, and a point that is not known
        ("value at a time", "contains"): 1,
        ("current value", "contains"): 1,
        ("several hops", "judge"): 1,  # a number
        ("preference", "judge"): 1,
        ("conflict", "judge"): 1,
        ("abstention", "abstain"): 2,
    }
    assert {one.time for one in found} == {"2025-09-04 21:40", "2025-12-15 06:41", "2025-09-05 10:20"}


def test_evidence_is_the_messages_of_the_points_sessions() -> None:
    parsed = parse("halumem_medium", golden_raw_dir("halumem_medium"))
    asked = {one.text: one for one in parsed.questions}
    born = texts_of(parsed, asked["What is Iris Holm's birth date?"])
    assert len(born) == 4 and "1990-02-11" in born[0]
    aged = texts_of(parsed, asked["How old was Iris Holm when she became a teacher?"])
    assert len(aged) == 6 and "teacher" in aged[4]
    assert "What is Iris Holm's middle name?" not in asked, "nothing is its evidence"


def test_a_point_of_several_sessions_is_that_of_the_last_one_before(tmp_path: Path) -> None:
    texts = ("Bees are fine.", "Bees are mine.", "Bees are here.")
    sessions = [make_session(text, make_point("Ann keeps bees")) for text in texts]
    sessions[1]["questions"] = [make_question("What does Ann keep?", "Bees", "?", "Ann keeps bees")]
    parsed = parse_sessions(tmp_path, *sessions)
    assert texts_of(parsed, parsed.questions[0]) == ["Bees are mine."]
    assert parsed.questions[0].kind == "?"


@pytest.mark.parametrize(
    ("point", "evidence"),
    [
        (make_point("Ann keeps bees", memory_source="interference"), "Ann keeps bees"),  # planted
        (make_point("Ann keeps bees"), "Ann keeps wasps"),
    ],
)
def test_a_point_that_is_not_known_is_not_evidence(
    point: dict[str, Any], evidence: str, tmp_path: Path
) -> None:
    asked = [make_question("What does Ann keep?", "Bees", "Basic Fact Recall", evidence)]
    parsed = parse_sessions(tmp_path, make_session("I keep bees.", point, questions=asked))
    assert not parsed.questions
    assert [(one.metric, one.evidence) for one in parsed.documents[0].questions] == [("judge", [])]


@pytest.mark.parametrize(
    ("text", "is_update", "kinds", "rejected"),
    [
        ("Where does Ann live?", "True", [], ["answer updated in a later session"]),
        ("Where does Ann live?", "False", ["current value"], []),
        ("Where did Ann live in May 2024?", "True", ["value at a time"], []),
        ("Where does Ann live, in house 120245?", "True", [], ["answer updated in a later session"]),
    ],
)
def test_a_question_whose_answer_a_later_session_updates(
    text: str, is_update: str, kinds: list[str], rejected: list[str], tmp_path: Path
) -> None:
    """All questions are asked after the last session."""
    old = make_point("Ann lives in Rome")
    new = make_point("Ann lives in Oslo", is_update=is_update, original_memories=["Ann lives in Rome"])
    asked = [make_question(text, "Rome", "Dynamic Update", "Ann lives in Rome")]
    first = make_session("I live in Rome.", old, questions=asked)
    parsed = parse_sessions(tmp_path, first, make_session("I moved to Oslo.", new))
    assert [one.kind for one in parsed.questions] == kinds
    assert [one.reason for one in parsed.rejects] == rejected


def test_what_is_malformed_is_rejected_by_its_place() -> None:
    assert reasons(parse("halumem_medium", golden_raw_dir("halumem_medium")).rejects) == [
        ("blank turn", "/0/sessions/2/dialogue/2"),
        ("answer updated in a later session", "/0/sessions/0/questions/1"),
        ("blank answer", "/0/sessions/2/questions/3"),
        ("malformed record", "/0/sessions/2/questions/6"),
        ("malformed record", "/1/sessions/1"),
        ("malformed record", "/1/sessions/2"),
        ("user without text", "/2"),
        ("malformed record", "/3"),
    ]


def test_the_same_user_of_two_files_is_two_documents(tmp_path: Path) -> None:
    parse_sessions(tmp_path, make_session("I keep bees."))
    (tmp_path / "HaluMem-Long.jsonl").write_bytes((tmp_path / "HaluMem-Medium.jsonl").read_bytes())
    parsed = SourceReader("made", make_format("halumem")).parse(tmp_path)
    assert [one.name for one in parsed.documents] == ["u1", "u1 in HaluMem-Medium.jsonl#/0"]


def test_every_question_reaches_an_instance(context: ChunkingContext) -> None:
    """By the defaults, from the hub's file to the kept questions; and the format is detected."""
    raw = golden_raw_dir("halumem_medium")
    assert detect_format(list(raw.iterdir())).name == "halumem"
    source = Source.model_validate({"format": "halumem", "files": ["file:own/HaluMem-Medium.jsonl"]})
    config = SourceConfig(source.chunking, source.questions, source.checks, 50)
    own = replace(context, source="made", split=SPLIT)
    instances, rejects = build_source(SourceReader("made", source.format).parse(raw), config, own)
    assert [len(one.questions) for one in instances] == [9, 1]
    dropped = [one.reason for one in rejects if one.kind == "question" and one.stage != "chunk"]
    assert dropped == ["repeated question"], "the middle name is asked for twice"
    for question in (one for instance in instances for one in instance.questions):
        has_evidence = question.metric != "abstain" and question.text != "Who teaches?"
        assert bool(question.evidence_chunks) == has_evidence
