"""Episodes of the project's own loop, to compare those of a framework with."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.unicode import to_well_formed
from pipeline.text.tokens import TokenCounter
from tests.training.environment.replies import draw_reply
from training.credit.assign import CreditName, assign_rewards
from training.environment import build_env_evaluator
from training.environment.environment import count_contents
from training.evaluation.answering import AnswerJudge
from training.evaluation.evaluator import Evaluator
from training.memory.prompts import Message
from training.memory.schema import Episode, EpisodeInput
from training.policies.chats import SamplingParams
from training.policies.model import ModelPolicy

Reply = Callable[[Sequence[Message]], str]


@dataclass
class OwnEpisode:
    """An episode of the own loop, with its prompts and the rewards of its steps as JSON values."""

    prompts: list[list[Message]]
    episode: Episode
    step_rewards: list[dict[str, Any]]


class ReplyingChat:
    """The ChatModel that gives each prompt the reply of a function, and keeps the prompts."""

    batch_size = 1
    supports_tools = False
    context_window: int | None = None

    def __init__(self, reply: Reply, count_tokens: TokenCounter) -> None:
        self.prompts: list[list[Message]] = []
        self._reply = reply
        self._count_tokens = count_tokens

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return count_contents(self._count_tokens, messages)

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        self.prompts += [list(chat) for chat in chats]
        return [self._reply(chat) for chat in chats]


def play_own_loop(
    instance: EpisodeInput,
    reply: Reply,
    params: EpisodeParams,
    count_tokens: TokenCounter,
    credit: CreditName = "episode",
    judge: AnswerJudge | None = None,
) -> OwnEpisode:
    """Play an instance by the project's own evaluation of a model."""
    evaluator: Evaluator = build_env_evaluator(params, count_tokens, answer_judge=judge)
    chat = ReplyingChat(reply, count_tokens)
    policy = ModelPolicy("own", chat, params.memory, params.generation, 0)
    (episode,) = evaluator.evaluate_policy(policy, [instance], None)
    rewards = assign_rewards(instance, episode, evaluator, credit)
    return OwnEpisode(chat.prompts, episode, [asdict(one) for one in rewards])


def draw_reply_to(messages: Sequence[Message]) -> str:
    """Draw a good, random or broken reply by a prompt: equal prompts get equal replies."""
    seed = hashlib.sha256("\0".join(one["content"] for one in messages).encode()).digest()
    return to_well_formed(draw_reply(random.Random(seed)))
