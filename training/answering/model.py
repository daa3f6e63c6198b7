"""An answerer that is a model, on this machine or behind an endpoint: frozen, at temperature 0."""

from collections.abc import Sequence

from pipeline.text.thinking import without_thinking
from training.answering import Asked
from training.chats import Chat, Sampling
from training.prompts import answer_prompt

_TOKENS = 1024  # of an answer, for models that think before they answer


class ModelAnswerer:
    """See above. Answerer."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def answer(self, asked: Sequence[Asked]) -> list[str]:
        """See Answerer."""
        chats = [answer_prompt(one.pieces, one.question.text, one.question.metric) for one in asked]
        replies = self._chat.complete(chats, Sampling(_TOKENS, 0.0), tools=False)
        return [without_thinking(reply).strip() for reply in replies]
