"""Oddities that the starter corpora do not have, but the next version of a file may."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.chunking import Context, chunk
from pipeline.documents import Parsed
from pipeline.params import BookChunking, ExampleChunking, SessionChunking
from pipeline.sources import parse
from tests.sources.test_golden import GOLDEN, SPLIT
from tests.sources.test_reading import parsed_spans

SESSIONS = SessionChunking(
    recipe="sessions",
    max_tokens=160,
    min_questions=1,
    max_questions=2,
    min_instance_tokens=1,
    max_instance_tokens=600,
)


def message(text: str, sender: str, time: str = "2018-05-02T19:38:15Z") -> list[dict[str, str]]:
    return [{"text": text, "timestamp": time, "sender": sender}]


def chats(folder: Path, *turns: list[list[dict[str, str]]]) -> Parsed:
    value = {f"chat{number}": {"messages": messages} for number, messages in enumerate(turns)}
    (folder / "dataset.json").write_text(json.dumps(value))
    return parse("chitchat", folder)


def questions(folder: Path, change: dict[int, dict[str, Any]]) -> Parsed:
    """LongMemEval's golden file with fields of some records changed."""
    records = json.loads((GOLDEN / "longmemeval/raw/longmemeval_oracle.json").read_text())
    for number, fields in change.items():
        records[number] |= fields
    (folder / "longmemeval_oracle.json").write_text(json.dumps(records))
    return parse("longmemeval", folder)


def test_a_session_of_blank_turns_only(context: Context, tmp_path: Path) -> None:
    blank = [[{"role": "user", "content": " "}], [{"role": "user", "content": "The piano."}]]
    parsed = questions(tmp_path, {0: {"haystack_sessions": blank}})
    assert chunk(parsed, SESSIONS, replace(context, source="longmemeval")).instances


def test_two_questions_with_one_id(context: Context, tmp_path: Path) -> None:
    parsed = questions(tmp_path, {9: {"question_id": "q_train"}})
    made = chunk(parsed, SESSIONS, replace(context, source="longmemeval"))
    shown = [segment.raw.record for one in made.instances for part in one.chunks for segment in part.segments]
    shown += [segment.raw.record for reject in made.rejects for segment in reject.segments]
    assert {span.record for span, _ in parsed_spans(parsed) if "/question" not in span.record} == set(shown)


def test_an_answer_inside_another_word_does_not_stand_there(tmp_path: Path) -> None:
    session = [[{"role": "user", "content": "I bought two on the 13th.", "has_answer": True}]]
    fields = {"haystack_sessions": session * 2, "answer": 3}
    (kayaks,) = [one for one in questions(tmp_path, {2: fields}).questions if "kayaks" in one.text]
    assert kayaks.metric == "judge"


def test_two_pairs_that_greet_alike_do_not_repeat_each_other(tmp_path: Path) -> None:
    first = [message("Hello?", "ann"), message("hi", "bob")]
    second = [message("hello?", "cleo"), message("hi", "dan")]
    assert not chats(tmp_path, first, second).rejects


def test_a_chat_in_which_one_of_two_says_nothing(tmp_path: Path) -> None:
    parsed = chats(tmp_path, [message("Hello?", "ann"), message(" ", "bob")])
    assert "chat with one speaker" in [reject.reason for reject in parsed.rejects]


def test_a_time_without_a_zone_is_rejected(tmp_path: Path) -> None:
    first = [message("one", "ann"), message("two", "bob")]
    second = [message("three", "ann", "2018-05-03T10:00:00"), message("four", "bob", "2018-05-03T10:00:00")]
    parsed = chats(tmp_path, first, second)
    assert sum(len(document.sections) for document in parsed.documents) == 1
    assert [reject.reason for reject in parsed.rejects] == ["malformed record"]


def test_a_book_that_is_all_licence(context: Context, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("End of the Project Gutenberg EBook\n")
    (tmp_path / "b.txt").write_text("One tree fell. Two birds flew. " * 60)
    recipe = BookChunking(recipe="books", max_tokens=128, min_chunks=1, max_chunks=9)
    made = chunk(parse("gutenberg", tmp_path), recipe, context)
    assert [instance.document for instance in made.instances] == ["b"]


def test_a_sentence_does_not_begin_with_white_space(context: Context) -> None:
    recipe = BookChunking(recipe="books", max_tokens=128, min_chunks=2, max_chunks=3)
    made = chunk(parse("gutenberg", GOLDEN / "gutenberg/raw"), recipe, context)
    for instance in made.instances:
        for one in instance.chunks:
            for placed in one.segments:
                assert not one.text[placed.start].isspace()


def test_half_a_character(context: Context, tmp_path: Path) -> None:
    texts = ["half \ud83d of one", "two", "three"]
    pool = {"train_texts": texts, "train_labels": ["0"] * 3, "test_texts": [], "test_labels": []}
    (tmp_path / "pool.json").write_text(json.dumps(pool | {"label_names": {"0": "x"}}))
    recipe = ExampleChunking(recipe="examples", instances=2, chunks=1, max_tokens=128, min_examples=2)
    assert chunk(parse("banking77", tmp_path), recipe, context).instances


def test_a_fine_label_with_one_example_can_be_left_out(context: Context, tmp_path: Path) -> None:
    """The error says to set min_examples to 2 or more, which it is."""
    lines = [
        "NUM:dist How far ?",
        "NUM:dist How near ?",
        "NUM:date When ?",
        "HUM:ind Who ?",
        "HUM:ind Whose ?",
    ]
    (tmp_path / "question_labels.txt").write_text("\n".join(lines))
    recipe = ExampleChunking(recipe="examples", instances=2, chunks=1, max_tokens=128, min_examples=2)
    assert chunk(parse("trec_coarse", tmp_path), recipe, replace(context, split=SPLIT)).instances


def test_blank_answers_are_none(tmp_path: Path) -> None:
    asked = {"question": "Who sat?", "answers": [{"text": " "}, {"text": "The owl"}]}
    value = {"data": [{"title": "T", "paragraphs": [{"context": "The owl sat.", "qas": [asked]}]}]}
    (tmp_path / "squad.json").write_text(json.dumps(value))
    (question,) = parse("squad_dev", tmp_path).questions
    assert question.answers == ["The owl"]


@pytest.mark.parametrize("name", ["reading", "formats"])
def test_a_module_that_is_no_adapter(name: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no adapter"):
        parse(name, tmp_path)
