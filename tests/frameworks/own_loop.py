"""Episodes of the project's own loop, and the comparison of a framework's episodes with them."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.agent_params import AnswerParams, EpisodeParams, GenerationParams, MemoryParams
from pipeline.core.unicode import to_well_formed
from pipeline.text.tokens import TokenCounter
from tests.training.credit.random_episodes import draw_instance
from tests.training.environment.replies import draw_reply
from training.credit.assign import CreditName, assign_rewards
from training.environment import DEFAULT_PARAMS, build_env_evaluator
from training.environment.environment import count_contents
from training.evaluation.answering import AnswerJudge
from training.evaluation.evaluator import Evaluator
from training.memory.prompts import Message
from training.memory.schema import Episode, EpisodeInput
from training.policies.chats import SamplingParams
from training.policies.model import ModelPolicy
from training.policies.run_episodes import run_episodes
from training.policies.scripted import ScriptedPolicy
from training.policies.scripted_updating import UpdatingPolicy

NUM_RANDOM_EPISODES = 67  # of each of the three cases: 1,005 replies in all
STEPS = 5  # of a random episode
RANDOM_CASES: tuple[tuple[CreditName, int | None], ...] = (("episode", None), ("step", 60), ("call", 90))
# Replies of SmolLM2-135M after the warm start of the profile cpu, at temperature .8, by instance.
MODEL_REPLIES = Path(__file__).with_name("model_replies.json")
REWARDS = ("correctness", "tool_format", "compression", "content")

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


def limit_params(max_tokens: int | None) -> EpisodeParams:
    """Return params under which core is cut, calls fail in a full memory, and entries leave the prompt."""
    memory = MemoryParams(core_tokens=16, max_prompt_entries=4, max_tokens=max_tokens)
    generation = GenerationParams(max_prompt_tokens=480, max_completion_tokens=64, temperature=1.0)
    answer = AnswerParams(backend="extractive", model=None, top_k=3, max_context_tokens=48, judge=None)
    return DEFAULT_PARAMS.model_copy(update={"memory": memory, "generation": generation, "answer": answer})


def draw_instances(seed: str) -> list[EpisodeInput]:
    """Draw the instances of random episodes."""
    draw = random.Random(seed)
    drawn = (draw_instance(draw, str(number), STEPS) for number in range(NUM_RANDOM_EPISODES))
    return [replace(one, split="train") for one in drawn]


def weigh_measures() -> EpisodeParams:
    """Return params in which the measures of the memory have weights too."""
    weights = {"recall_weight": 0.5, "stale_weight": 0.3, "forgotten_weight": 0.2}
    rewards = DEFAULT_PARAMS.rewards.model_copy(update=weights)
    return DEFAULT_PARAMS.model_copy(update={"rewards": rewards})


def play_writers(
    instances: Sequence[EpisodeInput], params: EpisodeParams, count_tokens: TokenCounter, assets: Path
) -> tuple[dict[str, OwnEpisode], dict[str, str]]:
    """Play instances with the recorded replies of SmolLM2, and the others with those of a scripted writer.

    That is the updating one where facts change. Return the episodes by instance, and the reply to each user
    message.
    """
    recorded: dict[str, list[str]] = json.loads(MODEL_REPLIES.read_text(encoding="utf-8"))
    assert recorded.keys() <= {one.id for one in instances}, "record the replies of the model anew"
    own: dict[str, OwnEpisode] = {}
    replies: dict[str, str] = {}
    for instance in instances:
        written = recorded.get(instance.id)
        if written is None:
            policy = UpdatingPolicy(assets) if instance.facts else ScriptedPolicy(assets)
            (trajectory,) = run_episodes(policy, [instance], params.memory.core_tokens, count_tokens)
            written = [step.reply for step in trajectory.steps]
        own[instance.id] = play_own_loop(instance, give_in_order(written), params, count_tokens)
        for prompt, reply in zip(own[instance.id].prompts, written, strict=True):
            replies[prompt[1]["content"]] = reply
    return own, replies


def give_in_order(replies: Sequence[str]) -> Reply:
    """Return a function that gives one reply after another, whatever the prompt."""
    remaining = iter(replies)
    return lambda messages: next(remaining)


def assert_same_rewards(
    own: OwnEpisode,
    rewards: Mapping[str, float],
    total: float,
    step_rewards: Sequence[Mapping[str, Any]],
    scores: Sequence[float | None] | None,
) -> None:
    """Compare rewards, credit and scores of a framework's episode with those of the own loop.

    `scores` are None where the framework's command writes none.
    """
    episode = own.episode
    assert {name: rewards[name] for name in REWARDS} == pytest.approx(
        {name: getattr(episode, name) for name in REWARDS}, abs=1e-9
    )
    assert total == pytest.approx(episode.total, abs=1e-9)
    assert [one["total"] for one in step_rewards] == pytest.approx(
        [one["total"] for one in own.step_rewards], abs=1e-9
    )
    for found, expected in zip(step_rewards, own.step_rewards, strict=True):
        assert found["calls"] == pytest.approx(list(expected["calls"]), abs=1e-9)
        assert found.get("rest") == pytest.approx(expected["rest"], abs=1e-9)
    assert scores is None or list(scores) == [one.score for one in episode.answers]


def read_report(text: str) -> dict[str, float]:
    """Return the metrics of a report by their names."""
    lines = [line.split() for line in text.splitlines()]
    return {words[0]: float(words[1]) for words in lines if len(words) == 2}
