"""What models add to questions: what is kept, and what is rejected why. The server's model is ours."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.params import Ask, Questions, Told, Written
from pipeline.questions.modelled import ask_models
from pipeline.schema import AskedQuestion, Instance, Question, Reject
from tests.endpoint.faults import FaultServer
from tests.questions.making import make_instance, make_question

HOW = Ask(model="m", revision="1", temperature=0.0, max_tokens=64)
OFF: dict[str, Any] = {"carried": True, "held_out": 0, "summary": False, "cloze": 0}

ANN = "Ann moved to Lisbon in May and loves the old trams."
TRAM = "The tram number 28 stops in front of her door."
LATER = "In autumn Ann left Lisbon and moved to Porto."

Says = Callable[[str], dict[str, Any]]


def told() -> Instance:
    return make_instance("made/i", {"made/a": ANN, "made/b": TRAM}, {"made/c": LATER})


def modelled(
    server: FaultServer, says: Says, asked: list[AskedQuestion], **wanted: Any
) -> tuple[list[Question], list[Reject]]:
    server.choose = lambda message, before: json.dumps(says(message))
    rows, rejects, models = ask_models(asked, [told()], Questions(**OFF, **wanted), "made")
    assert {key for one in models for key in one.keys} and all(one.keys for one in models)
    assert len(models) == len(server.requests)
    return [row.question for row in rows], rejects


def writing(written: dict[str, str], follows: str = "Lisbon", contradicts: str = "") -> Says:
    def says(message: str) -> dict[str, Any]:
        if message.startswith("Read the text"):
            return {"questions": [written] if ANN in message else []}
        if message.startswith("Read two texts"):
            return {"questions": [written]}
        if message.startswith("Answer the question from this evidence"):
            return {"answer": follows}
        return {"contradicts": bool(contradicts), "quote": contradicts}

    return says


GOOD = {"question": "Where did Ann move in May?", "answer": "Lisbon", "quote": ANN, "kind": "fact"}
ONES = Written(ask=HOW, per_chunk=2, per_pair=0, pairs=0)


def test_a_written_question_that_holds(server: FaultServer) -> None:
    quote = "ann moved to   Lisbon in May"
    (question,), rejects = modelled(server, writing({**GOOD, "quote": quote}), [], written=ONES)
    assert question.text == GOOD["question"] and question.answers == ["Lisbon"]
    assert (question.origin, question.kind, question.metric) == ("written", "fact", "contains")
    assert question.evidence == ["made/a"] and question.evidence_chunks == [0]
    assert rejects == []


@pytest.mark.parametrize(
    ("written", "follows", "contradicts", "reason"),
    [
        ({**GOOD, "quote": "Ann moved to Rome in May."}, "Lisbon", "", "quote not in the chunk"),
        ({**GOOD, "quote": "Ann"}, "Lisbon", "", "quote not in the chunk"),
        ({**GOOD, "quote": "Opening."}, "Lisbon", "", "quote not in the chunk"),
        (GOOD, "unknown", "", "answer does not follow"),
        (GOOD, "not Lisbon but Rome", "", "answer does not follow"),
        (GOOD, "Lisbon", "Ann left Lisbon and moved to Porto", "contradicted"),
    ],
)
def test_written_questions_that_do_not_hold(
    written: dict[str, str], follows: str, contradicts: str, reason: str, server: FaultServer
) -> None:
    kept, (reject,) = modelled(server, writing(written, follows, contradicts), [], written=ONES)
    assert kept == [] and reject.reason == reason
    assert reject.question is not None and reject.question.text == GOOD["question"]
    assert reject.document == "made/i"


def test_a_contradiction_must_be_quoted(server: FaultServer) -> None:
    kept, _ = modelled(server, writing(GOOD, contradicts="Ann never left Porto."), [], written=ONES)
    assert len(kept) == 1


def test_questions_of_two_chunks(server: FaultServer) -> None:
    both = {
        "question": "Where does Ann live since autumn?",
        "answer": "Porto",
        "first_quote": ANN,
        "second_quote": LATER,
        "kind": "change",
    }
    how = Written(ask=HOW, per_chunk=0, per_pair=1, pairs=3)
    (question,), _ = modelled(server, writing(both, "Porto"), [], written=how)
    assert question.evidence == ["made/a", "made/c"] and question.evidence_chunks == [0, 1]
    assert question.kind == "change"


def test_an_unfit_reply_rejects_its_item_alone(server: FaultServer) -> None:
    def says(message: str) -> dict[str, Any]:
        if message.startswith("Read the text"):
            return {"questions": [GOOD, {**GOOD, "question": "Where is Ann?"}] if ANN in message else []}
        return {"nothing": 1} if "Where is Ann" in message else writing(GOOD)(message)

    server.choose = lambda message, before: json.dumps(says(message))
    rows, (reject,), models = ask_models([], [told()], Questions(**OFF, written=ONES), "made")
    assert [row.question.text for row in rows] == [GOOD["question"]]
    assert reject.reason == "answer from the quote: unfit reply"
    assert Counter(one.reason for one in models)["unfit reply"] == 1


LONG = make_question(
    "made/q", "What did Ann do?", ["she moved to Lisbon in the month of May"], metric="judge"
)


def test_a_shortened_answer(server: FaultServer) -> None:
    asked = [AskedQuestion("made/i", LONG), AskedQuestion("made/i", make_question())]
    kept, rejects = modelled(server, lambda _: {"answer": "moved to Lisbon; May."}, asked, shorten=HOW)
    short = next(one for one in kept if one.metric == "keywords")
    assert short.answers == ["moved to Lisbon", "May"] and short.evidence == LONG.evidence
    assert make_question() in kept and len(kept) == 2  # a short answer is not asked for
    assert rejects == []


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("moved to Lisbon in May", "more than 3 words"),
        ("Ann; Lisbon", "words that the answer does not have, such as ann"),
        (" ; .", "nothing is left"),
    ],
)
def test_answers_that_are_not_shortened(answer: str, detail: str, server: FaultServer) -> None:
    asked = [AskedQuestion("made/i", LONG)]
    kept, (reject,) = modelled(server, lambda _: {"answer": answer}, asked, shorten=HOW)
    assert kept == [] and reject.reason == "answer not shortened" and detail in reject.detail
    assert reject.question == LONG


NAMES = {"people": ["Ann"], "places": ["Lisbon", "Porto"], "events": ["a word too much here", "ann"]}


def summarising(summary: str) -> Says:
    return lambda message: NAMES if message.startswith("Name the keywords") else {"summary": summary}


def own() -> AskedQuestion:
    """The question that the rules make."""
    question = make_question("made/own", "Summarise", ["Ann", "Lisbon", "Porto"])
    question.metric, question.origin = "keywords", "summary"
    return AskedQuestion("made/i", question)


def test_a_summary_and_its_keywords(server: FaultServer) -> None:
    says = summarising("Ann moves to Lisbon and then to Porto.")
    (question,), rejects = modelled(server, says, [own()], told=Told(ask=HOW, min_coverage=60), keywords=HOW)
    assert question.answers == ["Ann", "Lisbon", "Porto"]  # each once, three words at most
    assert question.metric == "keywords" and question.origin == "summary"
    assert question.summary == "\n".join(["Ann moves to Lisbon and then to Porto."] * 2)  # of both chunks
    assert question.evidence == ["made/a", "made/c"] and question.evidence_chunks == [0, 1]
    assert question.text.startswith("Summarise what the user read from 2024-01-01")
    assert rejects == []


def test_a_summary_that_covers_too_little(server: FaultServer) -> None:
    how = {"told": Told(ask=HOW, min_coverage=60), "keywords": HOW}
    kept, (reject,) = modelled(server, summarising("Somebody moves to Porto."), [own()], **how)
    assert kept == [] and reject.reason == "summary covers too little"
    assert reject.detail == "33 percent of Ann, Lisbon, Porto"


def test_keywords_of_a_chapter_without_a_summary(server: FaultServer) -> None:
    (question,), _ = modelled(server, summarising(""), [], keywords=HOW)
    assert question.answers == ["Ann", "Lisbon", "Porto"] and question.summary is None
    assert len(server.requests) == 2  # chunk by chunk


def test_a_change_of_chunking_asks_only_of_changed_chunks(server: FaultServer) -> None:
    server.choose = lambda message, before: json.dumps(writing(GOOD)(message))
    wanted = Questions(**OFF, written=ONES)
    ask_models([], [told()], wanted, "made")
    before = len(server.requests)
    ask_models([], [told()], wanted, "made")
    assert len(server.requests) == before
    other = make_instance("made/j", {"made/a": ANN, "made/b": TRAM}, {"made/c": LATER + " It rains."})
    ask_models([], [other], wanted, "made")
    later = [one["messages"][0]["content"] for one in server.requests[before:]]
    assert later and all("It rains." in message for message in later)
