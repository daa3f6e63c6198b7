"""Answers of a chat model, without its thinking."""

from collections.abc import Sequence

import pytest

from tests.training.factories import make_question
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering import AnswerRequest
from training.evaluation.answering.model import ModelAnswerer
from training.memory.prompts import Message
from training.policies.chats import SamplingParams


class FixedReplyModel:
    """A chat model that always gives the same reply."""

    batch_size = 8
    supports_tools = False
    context_window = None

    def __init__(self, reply: str) -> None:
        self.reply = reply

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 0

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        return [self.reply] * len(chats)


def test_that_the_memory_may_not_tell_is_said_whatever_is_asked() -> None:
    """Else the prompt would tell which questions have no answer."""
    prompts: list[Message] = []

    class Recorder(FixedReplyModel):
        def complete(
            self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
        ) -> list[str]:
            prompts.extend(chat[0] for chat in chats)
            return super().complete(chats, sampling, allow_tools)

    for may_abstain in (True, False):
        questions = [
            make_question("Who?", "x", metric="contains"),
            make_question("Who?", "", metric="abstain"),
        ]
        ModelAnswerer(Recorder("")).answer([AnswerRequest(one, [], may_abstain) for one in questions])
    said = ["say that you don't know" in prompt["content"] for prompt in prompts]
    assert said == [True, True, False, False]
    assert prompts[0] == prompts[1]


@pytest.mark.parametrize(
    ("reply", "answer", "score"),
    [
        ("The question may be about Borden or Oster.\n</think>\n\nI do not know.", "I do not know.", 0.0),
        ("<think>Borden?</think>I do not know.", "I do not know.", 0.0),
        ("<think>It may be Borden", "", 0.0),
        ("<think>Oster?</think>Borden", "Borden", 1.0),
        ("Oster?</think>\nBorden", "Borden", 1.0),
        ('Borden put "<think>" there', 'Borden put "<think>" there', 1.0),
        ("Borden \ud83d", "Borden \ufffd", 1.0),
    ],
)
def test_thinking_is_not_part_of_the_answer(reply: str, answer: str, score: float) -> None:
    (text,) = ModelAnswerer(FixedReplyModel(reply)).answer(
        [AnswerRequest(make_question("Who?", "Borden"), [])]
    )
    assert text == answer and score_answer("contains", ["Borden"], text) == score
