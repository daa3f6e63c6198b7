"""What the environment says of the endpoint: where it is, and how much may be asked of it.

None of it shapes an answer, so none of it is in params.
"""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import MemcurateError

PREFIX = "MEMCURATE_ENDPOINT_"


class Settings(BaseSettings):
    """MEMCURATE_ENDPOINT_<NAME>, by the names of the fields. Limits are a stage's, each time that it runs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    url: str | None = Field(None, description="base address, …/v1")
    key: SecretStr = Field(SecretStr(""), description="if the server wants one")
    mode: Literal["ask", "replay"] = Field("ask", description="replay: nothing is called, all must be kept")
    answers: Path = Field(
        default_factory=lambda: user_data_path("memcurate", appauthor=False) / "answers.sqlite",
        description="where answers are kept",
    )
    at_once: int = Field(8, ge=1, description="requests in flight")
    per_minute: float | None = Field(None, gt=0, description="requests sent in a minute, at most")
    timeout: float = Field(300.0, gt=0, description="seconds that a request may take, all in all")
    max_requests: int | None = Field(None, ge=0, description="requests sent, tries again included")
    max_tokens: int | None = Field(None, ge=0, description="tokens read and written")
    max_cost: float | None = Field(None, ge=0, description="in the currency of the prices")
    price_in: float | None = Field(None, ge=0, description="of a million tokens read")
    price_out: float | None = Field(None, ge=0, description="of a million tokens written")

    @model_validator(mode="after")
    def _priced(self) -> "Settings":
        if self.max_cost is not None and (self.price_in is None or self.price_out is None):
            raise ValueError(f"{PREFIX}MAX_COST needs {PREFIX}PRICE_IN and {PREFIX}PRICE_OUT")
        return self

    @property
    def server(self) -> str:
        """The address as it may be shown: without user, password and query."""
        parts = urlsplit(self.url or "")
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def from_environment() -> Settings:
    """The settings. Raises MemcurateError with a line for each variable that is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]  # all fields have defaults, which mypy does not see
    except ValidationError as error:
        lines = [
            f"{PREFIX}{str(one['loc'][0]).upper()}: {one['msg']}" if one["loc"] else one["msg"]
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise MemcurateError("; ".join(lines)) from None
