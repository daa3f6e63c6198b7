"""Messages between the agent and the resources server."""

from typing import Any, Literal

from nemo_gym.base_resources_server import (
    BaseRunRequest,
    BaseSeedSessionRequest,
    BaseSeedSessionResponse,
    BaseVerifyRequest,
    BaseVerifyResponse,
)
from pydantic import BaseModel, ConfigDict, Field


class MemoryRow(BaseModel):
    """The columns of a row beside `responses_create_params`."""

    instance: str
    split: Literal["train", "test", "evaluation"]
    credit: Literal["episode", "step", "call"] = "episode"
    max_chunks: int | None = Field(None, ge=1)
    max_questions: int | None = Field(None, ge=1)


class MemoryRunRequest(MemoryRow, BaseRunRequest):
    """A row to roll out; NeMo Gym adds columns of its own."""

    model_config = ConfigDict(extra="allow")


class MemorySeedRequest(MemoryRow, BaseSeedSessionRequest):
    """A row whose episode begins."""


class Prompt(BaseSeedSessionResponse):
    """The messages of the next chunk; None after the last one."""

    messages: list[dict[str, str]] | None


class Reply(BaseModel):
    """The reply of the model to the prompt that it was given last: a text with tool calls."""

    text: str


class MemoryVerifyRequest(BaseVerifyRequest):
    """The end of an episode."""


class MemoryVerifyResponse(BaseVerifyResponse):
    """The rewards by name, which NeMo Gym adds up as `mean/correctness` and so on."""

    model_config = ConfigDict(extra="allow")

    instance: str
    correctness: float
    tool_format: float
    compression: float
    content: float
    memory_tokens: int
    num_calls: int
    version: str
    step_rewards: list[dict[str, Any]]
    answers: list[dict[str, Any]]
