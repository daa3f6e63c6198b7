"""Episodes as rows to learn from: every step is a prompt, a completion and its own reward (paper).

Any class with `play` will do for the trainer; `MemoryRollouts` plays the memory agent.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, Protocol

from training import rewards
from training.chats import Message, Sampling
from training.chats.template import Template
from training.episodes import play
from training.evaluation import Evaluator
from training.fate import fate
from training.params import MemoryParams, StepParams
from training.policies.model import ModelPolicy
from training.schema import Episode, InstanceToPlay

_SEPARATING = re.compile(r"\W+")

Generate = Callable[[list[list[int]]], list[list[int]]]  # prompts to completions, as token ids


@dataclass(frozen=True, slots=True)
class Row:
    """A step: what was read, what was written, and what it earned."""

    prompt: list[int]
    completion: list[int]  # with the end token, unless it was cut off
    reward: float  # NaN where it could not be measured
    group: str  # rows of one group are compared with each other


@dataclass(frozen=True, slots=True)
class Rolled:
    """The rows of some episodes, and the figures that are logged of them."""

    rows: list[Row]
    figures: dict[str, float]
    episodes: list[Episode] = field(default_factory=list)


class Rollouts(Protocol):
    """Plays tasks, by number; the same task several times where it is asked for several times."""

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        """The rows of an episode of each task."""


class TrainedChat:
    """A model in training as a Chat: token ids of what it read and wrote are kept."""

    longest: int | None = None

    def __init__(self, template: Template, generate: Generate, at_once: int) -> None:
        self.at_once = at_once
        self.takes_tools = template.takes_tools
        self.taken: list[tuple[list[int], list[int]]] = []
        self.seconds = 0.0  # spent by the model
        self._template = template
        self._generate = generate

    def count(self, messages: Sequence[Message]) -> int:
        """See Chat."""
        return self._template.count(messages, tools=True)

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        """See Chat. How it samples is the trainer's business."""
        prompts = [self._template.ids(chat, tools) for chat in chats]
        start = perf_counter()
        completions = self._generate(prompts)
        self.seconds += perf_counter() - start
        self.taken += zip(prompts, completions, strict=True)
        return [self._template.read(completion) for completion in completions]


@dataclass(frozen=True)
class MemoryRollouts:
    """The memory agent on instances. Rollouts."""

    instances: Sequence[InstanceToPlay]
    template: Template
    evaluator: Evaluator
    memory: MemoryParams
    step: StepParams
    pooled: Literal["instance", "step"]

    def play(self, tasks: Sequence[int], generate: Generate) -> Rolled:
        """See Rollouts."""
        start = perf_counter()
        chat = TrainedChat(self.template, generate, at_once=len(tasks))
        policy = ModelPolicy("trained", chat, self.memory, self.step, seed=0)
        played = play(
            policy,
            [self.instances[task] for task in tasks],
            self.memory.core_tokens,
            self.evaluator.count,
        )
        episodes = [self.evaluator.finished("trained", one, None) for one in played]
        rows = self._rows(episodes, chat.taken)
        environment = perf_counter() - start - chat.seconds
        figures = {**_figures(episodes), **_lengths(rows), "environment_seconds": environment}
        return Rolled(rows, figures, episodes)

    def _rows(self, episodes: Sequence[Episode], taken: Sequence[tuple[list[int], list[int]]]) -> list[Row]:
        """A row for each step; `taken` holds the first steps of all episodes, then their second ones …"""
        earned = [rewards.of_steps(one, self.evaluator.params.rewards) for one in episodes]
        rows = []
        remaining = iter(taken)
        for number in range(max(len(one.steps) for one in episodes)):
            for episode, of_steps in zip(episodes, earned, strict=True):
                if number >= len(episode.steps):
                    continue
                prompt, completion = next(remaining)
                reward = of_steps[number]
                group = episode.instance if self.pooled == "instance" else f"{episode.instance} {number}"
                rows.append(Row(prompt, completion, math.nan if reward is None else reward, group))
        return rows


def _figures(episodes: Sequence[Episode]) -> dict[str, float]:
    """Means and spreads of rewards and memory; calls by what became of them."""
    calls = [call for episode in episodes for step in episode.steps for call in step.calls]
    steps = sum(len(episode.steps) for episode in episodes)
    figures = {
        "calls_per_step": len(calls) / max(steps, 1),
        "failed_calls": rewards.mean(float(not call.applied) for call in calls),
        "memory_tokens": rewards.mean(episode.memory_tokens for episode in episodes),
    }
    for name in ("correctness", "tool_format", "compression", "content", "total"):
        values = [value for episode in episodes if (value := getattr(episode, name)) is not None]
        figures[f"rewards/{name}"] = rewards.mean(values)
        figures[f"rewards/{name}_spread"] = _spread(values)
    failed = Counter(fate(call) for call in calls if not call.applied)
    for reason, count in failed.items():
        figures[f"failed/{_SEPARATING.sub('_', reason).strip('_')}"] = count / len(calls)
    return figures


def _lengths(rows: Sequence[Row]) -> dict[str, float]:
    return {
        "prompt_tokens": rewards.mean(len(row.prompt) for row in rows),
        "completion_tokens": rewards.mean(len(row.completion) for row in rows),
    }


def _spread(values: Sequence[float]) -> float:
    middle = rewards.mean(values)
    return float(rewards.mean((value - middle) ** 2 for value in values) ** 0.5)
