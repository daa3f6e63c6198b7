"""Closed book and open book: what a model answers without the text, and what it does not answer with it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.checks.dropped import Dropped
from pipeline.checks.model import closed_book, open_book
from pipeline.chunking import Context
from pipeline.endpoint.asking import Asker
from pipeline.filtering import filter_instances
from pipeline.params import Ask, ClosedBook
from pipeline.schema import AskedQuestion
from tests.checks.test_filtering import bounds
from tests.checks.test_made_checks import around
from tests.endpoint.faults import FaultServer
from tests.questions.making import make_instance, make_question

HOW = Ask(model="m", revision="1", temperature=1.0, max_tokens=64)
BARN = {"made/s": "The owl lives in a barn."}


def answering(server: FaultServer, *answers: str) -> None:
    """The server says these in turn, the last one for good."""
    server.choose = lambda message, before: json.dumps({"answer": answers[min(before, len(answers) - 1)]})


def test_one_sample_that_knows_is_enough(server: FaultServer, context: Context) -> None:
    answering(server, "a cave", "In a barn, I think.", "a den")
    how = ClosedBook(asks=[HOW], samples=3)
    (result,) = closed_book([(make_question(), around(context, BARN))], how, Asker())
    assert result == Dropped("answered closed book", "m: 'In a barn, I think.'")
    assert sorted(one["seed"] for one in server.requests) == [0, 1, 2]


def test_what_no_sample_knows_is_kept(server: FaultServer, context: Context) -> None:
    answering(server, "unknown", "not in a barn", "a barnyard")
    how = ClosedBook(asks=[HOW, HOW.model_copy(update={"model": "n"})], samples=3)
    (result,) = closed_book([(make_question(), around(context, BARN))], how, Asker())
    assert result == make_question()
    assert {one["model"] for one in server.requests} == {"m", "n"} and len(server.requests) == 6


def test_one_model_that_knows_is_enough(server: FaultServer, context: Context) -> None:
    answering(server, "a barn")
    how = ClosedBook(asks=[HOW, HOW.model_copy(update={"model": "n"})], samples=1)
    (result,) = closed_book([(make_question(), around(context, BARN))], how, Asker())
    assert isinstance(result, Dropped)
    assert [one["model"] for one in server.requests] == ["m"]  # the other one need not be paid


def test_labels_and_summaries_are_not_asked_closed_book(server: FaultServer, context: Context) -> None:
    label = make_question(metric="exact")
    summary = replace(make_question(), metric="keywords", origin="summary")
    places = [(label, around(context, BARN)), (summary, around(context, BARN))]
    assert closed_book(places, ClosedBook(asks=[HOW], samples=1), Asker()) == [label, summary]
    assert not server.requests


def test_open_book(server: FaultServer, context: Context) -> None:
    answering(server, "In a barn.")
    (kept,) = open_book([(make_question(), around(context, BARN))], HOW, Asker())
    assert kept == make_question()
    assert "The owl lives in a barn." in server.requests[0]["messages"][0]["content"]
    answering(server, "unknown")
    (dropped,) = open_book([(make_question(text="Where is it?"), around(context, BARN))], HOW, Asker())
    assert dropped == Dropped("not answered open book", "'unknown'")


@pytest.mark.parametrize(("least", "left"), [(1, ["owl", "barn"]), (3, None)])
def test_keywords_that_are_not_found_are_no_gold(
    least: int, left: list[str] | None, server: FaultServer, context: Context
) -> None:
    answering(server, "The owl and its barn.")
    question = replace(make_question(answers=["owl", "fox", "barn"]), metric="keywords", origin="summary")
    (result,) = open_book([(question, around(context, BARN, min_keywords=least))], HOW, Asker())
    assert result == (
        Dropped("not answered open book", "2 of 3 keywords")
        if left is None
        else replace(question, answers=left)
    )


def test_models_are_asked_only_of_what_is_left(server: FaultServer, context: Context) -> None:
    """Of questions that every other check keeps; and what they drop counts for the bounds."""

    def says(message: str, before: int) -> str:
        return json.dumps({"answer": "a barn" if "Question: known" in message else "unknown"})

    server.choose = says
    texts = {"made/q1": "known?", "made/q2": "new?", "made/q3": "bad?"}
    rows = [
        AskedQuestion("made/i", make_question(name, text, ["a den" if "bad" in text else "a barn"]))
        for name, text in texts.items()
    ]
    params: Any = bounds(1, 100).model_copy(update={"closed_book": ClosedBook(asks=[HOW], samples=1)})
    made = [make_instance("made/i", BARN)]
    asker = Asker()
    ((instance, rejects),) = filter_instances(
        made, rows, params, context.tokenizer, {}, 100, 20, "made", asker
    )
    assert instance is not None and [one.id for one in instance.questions] == ["made/q2"]
    assert {one.id: one.reason for one in rejects} == {
        "made/q1": "answered closed book",
        "made/q3": "answer not in evidence",
    }
    assert sorted(one.id for one in asker.asked) == ["made/q1", "made/q2"]
