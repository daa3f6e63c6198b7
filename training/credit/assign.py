"""Rewards of the steps and calls of an episode, by where credit goes.

With T steps, a step of the credit `step` earns

    T (difference of r1 + beta difference of r3) + r2 + gamma r4

where `episode` (the paper) gives each step r1 + r2 + beta r3 + gamma r4. The factor T keeps the weight of r1
against r2: if a step makes the episode's r1 higher by d, the sum over the steps is higher by T d either way.

With `call`, a call earns T times its credit, and its own part of r2 and r4: 1 if it was applied, and gamma if
it is valid. The rest of the reply, such as its end, earns the mean of these parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.core.agent_params import RewardParams
from training.credit.episode_credit import Credit, EpisodeCredit
from training.evaluation import rewards
from training.evaluation.evaluator import Evaluator
from training.memory.schema import Episode, EpisodeInput, MemoryMeasures, Step

CreditName = Literal["episode", "step", "call"]


@dataclass(frozen=True, slots=True)
class StepReward:
    """The reward of a step, and those of the parts of its reply; all None where r1 is None."""

    total: float | None
    calls: Sequence[float] = ()  # of each call; empty unless calls are rewarded one by one
    rest: float | None = None  # of the rest of the reply, then


def assign_rewards(
    instance: EpisodeInput, episode: Episode, evaluator: Evaluator, credit: CreditName
) -> list[StepReward]:
    """Return the reward of each step of an episode of an instance."""
    params = evaluator.params.rewards
    if credit == "episode" or episode.correctness is None:
        return [StepReward(total) for total in rewards.step_rewards(episode, params)]
    found = EpisodeCredit(instance, episode.steps, evaluator)
    measures: Sequence[MemoryMeasures | None] = episode.measures or [None] * len(episode.steps)
    totals = [
        _weigh(one, len(episode.steps), params) + _local_reward(step, measured, params)
        for one, step, measured in zip(found.step_credits(), episode.steps, measures, strict=True)
    ]
    if credit == "step":
        return [StepReward(total) for total in totals]
    by_step = zip(totals, found.call_credits(), episode.steps, measures, strict=True)
    return [
        StepReward(
            total,
            _call_rewards(credits, len(episode.steps), step, measured, params),
            _local_reward(step, measured, params),
        )
        for total, credits, step, measured in by_step
    ]


def _call_rewards(
    credits: Sequence[Credit],
    num_steps: int,
    step: Step,
    measured: MemoryMeasures | None,
    params: RewardParams,
) -> list[float]:
    memory = rewards.memory_reward(measured, params) if measured is not None else 0.0
    return [
        _weigh(one, num_steps, params) + call.applied + params.content_weight * call.valid + memory
        for one, call in zip(credits, step.calls, strict=True)
    ]


def _weigh(credit: Credit, num_steps: int, params: RewardParams) -> float:
    return num_steps * (credit.correctness + params.compression_weight * credit.compression)


def _local_reward(step: Step, measured: MemoryMeasures | None, params: RewardParams) -> float:
    """Return what a step earns by itself: r2, r4 and the measures of the memory after it."""
    earned = rewards.tool_format(step.calls) + params.content_weight * rewards.content(step.calls)
    return earned if measured is None else earned + rewards.memory_reward(measured, params)
