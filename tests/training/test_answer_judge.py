"""The judge of answers: its verdicts are scores, and what it does not say is not measured."""

import json
from dataclasses import replace

import pytest

from pipeline.endpoint.asking import Asker
from pipeline.errors import MemcurateError
from pipeline.params import Ask
from tests.endpoint.faults import FaultServer
from training.answering.judge import AnswerJudge
from training.schema import QuestionToAsk

HOW = Ask(model="m", revision="1", temperature=0.0, max_tokens=50)
QUESTION = QuestionToAsk(
    id="q1", text="Where does Ann live?", answers=["Rome", "in Rome"], metric="judge", evidence_chunks=[0]
)


def about(text: str) -> QuestionToAsk:
    return replace(QUESTION, id=text, text=text)


def verdict(message: str, before: int) -> str:
    if "hard" in message:
        return "refusal"
    if "odd" in message:
        return "no json"
    return json.dumps({"correct": "the Eternal City" in message})


def test_verdicts_are_scores(server: FaultServer) -> None:
    server.choose = verdict
    asker = Asker()
    answered = [
        (QUESTION, "In the Eternal City."),
        (QUESTION, "In Oslo."),
        (about("A hard one?"), "x"),
        (about("An odd one?"), "x"),
        (about("Nothing?"), "  "),
    ]
    assert AnswerJudge(HOW, asker).scores(answered) == [1.0, 0.0, None, None, 0.0]
    reasons = [one.reason for one in asker.asked]
    assert reasons == [None, None, "refused by the model", "unfit reply"]
    asked = server.requests[1]["messages"][0]["content"]
    assert "Where does Ann live?" in asked and "Right answer: Rome or in Rome" in asked
    sent = len(server.requests)
    assert AnswerJudge(HOW, Asker()).scores(answered)[:2] == [1.0, 0.0]
    assert len(server.requests) == sent + 1  # it is tried out again, and nothing else


def test_a_judge_that_is_not_there(server: FaultServer) -> None:
    server.choose = lambda message, before: "404"
    with pytest.raises(MemcurateError, match=r"judge of answers: .* has no model m"):
        AnswerJudge(HOW, Asker())
