"""An answerer that is a model, on this machine or behind an endpoint: frozen, at temperature 0."""

from collections.abc import Sequence

from training.answering import Asked
from training.chats import Chat, Sampling
from training.prompts import answer_prompt

_TOKENS = 128  # of an answer; the paper's generator answers in a few words too
_SEED = 0  # nothing is drawn


class ModelAnswerer:
    """See above. Answerer."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def answer(self, asked: Sequence[Asked]) -> list[str]:
        """See Answerer."""
        chats = [answer_prompt(one.pieces, one.question.text, one.question.metric) for one in asked]
        return self._chat.complete(chats, Sampling(_TOKENS, 0.0, _SEED), tools=False)
