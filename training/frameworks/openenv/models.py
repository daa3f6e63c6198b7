"""The action, observation and state of an episode, and the options that begin it."""

import reprlib
from typing import Annotated, Any, Literal

from openenv.core.env_server.types import Action, Observation, State
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from memcurate.env import MemcurateError

MAX_REPLY_CHARACTERS = 1_000_000

Name = Annotated[str, Field(max_length=255)]  # the length also makes pydantic check that UTF-8 can hold it


class _ClearErrors(BaseModel):
    """A model whose errors are one line each; those of pydantic would send the whole input back."""

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join([cls.__name__, *(str(part)[:80] for part in first["loc"])])
            known = ", ".join(cls.model_fields)
            raise MemcurateError(
                f"{place}: {first['msg']}; found {reprlib.repr(first['input'])}. Its fields are {known}."
            ) from error


class MemcurateAction(_ClearErrors, Action):
    """The reply of a model to the messages of an observation, with its tool calls as text."""

    reply: str = Field(strict=True, max_length=MAX_REPLY_CHARACTERS)


class AnswerScore(BaseModel):
    """A question of the instance, answered from the memory."""

    question: str  # its id
    answer: str
    score: float | None  # 0 to 1; None where it could not be scored


class StepReward(BaseModel):
    """The reward of a step, by the episode's credit."""

    total: float | None
    calls: list[float] = []  # of each call; empty unless credit is `call`
    rest: float | None = None  # of the rest of the reply, then


class MemcurateObservation(Observation):
    """The next prompt, or after the last chunk the rewards.

    `reward` is 0 before the last step; then the total, or None where no question could be scored.
    """

    messages: list[dict[str, str]] = Field([])  # system and user message; none after the last chunk
    tools: list[dict[str, Any]] = Field([])  # JSON schemas of the tools, with the option native_tools
    instance: str = ""  # its id
    step: int = 0  # index of the chunk to read; after the last chunk, the number of chunks
    num_steps: int = 0  # chunks of the instance
    rewards: dict[str, float] | None = None  # correctness, tool_format, compression, content, …, at the end
    total: float | None = None  # the weighted sum of the rewards, at the end
    answers: list[AnswerScore] = Field([])  # at the end
    step_rewards: list[StepReward] = Field([])  # of each step, in the order of the chunks, at the end


class MemcurateState(State):
    """The episode that runs."""

    split: str | None = None
    instance: str | None = None
    num_steps: int = 0
    seed: int | None = None  # of the draws of the instance; None where it was named


class EpisodeOptions(_ClearErrors):
    """The arguments of `reset`. Without `index` and `instance`, an instance is drawn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    split: Literal["train", "test", "evaluation"] = "train"
    sources: list[Name] = []  # names of the sources to play; none: all
    index: int | None = Field(None, ge=0)  # of an instance among those of the split and sources
    instance: Name | None = None  # id of an instance
    seed: int | None = Field(None, ge=0)  # equal seeds draw equal instances; None: another at each reset
    episode_id: Name | None = None  # a name for the state
    credit: Literal["episode", "step", "call"] = "episode"  # of step_rewards
    native_tools: bool = False  # leave the tools to the chat template; the observation has their schemas
    max_chunks: int | None = Field(None, ge=1)  # cut the instance to its first chunks
    max_questions: int | None = Field(None, ge=1)  # draw at most as many of its questions

    @model_validator(mode="after")
    def _name_once(self) -> "EpisodeOptions":
        if self.index is not None and self.instance is not None:
            raise MemcurateError("EpisodeOptions: index and instance both name an instance; give one of them")
        return self
