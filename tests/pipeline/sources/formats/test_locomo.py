"""LoCoMo's conversations: sessions in order, evidence by turn ids, and questions without an answer."""

import json
from pathlib import Path
from typing import Any

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.core.params import Source
from pipeline.core.schema import Reject
from pipeline.questions.source_questions import assign_source_questions
from pipeline.sources import SourceReader
from pipeline.sources.detection import detect_format
from pipeline.sources.io import read_span
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.reading import make_format

SAMPLE: dict[str, Any] = {
    "sample_id": "conv-26",
    "conversation": {
        "speaker_a": "Caroline",
        "speaker_b": "Melanie",
        "session_10_date_time": "8:56 pm on 20 July, 2023",
        "session_10": [{"speaker": "Melanie", "dia_id": "D10:1", "text": "Our lake trip was lovely."}],
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Caroline", "dia_id": "D1:1", "text": "Hey Mel! I met a support group yesterday."},
            {"speaker": "Melanie", "dia_id": "D1:2", "text": "", "blip_caption": "a painting of a sunrise"},
            {"speaker": "Caroline", "dia_id": "D1:3", "text": "  "},
            {"speaker": "Caroline", "dia_id": 4, "text": "No id."},
        ],
        "session_2_date_time": "last Tuesday",
        "session_2": [{"speaker": "Melanie", "dia_id": "D2:1", "text": "Lost."}],
        "session_3_date_time": "1:56 pm on 9 May, 2023",
        "session_3": "no list",
    },
    "qa": [
        {
            "question": "When did she meet the group?",
            "answer": "7 May 2023",
            "evidence": ["D1:1"],
            "category": 2,
        },
        {"question": "Which year was it?", "answer": 2023, "evidence": ["D1:1; D10:1"], "category": 1},
        {"question": "What was painted?", "evidence": ["D:1:2"], "category": 5, "adversarial_answer": "x"},
        {"question": "Who sang?", "answer": "Mel", "evidence": ["D7:1"], "category": 4},
        {"question": "Who sings?", "answer": "Mel", "evidence": [], "category": 4},
        {"question": "Who hums?", "evidence": ["D1:1"], "category": 4},
        {"question": " ", "answer": "x", "evidence": ["D1:1"], "category": 4},
    ],
    "event_summary": {},
}


def parse(folder: Path) -> ParsedSource:
    return SourceReader("made", make_format("locomo")).parse(folder)


def write(folder: Path, *samples: object, name: str = "locomo10.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(samples))
    return path


def test_a_conversation_is_a_document_of_its_sessions_in_order(tmp_path: Path) -> None:
    write(tmp_path, SAMPLE)
    (document,) = parse(tmp_path).documents
    assert document.name == "conv-26"
    assert [section.name for section in document.sections] == ["session 1", "session 10"]
    assert [(one.speaker, one.time, one.text) for one in document.segments] == [
        ("Caroline", "2023-05-08 13:56", "Hey Mel! I met a support group yesterday."),
        ("Melanie (photo)", "2023-05-08 13:56", "a painting of a sunrise"),
        ("Melanie", "2023-07-20 20:56", "Our lake trip was lovely."),
    ]
    assert all(read_span(tmp_path, one.source_span) == one.text for one in document.segments)


def test_questions_have_evidence_metric_and_kind(tmp_path: Path) -> None:
    write(tmp_path, SAMPLE)
    parsed = parse(tmp_path)
    first, photo, last = (segment.id for segment in parsed.documents[0].segments)
    assert [(one.text, one.answers, one.metric, one.kind, one.evidence) for one in parsed.questions] == [
        ("When did she meet the group?", ["7 May 2023"], "token_f1", "temporal", [first]),
        ("Which year was it?", ["2023"], "token_f1", "multi-hop", [first, last]),
        ("What was painted?", [], "contains", "adversarial", [photo]),
    ]


def reasons(rejects: list[Reject]) -> list[tuple[str, str]]:
    return [(one.reason, one.source_span.record if one.source_span else "") for one in rejects]


def test_what_is_malformed_is_rejected_by_its_place(tmp_path: Path) -> None:
    write(tmp_path, SAMPLE, {"sample_id": 2}, {"sample_id": 3, "conversation": {}, "qa": []})
    assert reasons(parse(tmp_path).rejects) == [
        ("blank turn", "/0/conversation/session_1/2"),
        ("malformed record", "/0/conversation/session_1/3"),
        ("malformed session", "/0/conversation/session_2"),
        ("malformed session", "/0/conversation/session_3"),
        ("no such evidence", "/0/qa/3"),
        ("no such evidence", "/0/qa/4"),
        ("blank answer", "/0/qa/5"),
        ("malformed record", "/0/qa/6"),
        ("malformed record", "/1"),
        ("conversation without text", "/2"),
    ]


def test_the_same_sample_of_two_files_is_two_documents(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        write(tmp_path, SAMPLE, name=name)
    assert [one.name for one in parse(tmp_path).documents] == ["conv-26", "conv-26 in b.json#/0"]


def test_every_question_stands_in_one_instance(tmp_path: Path, context: ChunkingContext) -> None:
    """By the defaults, however long a conversation is; and the format is detected."""
    long = json.loads(json.dumps(SAMPLE))
    long["conversation"]["session_1"] += [
        {"speaker": "Melanie", "dia_id": f"D1:{number}", "text": f"Turn {number}. " + "word " * 200}
        for number in range(5, 400)
    ]
    path = write(tmp_path, *({**long, "sample_id": number} for number in range(3)))
    assert detect_format([path]).name == "locomo"
    source = Source.model_validate({"format": "locomo", "files": ["file:own/locomo10.json"]})
    parsed = parse(tmp_path)
    chunked = chunk_source(parsed, source.chunking, context)
    rows, rejects = assign_source_questions(parsed.questions, chunked.instances, "made")
    assert len(chunked.instances) == 3 and len(rows) == len(parsed.questions) == 9 and not rejects
    assert source.checks.unanswerable == "keep"
