"""Collect episodes as rows to learn from: every step is a prompt, a completion and its own reward (paper).

The trainer takes any RolloutCollector; `MemoryRolloutCollector` runs the memory agent.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, NamedTuple, Protocol

from pipeline.core.params import GenerationParams, MemoryParams
from training.credit.assign import CreditName, StepReward, assign_rewards
from training.evaluation import rewards
from training.evaluation.evaluator import Evaluator
from training.memory.call_outcome import call_outcome
from training.memory.call_parser import locate_calls
from training.memory.prompts import Message
from training.memory.schema import Episode, EpisodeInput
from training.policies.chats import SamplingParams
from training.policies.chats.sampling import Completion
from training.policies.chats.template import ChatTemplate
from training.policies.model import ModelPolicy
from training.policies.run_episodes import run_episodes

_NON_WORD = re.compile(r"\W+")


GenerateFn = Callable[[list[list[int]]], list[Completion]]  # of prompts, as token ids


Sample = tuple[list[int], Completion]  # a prompt and its completion


class RewardPart(NamedTuple):
    """A part of a completion with a reward of its own: it begins where the part before it ends."""

    end: int  # tokens of the completion up to the end of the part
    reward: float


@dataclass(frozen=True, slots=True)
class Transition:
    """A step as token ids, with its reward."""

    prompt: list[int]
    completion: list[int]  # with the end token, unless it was cut off
    reward: float  # NaN where no question of the episode could be scored
    group_id: str  # advantages compare the rows of one group
    logps: list[float] | None = None  # of the completion's tokens, by the sampler
    task: int | None = None  # of its episode; only replaced groups and pools by difficulty need it
    parts: Sequence[RewardPart] = ()  # to the end of the completion; empty: all of it earns `reward`

    def list_parts(self) -> Sequence[RewardPart]:
        """Return the parts of the completion, at least one."""
        return self.parts or [RewardPart(len(self.completion), self.reward)]


@dataclass(frozen=True, slots=True)
class RolloutBatch:
    """The rows of some episodes, and their metrics for the log."""

    transitions: list[Transition]
    metrics: dict[str, float]
    episodes: list[Episode] = field(default_factory=list)
    dropped_tokens: int = 0  # of completions that were generated, and are not in the rows


class RolloutCollector(Protocol):
    """An environment that runs tasks by their numbers."""

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        """Run an episode of each task and return the rows; a task may stand several times."""


class RolloutChatModel:
    """The ChatModel of a model in training, which keeps the token ids of prompts and completions."""

    context_window: int | None = None

    def __init__(self, template: ChatTemplate, generate: GenerateFn, batch_size: int) -> None:
        """Complete up to `batch_size` chats together by `generate`."""
        self.batch_size = batch_size
        self.supports_tools = template.supports_tools
        self.samples: list[Sample] = []
        self.model_seconds = 0.0  # time in `generate`
        self._template = template
        self._generate = generate

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of a chat as the model reads it."""
        return self._template.count_tokens(messages, with_tools=True)

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        """Return a completion for each chat; the trainer's own settings replace `sampling`."""
        prompts = [self._template.encode(chat, allow_tools) for chat in chats]
        start = perf_counter()
        completions = self._generate(prompts)
        self.model_seconds += perf_counter() - start
        self.samples += zip(prompts, completions, strict=True)
        return [self._template.decode(completion.tokens) for completion in completions]


@dataclass(frozen=True)
class MemoryRolloutCollector:
    """The RolloutCollector of the memory agent; a task is an instance by its index."""

    instances: Sequence[EpisodeInput]
    template: ChatTemplate
    evaluator: Evaluator
    memory_params: MemoryParams
    generation: GenerationParams
    advantage_group: Literal["instance", "step"]
    credit: CreditName = "episode"

    def collect(self, tasks: Sequence[int], generate: GenerateFn) -> RolloutBatch:
        """Run an episode of each task and return a row for each step."""
        start = perf_counter()
        chat = RolloutChatModel(self.template, generate, batch_size=len(tasks))
        policy = ModelPolicy("trained", chat, self.memory_params, self.generation, seed=0)
        trajectories = run_episodes(
            policy,
            [self.instances[task] for task in tasks],
            self.memory_params.core_tokens,
            self.evaluator.count_tokens,
            lambda _: self.memory_params.max_tokens,
        )
        episodes = [self.evaluator.score_trajectory("trained", one, None) for one in trajectories]
        credit_start = perf_counter()
        step_rewards = [
            assign_rewards(self.instances[task], episode, self.evaluator, self.credit)
            for task, episode in zip(tasks, episodes, strict=True)
        ]
        credit_seconds = perf_counter() - credit_start
        rows = self._build_transitions(tasks, episodes, step_rewards, chat.samples)
        environment = perf_counter() - start - chat.model_seconds
        metrics = {
            **_rollout_metrics(episodes),
            **_length_metrics(rows),
            "environment_seconds": environment,
            "credit_seconds": credit_seconds,
        }
        return RolloutBatch(rows, metrics, episodes)

    def _build_transitions(
        self,
        tasks: Sequence[int],
        episodes: Sequence[Episode],
        rewards_by_episode: Sequence[Sequence[StepReward]],
        samples: Sequence[Sample],
    ) -> list[Transition]:
        """Return a row for each step of the episodes of `tasks`.

        `samples` holds the first steps of all episodes, then the second steps, and so on.
        """
        rows = []
        remaining = iter(samples)
        for number in range(max(len(one.steps) for one in episodes)):
            for task, episode, step_rewards in zip(tasks, episodes, rewards_by_episode, strict=True):
                if number >= len(episode.steps):
                    continue
                prompt, completion = next(remaining)
                reward = step_rewards[number]
                group = (
                    episode.instance if self.advantage_group == "instance" else f"{episode.instance} {number}"
                )
                total = math.nan if reward.total is None else reward.total
                parts = self._split_completion(completion.tokens, episode.steps[number].reply, reward)
                tokens, logps = completion.tokens, completion.logps
                rows.append(Transition(prompt, tokens, total, group, logps, task, parts))
        return rows

    def _split_completion(
        self, completion: Sequence[int], reply: str, reward: StepReward
    ) -> list[RewardPart]:
        """Return a part for each call and one for the rest; none where calls have no rewards of their own.

        Calls that end with the same token, such as those of one list, have the mean of their rewards.
        """
        if reward.rest is None:
            return []
        rewards_by_end: dict[int, list[float]] = {}
        for (_, end), earned in zip(locate_calls(reply), reward.calls, strict=True):
            rewards_by_end.setdefault(self._count_tokens_to(end, completion), []).append(earned)
        parts = [RewardPart(end, rewards.mean(earned)) for end, earned in sorted(rewards_by_end.items())]
        if not parts or parts[-1].end < len(completion):
            parts.append(RewardPart(len(completion), reward.rest))
        return parts

    def _count_tokens_to(self, offset: int, completion: Sequence[int]) -> int:
        """Return the number of tokens whose text reaches an offset in the reply; at least one."""
        counts = range(1, len(completion) + 1)
        index = bisect_left(counts, offset, key=lambda count: len(self.template.decode(completion[:count])))
        return min(index + 1, len(completion))


def _rollout_metrics(episodes: Sequence[Episode]) -> dict[str, float]:
    """Return means and standard deviations of rewards, memory tokens, and fractions of calls by outcome."""
    calls = [call for episode in episodes for step in episode.steps for call in step.calls]
    steps = sum(len(episode.steps) for episode in episodes)
    figures = {
        "calls_per_step": len(calls) / max(steps, 1),
        "invalid_call_rate": rewards.mean(float(not call.applied) for call in calls),
        "memory_tokens": rewards.mean(episode.memory_tokens for episode in episodes),
    }
    for name in ("correctness", "tool_format", "compression", "content", "total"):
        values = [value for episode in episodes if (value := getattr(episode, name)) is not None]
        figures[f"rewards/{name}"] = rewards.mean(values)
        figures[f"rewards/{name}_std"] = _std(values)
    failed = Counter(call_outcome(call) for call in calls if not call.applied)
    for reason, count in failed.items():
        figures[f"failed/{_NON_WORD.sub('_', reason).strip('_')}"] = count / len(calls)
    return figures


def _length_metrics(transitions: Sequence[Transition]) -> dict[str, float]:
    return {
        "prompt_tokens": rewards.mean(len(row.prompt) for row in transitions),
        "completion_tokens": rewards.mean(len(row.completion) for row in transitions),
    }


def _std(values: Sequence[float]) -> float:
    middle = rewards.mean(values)
    return float(rewards.mean((value - middle) ** 2 for value in values) ** 0.5)
