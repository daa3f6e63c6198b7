"""The judge of answers that is a function."""

from collections.abc import Sequence

import pytest

from pipeline.core.errors import MemcurateError
from tests.training.factories import make_question
from training.environment import FunctionAnswerJudge
from training.environment.judge import parse_verdict
from training.memory.prompts import Message

QUESTION = make_question("Why?", "the sea", "the sun", metric="judge")


def test_answers_are_judged_by_the_projects_prompt() -> None:
    asked: list[str] = []

    def complete(chats: Sequence[Sequence[Message]]) -> list[str]:
        asked.extend(chat[0]["content"] for chat in chats)
        return ['{"correct": true}', "yes"]

    judge = FunctionAnswerJudge(complete)
    answered = [(QUESTION, "the warm sea"), (QUESTION, " "), (QUESTION, "who knows")]
    assert judge.score_answers(answered) == [1.0, 0.0, None]
    assert len(asked) == 2
    assert "Right answer: the sea or the sun\n\nReply: the warm sea" in asked[0]
    with pytest.raises(MemcurateError, match="answer_judge was given 1 chats and returned 2 replies"):
        judge.score_answers(answered[:1])
    assert judge.score_answers([]) == []


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ('{"correct": true}', 1.0),
        ('<think>{"correct": true}</think>So: {"correct": false}.', 0.0),
        ("{'correct': True}", 1.0),
        ('{"correct": "yes"}', None),
        ('{"right": true}', None),
        ("[true]", None),
        ("", None),
    ],
)
def test_verdicts(reply: str, verdict: float | None) -> None:
    assert parse_verdict(reply) == verdict
