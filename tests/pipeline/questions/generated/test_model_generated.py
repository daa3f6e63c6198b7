"""Questions, summaries and keywords of models: the kept ones, and the rejects with their reasons."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.core.params import ModelSettings, QuestionGeneration, QuestionParams, SummaryGeneration
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject
from tests.pipeline.llm.fault_server import FaultServer
from tests.pipeline.questions.factories import make_instance, make_question, run_model_steps_once

MODEL = ModelSettings(name="m", revision="1", temperature=0.0, max_tokens=64)
OFF: dict[str, Any] = {"source": True, "label": 0, "summary": False, "cloze": 0}

ANN = "Ann moved to Lisbon in May and loves the old trams."
TRAM = "The tram number 28 stops in front of her door."
LATER = "In autumn Ann left Lisbon and moved to Porto."

ReplyTo = Callable[[str], dict[str, Any]]


def make_ann_instance() -> Instance:
    return make_instance("made/i", {"made/a": ANN, "made/b": TRAM}, {"made/c": LATER})


def run_steps(
    server: FaultServer, reply_to: ReplyTo, rows_before: list[InstanceQuestion], **config: Any
) -> tuple[list[Question], list[Reject]]:
    server.choose = lambda message, before: json.dumps(reply_to(message))
    rows, rejects, model_calls = run_model_steps_once(
        rows_before, [make_ann_instance()], QuestionParams(**OFF, **config), "made"
    )
    assert model_calls and all(one.cache_keys for one in model_calls)
    assert len(model_calls) == len(server.requests)
    return [row.question for row in rows], rejects


def reply_with_question(written: dict[str, str], follows: str = "Lisbon", contradicts: str = "") -> ReplyTo:
    def reply_to(message: str) -> dict[str, Any]:
        if message.startswith("Read the text"):
            return {"questions": [written] if ANN in message else []}
        if message.startswith("Read two texts"):
            return {"questions": [written]}
        if message.startswith("Answer the question from this evidence"):
            return {"answer": follows}
        return {"contradicts": bool(contradicts), "quote": contradicts}

    return reply_to


GOOD = {"question": "Where did Ann move in May?", "answer": "Lisbon", "quote": ANN, "kind": "fact"}
GENERATION = QuestionGeneration(model=MODEL, max_per_chunk=2, max_per_pair=0, chunk_pairs=0)


def test_a_written_question_that_passes_all_checks_is_kept(server: FaultServer) -> None:
    quote = "ann moved to   Lisbon in May"
    (question,), rejects = run_steps(
        server, reply_with_question({**GOOD, "quote": quote}), [], generated=GENERATION
    )
    assert question.text == GOOD["question"] and question.answers == ["Lisbon"]
    assert (question.origin, question.kind, question.metric) == ("generated", "fact", "contains")
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
def test_a_written_question_that_fails_a_check_is_rejected(
    written: dict[str, str], follows: str, contradicts: str, reason: str, server: FaultServer
) -> None:
    kept, (reject,) = run_steps(
        server, reply_with_question(written, follows, contradicts), [], generated=GENERATION
    )
    assert kept == [] and reject.reason == reason
    assert reject.question is not None and reject.question.text == GOOD["question"]
    assert reject.document == "made/i"


def test_a_contradiction_without_a_quote_does_not_count(server: FaultServer) -> None:
    kept, _ = run_steps(
        server, reply_with_question(GOOD, contradicts="Ann never left Porto."), [], generated=GENERATION
    )
    assert len(kept) == 1


def test_a_question_of_two_chunks_has_evidence_in_both(server: FaultServer) -> None:
    both = {
        "question": "Where does Ann live since autumn?",
        "answer": "Porto",
        "first_quote": ANN,
        "second_quote": LATER,
        "kind": "change",
    }
    config = QuestionGeneration(model=MODEL, max_per_chunk=0, max_per_pair=1, chunk_pairs=3)
    (question,), _ = run_steps(server, reply_with_question(both, "Porto"), [], generated=config)
    assert question.evidence == ["made/a", "made/c"] and question.evidence_chunks == [0, 1]
    assert question.kind == "change"


def test_an_invalid_reply_rejects_only_its_question(server: FaultServer) -> None:
    def reply_to(message: str) -> dict[str, Any]:
        if message.startswith("Read the text"):
            return {"questions": [GOOD, {**GOOD, "question": "Where is Ann?"}] if ANN in message else []}
        return {"nothing": 1} if "Where is Ann" in message else reply_with_question(GOOD)(message)

    server.choose = lambda message, before: json.dumps(reply_to(message))
    rows, (reject,), model_calls = run_model_steps_once(
        [], [make_ann_instance()], QuestionParams(**OFF, generated=GENERATION), "made"
    )
    assert [row.question.text for row in rows] == [GOOD["question"]]
    assert reject.reason == "answer from the quote: unfit reply"
    assert Counter(one.reason for one in model_calls)["unfit reply"] == 1


LONG = make_question(
    "made/q", "What did Ann do?", ["she moved to Lisbon in the month of May"], metric="judge"
)


def test_a_long_answer_is_shortened_to_keywords(server: FaultServer) -> None:
    rows_before = [InstanceQuestion("made/i", LONG), InstanceQuestion("made/i", make_question())]
    kept, rejects = run_steps(
        server, lambda _: {"answer": "moved to Lisbon; May."}, rows_before, shorten_answers=MODEL
    )
    short = next(one for one in kept if one.metric == "keywords")
    assert short.answers == ["moved to Lisbon", "May"] and short.evidence == LONG.evidence
    assert make_question() in kept and len(kept) == 2  # a short answer is not rows_before for
    assert rejects == []


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("moved to Lisbon in May", "more than 3 words"),
        ("Ann; Lisbon", "words that the answer does not have, such as ann"),
        (" ; .", "nothing is left"),
    ],
)
def test_an_answer_that_cannot_be_shortened_is_rejected(
    answer: str, detail: str, server: FaultServer
) -> None:
    rows_before = [InstanceQuestion("made/i", LONG)]
    kept, (reject,) = run_steps(server, lambda _: {"answer": answer}, rows_before, shorten_answers=MODEL)
    assert kept == [] and reject.reason == "answer not shortened" and detail in reject.detail
    assert reject.question == LONG


NAMES = {"people": ["Ann"], "places": ["Lisbon", "Porto"], "events": ["a word too much here", "ann"]}


def reply_with_summary(summary: str) -> ReplyTo:
    return lambda message: NAMES if message.startswith("Name the keywords") else {"summary": summary}


def make_rule_summary() -> InstanceQuestion:
    """Make the summary question that the rules would make."""
    question = make_question("made/own", "Summarise", ["Ann", "Lisbon", "Porto"])
    question.metric, question.origin = "keywords", "summary"
    return InstanceQuestion("made/i", question)


def test_a_summary_question_has_the_keywords_of_its_summary(server: FaultServer) -> None:
    reply_to = reply_with_summary("Ann moves to Lisbon and then to Porto.")
    (question,), rejects = run_steps(
        server,
        reply_to,
        [make_rule_summary()],
        generated_summaries=SummaryGeneration(model=MODEL, min_coverage=60),
        keywords=MODEL,
    )
    assert question.answers == ["Ann", "Lisbon", "Porto"]  # each once, three words at most
    assert question.metric == "keywords" and question.origin == "summary"
    assert question.summary == "\n".join(["Ann moves to Lisbon and then to Porto."] * 2)  # of both chunks
    assert question.evidence == ["made/a", "made/c"] and question.evidence_chunks == [0, 1]
    assert question.text.startswith("Summarise what the user read from 2024-01-01")
    assert rejects == []


def test_a_summary_that_covers_too_little_is_rejected(server: FaultServer) -> None:
    config = {"generated_summaries": SummaryGeneration(model=MODEL, min_coverage=60), "keywords": MODEL}
    kept, (reject,) = run_steps(
        server, reply_with_summary("Somebody moves to Porto."), [make_rule_summary()], **config
    )
    assert kept == [] and reject.reason == "summary covers too little"
    assert reject.detail == "33 percent of Ann, Lisbon, Porto"


def test_keywords_come_from_the_chunks_where_there_is_no_summary(server: FaultServer) -> None:
    (question,), _ = run_steps(server, reply_with_summary(""), [], keywords=MODEL)
    assert question.answers == ["Ann", "Lisbon", "Porto"] and question.summary is None
    assert len(server.requests) == 2  # chunk by chunk


def test_after_a_change_of_chunking_only_changed_chunks_are_sent(server: FaultServer) -> None:
    server.choose = lambda message, before: json.dumps(reply_with_question(GOOD)(message))
    config = QuestionParams(**OFF, generated=GENERATION)
    run_model_steps_once([], [make_ann_instance()], config, "made")
    before = len(server.requests)
    run_model_steps_once([], [make_ann_instance()], config, "made")
    assert len(server.requests) == before
    other = make_instance("made/j", {"made/a": ANN, "made/b": TRAM}, {"made/c": LATER + " It rains."})
    run_model_steps_once([], [other], config, "made")
    later = [one["messages"][0]["content"] for one in server.requests[before:]]
    assert later and all("It rains." in message for message in later)
