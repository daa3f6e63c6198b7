"""The values that an environment returns: the observation of a step, and the result of a reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.credit.assign import StepReward
from training.memory.prompts import Message
from training.memory.schema import Episode, ToolCallRecord
from training.policies import Observation


@dataclass(frozen=True, slots=True)
class EnvObservation:
    """The input of a model at a step."""

    messages: list[Message]  # system and user message; nothing of earlier steps
    tools: Sequence[Any]  # JSON schemas of the tools, for chat templates that take them
    instance: str  # id of the instance
    step: int  # index of the chunk to read, from 0
    num_steps: int  # chunks of the instance
    state: Observation  # memory and chunk, the input of a Policy; it must not change the memory


@dataclass(frozen=True, slots=True)
class StepInfo:
    """The details of a step and, after the last one, of the episode."""

    calls: list[ToolCallRecord]  # tool calls of the reply, in order: what each changed, or why it failed
    memory_tokens: int  # of the whole memory after the step
    tool_format: float  # r2 of the step: fraction of its calls that applied
    content: float  # r4 of the step; before the last step by the rules, also where a judge is set
    episode: Episode | None = None  # r1 to r4, total, answers and entries, after the last step
    step_rewards: Sequence[StepReward] = ()  # of each step of the episode, after the last step


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of a reply."""

    observation: EnvObservation | None  # None after the last chunk
    reward: float | None  # 0 before the last step; then the episode's total, None where r1 cannot be scored
    done: bool  # whether all chunks were read
    info: StepInfo
