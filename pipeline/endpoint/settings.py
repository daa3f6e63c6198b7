"""What the environment says of the endpoint: where it is, and how much may be asked of it.

None of it shapes an answer, so none of it is in params.
"""

from base64 import b64encode
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import MemcurateError

PREFIX = "MEMCURATE_ENDPOINT_"
_EXAMPLE = "http://127.0.0.1:8000/v1"
_SECRET = 12  # characters of a key that is one: shorter ones, such as `none`, are words like others


def _address(url: str) -> str:
    """Check an address without showing it: it may hold a password. Raises ValueError."""
    if not url.isprintable() or any(character.isspace() for character in url):
        raise ValueError(f"there is a space or a control character in it: set an address such as {_EXAMPLE}")
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(f"it must be http:// or https:// with a host, and perhaps a port: {_EXAMPLE}")
    return url


def _header(key: SecretStr) -> SecretStr:
    """Check that a key can stand in an HTTP header, without showing it. Raises ValueError."""
    for place, character in enumerate(key.get_secret_value(), 1):
        if not "!" <= character <= "~":
            kind = "a space or a line end" if character.isspace() else "not a printable ASCII character"
            raise ValueError(f"character {place} of it is {kind}, which no key has: set the key alone")
    return key


class Settings(BaseSettings):
    """MEMCURATE_ENDPOINT_<NAME>, by the names of the fields. Limits are a stage's, each time that it runs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, allow_inf_nan=False
    )

    url: Annotated[str, AfterValidator(_address)] | None = Field(None, description="base address, …/v1")
    key: Annotated[SecretStr, AfterValidator(_header)] = Field(
        SecretStr(""), description="if the server wants one"
    )
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

    @model_validator(mode="after")
    def _one_who_asks(self) -> "Settings":
        if self.key.get_secret_value() and "@" in self._parts.netloc:
            raise ValueError(
                f"{PREFIX}URL holds a user or password, and {PREFIX}KEY is set too: "
                "a request carries one of them"
            )
        return self

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url or "")

    @property
    def _host(self) -> str:
        return self._parts.netloc.rpartition("@")[2]

    @property
    def server(self) -> str:
        """The address as it may be shown: without user, password and query."""
        return f"{self._parts.scheme}://{self._host}{self._parts.path}"

    @property
    def completions_url(self) -> str:
        """Where chat completions are asked for: under the base address, with its query."""
        query = f"?{self._parts.query}" if self._parts.query else ""
        return f"{self.server.rstrip('/')}/chat/completions{query}"

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who asks: the key, or user and password of the address."""
        key = self.key.get_secret_value()
        if key:
            return {"Authorization": f"Bearer {key}"}
        if "@" in self._parts.netloc:
            pair = f"{unquote(self._parts.username or '')}:{unquote(self._parts.password or '')}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return {}

    def without_secrets(self, text: str, only_long: bool = False) -> str:
        """A text without the key or password, which some servers repeat.

        `only_long`: one of few characters may be a word of the text, and stays.
        """
        for secret in (self.key.get_secret_value(), unquote(self._parts.password or "")):
            if len(secret) >= (_SECRET if only_long else 1):
                text = text.replace(secret, "***")
        return text


def from_environment() -> Settings:
    """The settings. Raises MemcurateError with a line for each variable that is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]  # all fields have defaults, which mypy does not see
    except ValidationError as error:
        lines = []
        for one in error.errors(include_input=False, include_url=False):
            said = one["msg"].removeprefix("Value error, ")
            lines.append(f"{PREFIX}{str(one['loc'][0]).upper()}: {said}" if one["loc"] else said)
        raise MemcurateError("; ".join(lines)) from None
