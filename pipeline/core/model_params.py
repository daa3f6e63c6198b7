"""Settings of models behind an endpoint, in all blocks that name one."""

from typing import Annotated

from pydantic import Field, JsonValue, model_validator

from pipeline.core.strict_model import PositiveCount, Sha256, StrictModel


class ResponseCacheFile(StrictModel):
    """A file of `memcurate cache export`, whose responses come first, so that no model is needed."""

    path: str = Field(description="path of the file, relative to the project's folder")
    sha256: Sha256 = Field(description="hash of the file")


# These have params keys of their own, or decide how the reply is parsed.
_RESERVED_OPTIONS = {"model", "messages", "max_tokens", "max_completion_tokens", "tools", "stream", "n"}


class EndpointModel(StrictModel):
    """A model behind the endpoint."""

    name: str = Field(min_length=1, description="name of the model at the endpoint")
    revision: str = Field(description="text of your choice; change it when the model behind the name changes")
    cached_responses: ResponseCacheFile | None = Field(
        None, description="exported responses that are looked up first"
    )
    options: dict[str, JsonValue] = Field(
        default={},
        description="further fields of each request, which replace the default ones; null removes a field",
    )

    @model_validator(mode="after")
    def _validate_options(self) -> "EndpointModel":
        reserved = sorted(_RESERVED_OPTIONS & self.options.keys())
        if reserved:
            raise ValueError(
                f"options cannot hold {', '.join(reserved)}, which other keys or the client set: remove it"
            )
        return self


class ModelSettings(EndpointModel):
    """An endpoint model with its sampling settings: all that shapes its replies, except the prompt."""

    temperature: Annotated[float, Field(ge=0)] = Field(description="sampling temperature")
    max_tokens: PositiveCount = Field(description="maximum of a reply")
