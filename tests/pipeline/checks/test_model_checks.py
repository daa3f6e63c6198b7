"""Closed-book and open-book checks drop the right questions, and call models only where needed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.checks.filtering import filter_instances
from pipeline.checks.model_checks import check_closed_book, check_open_book
from pipeline.chunking import ChunkingContext
from pipeline.core.params import ClosedBook, ModelSettings
from pipeline.core.rejection import Rejection
from pipeline.core.schema import InstanceQuestion
from pipeline.llm.client import LLMClient
from tests.pipeline.checks.factories import make_check_context
from tests.pipeline.checks.test_filtering import make_params
from tests.pipeline.llm.fault_server import FaultServer
from tests.pipeline.questions.factories import make_instance, make_question

MODEL = ModelSettings(name="m", revision="1", temperature=1.0, max_tokens=64)
BARN = {"made/s": "The owl lives in a barn."}


def set_answers(server: FaultServer, *answers: str) -> None:
    """Let the server answer with these in turn, and with the last from then on."""
    server.choose = lambda message, before: json.dumps({"answer": answers[min(before, len(answers) - 1)]})


def test_one_right_sample_drops_a_question_closed_book(server: FaultServer, context: ChunkingContext) -> None:
    set_answers(server, "a cave", "In a barn, I think.", "a den")
    params = ClosedBook(models=[MODEL], samples=3)
    (result,) = check_closed_book([(make_question(), make_check_context(context, BARN))], params, LLMClient())
    assert result == Rejection("answered closed book", "m: 'In a barn, I think.'")
    assert sorted(one["seed"] for one in server.requests) == [0, 1, 2]


def test_a_question_that_no_sample_answers_is_kept_closed_book(
    server: FaultServer, context: ChunkingContext
) -> None:
    set_answers(server, "unknown", "not in a barn", "a barnyard")
    params = ClosedBook(models=[MODEL, MODEL.model_copy(update={"name": "n"})], samples=3)
    (result,) = check_closed_book([(make_question(), make_check_context(context, BARN))], params, LLMClient())
    assert result == make_question()
    assert {one["model"] for one in server.requests} == {"m", "n"} and len(server.requests) == 6


def test_one_right_model_drops_a_question_closed_book(server: FaultServer, context: ChunkingContext) -> None:
    set_answers(server, "a barn")
    params = ClosedBook(models=[MODEL, MODEL.model_copy(update={"name": "n"})], samples=1)
    (result,) = check_closed_book([(make_question(), make_check_context(context, BARN))], params, LLMClient())
    assert isinstance(result, Rejection)
    assert [one["model"] for one in server.requests] == ["m"]  # the other model is not called


def test_label_and_summary_questions_are_not_checked_closed_book(
    server: FaultServer, context: ChunkingContext
) -> None:
    label = make_question(metric="exact")
    summary = replace(make_question(), metric="keywords", origin="summary")
    questions = [(label, make_check_context(context, BARN)), (summary, make_check_context(context, BARN))]
    assert check_closed_book(questions, ClosedBook(models=[MODEL], samples=1), LLMClient()) == [
        label,
        summary,
    ]
    assert not server.requests


def test_a_question_that_the_evidence_does_not_answer_is_dropped_open_book(
    server: FaultServer, context: ChunkingContext
) -> None:
    set_answers(server, "In a barn.")
    (kept,) = check_open_book([(make_question(), make_check_context(context, BARN))], MODEL, LLMClient())
    assert kept == make_question()
    assert "The owl lives in a barn." in server.requests[0]["messages"][0]["content"]
    set_answers(server, "unknown")
    (dropped,) = check_open_book(
        [(make_question(text="Where is it?"), make_check_context(context, BARN))], MODEL, LLMClient()
    )
    assert dropped == Rejection("not answered open book", "'unknown'")


def test_a_question_to_abstain_from_is_dropped_where_the_evidence_answers_it(
    server: FaultServer, context: ChunkingContext
) -> None:
    question = replace(make_question(text="Where is the fox?"), answers=[], metric="abstain")
    asked = [(question, make_check_context(context, BARN))]
    set_answers(server, "unknown")
    assert check_open_book(asked, MODEL, LLMClient()) == [question]
    assert check_closed_book(asked, ClosedBook(models=[MODEL], samples=1), LLMClient()) == [question]
    assert len(server.requests) == 1
    set_answers(server, "In a barn.")
    other = [(replace(question, text="Where is the owl?"), asked[0][1])]
    assert check_open_book(other, MODEL, LLMClient()) == [Rejection("answered open book", "'In a barn.'")]


@pytest.mark.parametrize(("min_keywords", "left"), [(1, ["owl", "barn"]), (3, None)])
def test_keywords_that_are_not_found_are_dropped_open_book(
    min_keywords: int, left: list[str] | None, server: FaultServer, context: ChunkingContext
) -> None:
    set_answers(server, "The owl and its barn.")
    question = replace(make_question(answers=["owl", "fox", "barn"]), metric="keywords", origin="summary")
    (result,) = check_open_book(
        [(question, make_check_context(context, BARN, min_keywords=min_keywords))], MODEL, LLMClient()
    )
    assert result == (
        Rejection("not answered open book", "2 of 3 keywords")
        if left is None
        else replace(question, answers=left)
    )


def test_models_are_called_only_for_questions_that_are_left(
    server: FaultServer, context: ChunkingContext
) -> None:
    """All other checks run first; `min_questions` counts the questions that the models leave."""

    def choose_answer(message: str, before: int) -> str:
        return json.dumps({"answer": "a barn" if "Question: known" in message else "unknown"})

    server.choose = choose_answer
    texts = {"made/q1": "known?", "made/q2": "new?", "made/q3": "bad?"}
    rows = [
        InstanceQuestion("made/i", make_question(name, text, ["a den" if "bad" in text else "a barn"]))
        for name, text in texts.items()
    ]
    params: Any = make_params(1, 100).model_copy(
        update={"closed_book": ClosedBook(models=[MODEL], samples=1)}
    )
    instances = [make_instance("made/i", BARN)]
    client = LLMClient()
    ((instance, rejects),) = filter_instances(
        instances, rows, params, context.tokenizer, {}, 100, 20, "made", client
    )
    assert instance is not None and [one.id for one in instance.questions] == ["made/q2"]
    assert {one.id: one.reason for one in rejects} == {
        "made/q1": "answered closed book",
        "made/q3": "answer not in evidence",
    }
    assert sorted(one.id for one in client.model_calls) == ["made/q1", "made/q2"]
