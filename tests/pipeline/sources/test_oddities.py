"""Oddities that the starter corpora lack, but a next version of a file may have."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.chunking import ChunkingContext, chunk_source
from pipeline.core.params import BookChunking, ExampleChunking, SessionChunking
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.factories import GOLDEN, SPLIT, collect_spans, make_turn
from tests.pipeline.sources.reading import parse

SESSIONS = SessionChunking(
    strategy="sessions",
    max_tokens=160,
    min_questions=1,
    max_questions=2,
    min_instance_tokens=1,
    max_instance_tokens=600,
)


def parse_chats(folder: Path, *turns: list[list[dict[str, str]]]) -> ParsedSource:
    value = {f"chat{number}": {"messages": messages} for number, messages in enumerate(turns)}
    (folder / "dataset.json").write_text(json.dumps(value))
    return parse("chitchat", folder)


def parse_longmemeval(folder: Path, change: dict[int, dict[str, Any]]) -> ParsedSource:
    """Parse LongMemEval's golden file with fields of some records changed."""
    records = json.loads((GOLDEN / "longmemeval/raw/longmemeval_oracle.json").read_text())
    for number, fields in change.items():
        records[number] |= fields
    (folder / "longmemeval_oracle.json").write_text(json.dumps(records))
    return parse("longmemeval", folder)


def test_a_session_of_blank_turns_is_left_out(context: ChunkingContext, tmp_path: Path) -> None:
    blank = [[{"role": "user", "content": " "}], [{"role": "user", "content": "The piano."}]]
    parsed = parse_longmemeval(tmp_path, {0: {"haystack_sessions": blank}})
    assert chunk_source(parsed, SESSIONS, replace(context, source="longmemeval")).instances


def test_segments_of_questions_with_one_id_are_all_kept(context: ChunkingContext, tmp_path: Path) -> None:
    parsed = parse_longmemeval(tmp_path, {9: {"question_id": "q_train"}})
    chunked = chunk_source(parsed, SESSIONS, replace(context, source="longmemeval"))
    records = [
        segment.source_span.record
        for instance in chunked.instances
        for chunk in instance.chunks
        for segment in chunk.segments
    ]
    records += [segment.source_span.record for reject in chunked.rejects for segment in reject.segments]
    assert {span.record for span, _ in collect_spans(parsed) if "/question" not in span.record} == set(
        records
    )


def test_an_answer_inside_another_word_needs_a_judge(tmp_path: Path) -> None:
    session = [[{"role": "user", "content": "I bought two on the 13th.", "has_answer": True}]]
    fields = {"haystack_sessions": session * 2, "answer": 3}
    (kayaks,) = [
        question
        for question in parse_longmemeval(tmp_path, {2: fields}).questions
        if "kayaks" in question.text
    ]
    assert kayaks.metric == "judge"


def test_chats_of_other_people_with_the_same_words_are_not_repeated(tmp_path: Path) -> None:
    first = [make_turn("Hello?", "ann"), make_turn("hi", "bob")]
    second = [make_turn("hello?", "cleo"), make_turn("hi", "dan")]
    assert not parse_chats(tmp_path, first, second).rejects


def test_a_chat_with_blank_messages_of_one_speaker_is_rejected(tmp_path: Path) -> None:
    parsed = parse_chats(tmp_path, [make_turn("Hello?", "ann"), make_turn(" ", "bob")])
    assert "chat with one speaker" in [reject.reason for reject in parsed.rejects]


def test_a_time_without_a_zone_is_rejected(tmp_path: Path) -> None:
    first = [make_turn("one", "ann"), make_turn("two", "bob")]
    second = [
        make_turn("three", "ann", "2018-05-03T10:00:00"),
        make_turn("four", "bob", "2018-05-03T10:00:00"),
    ]
    parsed = parse_chats(tmp_path, first, second)
    assert sum(len(document.sections) for document in parsed.documents) == 1
    assert [reject.reason for reject in parsed.rejects] == ["malformed record"]


def test_a_book_with_only_a_license_is_left_out(context: ChunkingContext, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("End of the Project Gutenberg EBook\n")
    (tmp_path / "b.txt").write_text("One tree fell. Two birds flew. " * 60)
    chunking = BookChunking(strategy="books", max_tokens=128, min_chunks=1, max_chunks=9)
    chunked = chunk_source(parse("gutenberg", tmp_path), chunking, context)
    assert [instance.document for instance in chunked.instances] == ["b"]


def test_a_sentence_does_not_begin_with_white_space(context: ChunkingContext) -> None:
    chunking = BookChunking(strategy="books", max_tokens=128, min_chunks=2, max_chunks=3)
    chunked = chunk_source(parse("gutenberg", GOLDEN / "gutenberg/raw"), chunking, context)
    for instance in chunked.instances:
        for chunk in instance.chunks:
            for segment in chunk.segments:
                assert not chunk.text[segment.start].isspace()


def test_a_text_with_a_lone_surrogate_is_left_out(context: ChunkingContext, tmp_path: Path) -> None:
    texts = ["half \ud83d of one", "two", "three"]
    pool = {"train_texts": texts, "train_labels": ["0"] * 3, "test_texts": [], "test_labels": []}
    (tmp_path / "pool.json").write_text(json.dumps(pool | {"label_names": {"0": "x"}}))
    chunking = ExampleChunking(strategy="examples", instances=2, chunks=1, max_tokens=128, min_examples=2)
    assert chunk_source(parse("banking77", tmp_path), chunking, context).instances


def test_a_fine_label_with_one_example_can_be_left_out(context: ChunkingContext, tmp_path: Path) -> None:
    """The error about rare labels does not appear, because min_examples is 2."""
    lines = [
        "NUM:dist How far ?",
        "NUM:dist How near ?",
        "NUM:date When ?",
        "HUM:ind Who ?",
        "HUM:ind Whose ?",
    ]
    (tmp_path / "question_labels.txt").write_text("\n".join(lines))
    chunking = ExampleChunking(strategy="examples", instances=2, chunks=1, max_tokens=128, min_examples=2)
    assert chunk_source(parse("trec_coarse", tmp_path), chunking, replace(context, split=SPLIT)).instances


def test_blank_answers_are_left_out(tmp_path: Path) -> None:
    raw_question = {"question": "Who sat?", "answers": [{"text": " "}, {"text": "The owl"}]}
    value = {"data": [{"title": "T", "paragraphs": [{"context": "The owl sat.", "qas": [raw_question]}]}]}
    (tmp_path / "squad.json").write_text(json.dumps(value))
    (question,) = parse("squad_dev", tmp_path).questions
    assert question.answers == ["The owl"]
