"""The environment and the project's own loop: equal replies give equal prompts, rewards and credit."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import pytest

from pipeline.core.agent_params import AnswerParams, EpisodeParams, GenerationParams, MemoryParams
from pipeline.core.unicode import to_well_formed
from tests.training.conftest import Playable
from tests.training.credit.random_episodes import draw_instance
from tests.training.environment.replies import draw_reply
from tests.training.factories import count_words
from tests.training.tokenizer_factories import ADDED, make_byte_level_tokenizer
from tests.training.worlds import make_world_instance
from training.credit.assign import CreditName, assign_rewards
from training.environment import DEFAULT_PARAMS, EnvObservation, MemoryEnv, build_env_evaluator
from training.evaluation.evaluator import Evaluator
from training.memory.prompts import Message
from training.memory.schema import Episode, EpisodeInput
from training.policies.chats import SamplingParams
from training.policies.chats.sampling import Completion
from training.policies.chats.template import ChatTemplate
from training.policies.model import ModelPolicy
from training.policies.run_episodes import run_episodes
from training.policies.scripted import ScriptedPolicy
from training.policies.scripted_updating import UpdatingPolicy
from training.rl.rollouts import MemoryRolloutCollector

CREDITS: tuple[CreditName, ...] = get_args(CreditName)
NUM_RANDOM_REPLIES = 1000
STEPS = 5


def count_contents(messages: Sequence[Message]) -> int:
    return sum(count_words(message["content"]) for message in messages)


class RecordedChat:
    """The ChatModel that gives recorded replies, and keeps the prompts."""

    batch_size = 1
    supports_tools = False
    context_window: int | None = None

    def __init__(self, replies: Sequence[str]) -> None:
        self.prompts: list[list[Message]] = []
        self._remaining = iter(replies)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return count_contents(messages)

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        self.prompts += [list(chat) for chat in chats]
        return [next(self._remaining) for _ in chats]


def play(env: MemoryEnv, index: int, replies: Sequence[str]) -> tuple[list[list[Message]], Episode]:
    """Play an episode, and return its prompts and the episode."""
    observation: EnvObservation | None = env.reset(index)
    prompts = []
    for reply in replies:
        assert observation is not None
        prompts.append(observation.messages)
        result = env.step(reply)
        observation = result.observation
        assert result.done == (observation is None)
    assert result.done and result.info.episode is not None
    assert result.reward == result.info.episode.total
    return prompts, result.info.episode


def assert_equal_to_own_loop(evaluator: Evaluator, instance: EpisodeInput, replies: Sequence[str]) -> Episode:
    """Play the replies in both ways, and compare prompts, episodes and the rewards of every credit."""
    chat = RecordedChat(replies)
    policy = ModelPolicy("environment", chat, evaluator.params.memory, evaluator.params.generation, 0)
    (expected,) = evaluator.evaluate_policy(policy, [instance], None)
    env = MemoryEnv([instance], evaluator, count_contents)
    prompts, episode = play(env, 0, replies)
    assert prompts == chat.prompts
    assert episode == expected  # every call, answer, r1 to r4 and total, to the last bit
    for credit in CREDITS:
        assert env.step_rewards(credit) == assign_rewards(instance, expected, evaluator, credit)
    return episode


def record(evaluator: Evaluator, policy: ScriptedPolicy, instance: EpisodeInput) -> list[str]:
    (trajectory,) = run_episodes(
        policy, [instance], evaluator.params.memory.core_tokens, evaluator.count_tokens
    )
    return [step.reply for step in trajectory.steps]


def limit_params(max_tokens: int | None) -> EpisodeParams:
    """Return params under which core is cut, calls fail in a full memory, and entries leave the prompt."""
    memory = MemoryParams(core_tokens=16, max_prompt_entries=4, max_tokens=max_tokens)
    generation = GenerationParams(max_prompt_tokens=256, max_completion_tokens=64, temperature=1.0)
    answer = AnswerParams(backend="extractive", model=None, top_k=3, max_context_tokens=32, judge=None)
    return DEFAULT_PARAMS.model_copy(
        update={"memory": memory, "generation": generation, "answer": answer},
    )


def test_the_scripted_writers_replies(playable: Playable, assets: Path) -> None:
    evaluator = build_env_evaluator(DEFAULT_PARAMS, count_words)
    instances = [
        *playable("trec_coarse")[:1],
        make_world_instance("a", per_ability=2),
    ]
    scored = 0
    for policy in (ScriptedPolicy(assets), UpdatingPolicy(assets)):
        for instance in instances:
            replies = record(evaluator, policy, instance)
            scored += bool(assert_equal_to_own_loop(evaluator, instance, replies).correctness)
    assert scored >= len(instances)


def test_random_and_broken_replies() -> None:
    draw = random.Random(3)
    outcomes, num_calls = set(), set()
    for number in range(NUM_RANDOM_REPLIES // STEPS):
        evaluator = build_env_evaluator(limit_params(draw.choice((None, 40))), count_words)
        replies = [draw_reply(draw) for _ in range(STEPS)]
        instance = draw_instance(draw, str(number), STEPS)
        episode = assert_equal_to_own_loop(evaluator, instance, replies)
        outcomes |= {(call.applied, call.valid) for step in episode.steps for call in step.calls}
        num_calls |= {len(step.calls) for step in episode.steps}
    assert outcomes == {(True, True), (True, False), (False, False)} and {0, 1, 5} <= num_calls


@pytest.mark.parametrize("credit", CREDITS)
def test_rollouts_of_the_trainer(credit: CreditName) -> None:
    """The token ids of prompts, and the rewards of steps and calls, are those of the trainer's rows."""
    template = ChatTemplate(make_byte_level_tokenizer(ADDED))
    params, draw = limit_params(60), random.Random(5)
    generation = params.generation.model_copy(update={"max_prompt_tokens": 1200})
    params = params.model_copy(update={"generation": generation})
    evaluator = build_env_evaluator(params, count_words)
    instances = [draw_instance(draw, str(number), STEPS) for number in range(12)]
    remaining: Iterator[str] = iter([to_well_formed(draw_reply(draw)) for _ in range(STEPS * len(instances))])

    def generate(prompts: list[list[int]]) -> list[Completion]:
        return [Completion(template.encode_reply(next(remaining))) for _ in prompts]

    collector = MemoryRolloutCollector(
        instances, template, evaluator, params.memory, params.generation, "step", credit
    )
    batch = collector.collect(range(len(instances)), generate)
    env = MemoryEnv(
        instances,
        evaluator,
        lambda messages: template.count_tokens(messages, with_tools=True),
        credit=credit,
        describe_tools=not template.supports_tools,
    )
    for index, expected in enumerate(batch.episodes):
        rows = [row for row in batch.transitions if row.task == index]
        prompts, episode = play(env, index, [step.reply for step in expected.steps])
        tokens = [template.encode(messages, True) for messages in prompts]
        assert tokens == [row.prompt for row in rows]
        for name in ("steps", "answers", "correctness", "tool_format", "compression", "content", "total"):
            assert getattr(episode, name) == getattr(expected, name), name
        earned = env.step_rewards()
        expected_totals = [None if row.reward != row.reward else row.reward for row in rows]
        assert [one.total for one in earned] == pytest.approx(expected_totals, abs=1e-9)
        assert earned == assign_rewards(instances[index], expected, evaluator, credit)
        assert credit != "call" or any(row.parts for row in rows) or episode.correctness is None
