"""Settings of the endpoint from environment variables: its address, and limits on requests.

They do not shape a response, so they are not in params.
"""

from base64 import b64encode
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.core.errors import MemcurateError

ENV_PREFIX = "MEMCURATE_ENDPOINT_"
_EXAMPLE_URL = "http://127.0.0.1:8000/v1"
_MIN_SECRET_CHARS = 12  # shorter keys, such as `none`, may be words of a response


def _validate_url(url: str) -> str:
    """Check an address. Raises ValueError that does not show it, as it may hold a password."""
    if not url.isprintable() or any(character.isspace() for character in url):
        raise ValueError(
            f"it has a space or a control character in it: set an address such as {_EXAMPLE_URL}"
        )
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete:
        raise ValueError(f"it must be http:// or https:// with a host, and perhaps a port: {_EXAMPLE_URL}")
    return url


def _validate_key(key: SecretStr) -> SecretStr:
    """Check that an HTTP header can hold a key. Raises ValueError that does not show it."""
    for position, character in enumerate(key.get_secret_value(), 1):
        if not "!" <= character <= "~":
            kind = "a space or a line end" if character.isspace() else "not a printable ASCII character"
            raise ValueError(
                f"character {position} of it is {kind}, which keys do not have: set the key alone"
            )
    return key


class EndpointSettings(BaseSettings):
    """The variables MEMCURATE_ENDPOINT_<NAME>, by the names of the fields.

    The limits hold for each run of a stage.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, allow_inf_nan=False
    )

    url: Annotated[str, AfterValidator(_validate_url)] | None = Field(None, description="base address, …/v1")
    key: Annotated[SecretStr, AfterValidator(_validate_key)] = Field(
        SecretStr(""), description="API key, if the server wants one"
    )
    mode: Literal["ask", "batch", "replay"] = Field(
        "ask",
        description="batch: requests go together and are answered within a day; replay: none are sent, all "
        "responses must be cached",
    )
    cache_path: Path = Field(
        default_factory=lambda: user_data_path("memcurate", appauthor=False) / "answers.sqlite",
        description="file of the response cache",
    )
    max_concurrency: int = Field(8, ge=1, description="requests in flight, at most")
    requests_per_minute: float | None = Field(
        None, gt=0, description="requests sent in a minute, at most, by all processes that share the cache"
    )
    timeout: float = Field(300.0, gt=0, description="seconds for one attempt, all in all")
    max_requests: int | None = Field(None, ge=0, description="requests sent, retries included")
    max_tokens: int | None = Field(None, ge=0, description="tokens read and written")
    max_cost: float | None = Field(None, ge=0, description="in the currency of the prices")
    price_in: float | None = Field(None, ge=0, description="of a million tokens read")
    price_out: float | None = Field(None, ge=0, description="of a million tokens written")

    @model_validator(mode="after")
    def _require_prices(self) -> "EndpointSettings":
        if self.max_cost is not None and (self.price_in is None or self.price_out is None):
            raise ValueError(f"{ENV_PREFIX}MAX_COST needs {ENV_PREFIX}PRICE_IN and {ENV_PREFIX}PRICE_OUT")
        return self

    @model_validator(mode="after")
    def _forbid_two_credentials(self) -> "EndpointSettings":
        if self.key.get_secret_value() and "@" in self._url_parts.netloc:
            raise ValueError(
                f"{ENV_PREFIX}URL holds a user or password, and {ENV_PREFIX}KEY is set too: "
                "a request can carry only one of them"
            )
        return self

    @property
    def _url_parts(self) -> SplitResult:
        return urlsplit(self.url or "")

    @property
    def _host(self) -> str:
        return self._url_parts.netloc.rpartition("@")[2]

    @property
    def public_url(self) -> str:
        """The address for messages: without user, password and query."""
        return f"{self._url_parts.scheme}://{self._host}{self._url_parts.path}"

    def address_of(self, path: str) -> str:
        """Return an address below the base address, such as that of `chat/completions`, with its query."""
        query = f"?{self._url_parts.query}" if self._url_parts.query else ""
        return f"{self.public_url.rstrip('/')}/{path}{query}"

    @property
    def auth_headers(self) -> dict[str, str]:
        """The authorization header: with the key, or with user and password of the address."""
        key = self.key.get_secret_value()
        if key:
            return {"Authorization": f"Bearer {key}"}
        if "@" in self._url_parts.netloc:
            credentials = (
                f"{unquote(self._url_parts.username or '')}:{unquote(self._url_parts.password or '')}"
            )
            return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
        return {}

    def redact_secrets(self, text: str, only_long: bool = False) -> str:
        """Replace the key and password, which some servers repeat, by `***` in a text.

        `only_long`: a secret of fewer than 12 characters may be a word of the text, and stays.
        """
        for secret in (self.key.get_secret_value(), unquote(self._url_parts.password or "")):
            if len(secret) >= (_MIN_SECRET_CHARS if only_long else 1):
                text = text.replace(secret, "***")
        return text


def load_settings() -> EndpointSettings:
    """Load the settings. Raises MemcurateError that names each variable that is wrong."""
    try:
        return EndpointSettings()  # type: ignore[call-arg]  # all fields have defaults, which mypy does not see
    except ValidationError as error:
        problems = []
        for details in error.errors(include_input=False, include_url=False):
            message = details["msg"].removeprefix("Value error, ")
            name = f"{ENV_PREFIX}{str(details['loc'][0]).upper()}: " if details["loc"] else ""
            problems.append(f"{name}{message}")
        raise MemcurateError("; ".join(problems)) from None
