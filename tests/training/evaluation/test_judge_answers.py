"""The judge of answers: its verdicts become scores; without a verdict there is no score."""

import json
from dataclasses import replace

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import ModelSettings
from pipeline.llm.client import LLMClient
from tests.pipeline.llm.fault_server import FaultServer
from training.evaluation.judge_answers import EndpointAnswerJudge
from training.memory.schema import EpisodeQuestion

SETTINGS = ModelSettings(name="m", revision="1", temperature=0.0, max_tokens=50)
QUESTION = EpisodeQuestion(
    id="q1", text="Where does Ann live?", answers=["Rome", "in Rome"], metric="judge", evidence_chunks=[0]
)


def make_question(text: str) -> EpisodeQuestion:
    return replace(QUESTION, id=text, text=text)


def choose_reply(message: str, _: int) -> str:
    if "hard" in message:
        return "refusal"
    if "odd" in message:
        return "no json"
    return json.dumps({"correct": "the Eternal City" in message})


def test_verdicts_become_scores(server: FaultServer) -> None:
    server.choose = choose_reply
    client = LLMClient()
    answered = [
        (QUESTION, "In the Eternal City."),
        (QUESTION, "In Oslo."),
        (make_question("A hard one?"), "x"),
        (make_question("An odd one?"), "x"),
        (make_question("Nothing?"), "  "),
    ]
    assert EndpointAnswerJudge(SETTINGS, client).score_answers(answered) == [1.0, 0.0, None, None, 0.0]
    reasons = [one.reason for one in client.model_calls]
    assert reasons == [None, None, "refused by the model", "unfit reply"]
    prompt = server.requests[1]["messages"][0]["content"]
    assert "Where does Ann live?" in prompt and "Right answer: Rome or in Rome" in prompt
    num_requests = len(server.requests)
    assert EndpointAnswerJudge(SETTINGS, LLMClient()).score_answers(answered)[:2] == [1.0, 0.0]
    assert len(server.requests) == num_requests + 1  # the trial request of the new judge


def test_a_judge_that_the_server_does_not_have_is_an_error(server: FaultServer) -> None:
    server.choose = lambda message, _: "404"
    with pytest.raises(MemcurateError, match=r"judge of answers: .* has no model m"):
        EndpointAnswerJudge(SETTINGS, LLMClient())
