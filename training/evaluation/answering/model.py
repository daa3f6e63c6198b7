"""An answerer that asks a frozen chat model at temperature 0, on this machine or behind an endpoint."""

from collections.abc import Sequence

from pipeline.llm.thinking import strip_thinking
from training.evaluation.answering import AnswerRequest
from training.memory.prompts import build_answer_prompt
from training.policies.chats import ChatModel, SamplingParams

_MAX_ANSWER_TOKENS = 1024  # enough for models that think before they answer


class ModelAnswerer:
    """The Answerer of a chat model."""

    def __init__(self, chat: ChatModel) -> None:
        """Answer with a chat model."""
        self._chat = chat

    def answer(self, requests: Sequence[AnswerRequest]) -> list[str]:
        """Return the model's answer to each request, without its thinking."""
        chats = [
            build_answer_prompt(
                [passage.text for passage in request.passages],
                request.question.text,
                request.question.metric,
                may_abstain=request.may_abstain,
            )
            for request in requests
        ]
        replies = self._chat.complete(chats, SamplingParams(_MAX_ANSWER_TOKENS, 0.0), allow_tools=False)
        return [strip_thinking(reply).strip() for reply in replies]
