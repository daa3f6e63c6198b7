"""What a server says went wrong: by a status, or by an error object in a reply that has status 200."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import Any

from pipeline.endpoint.transport import Reply
from pipeline.text.json_values import InvalidJsonError, load_json
from pipeline.text.well_formed import well_formed_value

_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|credits?|balance|funds)|billing_(?:hard_limit_reached|not_active)",
    re.IGNORECASE,
)
# What an error is called where it has no number; all others are taken to pass.
_STATUS_OF = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "not_found_error": 404,
    "model_not_found": 404,
}
_HTTP_ERRORS = {str(status) for status in range(400, 600)}
_SECONDS = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error that a server reported."""

    status: int  # of HTTP; of an error inside a reply, the status that it names, or 500
    words: str  # the server's own
    wait: float | None  # seconds that it asks for, more than 0

    @property
    def no_credit(self) -> bool:
        """Whether the server wants to be paid first."""
        return self.status == 402 or _NO_CREDIT.search(self.words) is not None

    def __str__(self) -> str:
        return f"status {self.status}: {self.words}"


def load_body(body: bytes) -> Any:
    """Parse the body of a reply; every string in it is well-formed. Raises InvalidJsonError.

    A count of tokens that no integer holds does not cost the completion beside it.
    """
    return well_formed_value(load_json(body.decode("utf-8-sig", "replace"), wide_as_float=True))


def reported_error(reply: Reply) -> ServerError | None:
    """The error that a reply reports, or None where it reports none."""
    try:
        body = load_body(reply.body)
    except InvalidJsonError:
        body = None
    error = _error_object(body)
    wait = _named_wait(reply.headers)
    if not 200 <= reply.status < 300:
        return ServerError(reply.status, _words(error) or _other_words(reply, body), wait)
    return ServerError(_status(error), _words(error), wait) if error else None


def _error_object(body: Any) -> Any:
    """The error in a body, of whatever type: at its top, in a list (as Google's servers do), in a choice."""
    if isinstance(body, list) and len(body) == 1:
        (body,) = body
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return (
        body.get("error")
        or (body if body.get("object") == "error" else None)
        or (choice.get("error") if isinstance(choice, dict) else None)
    )


def _status(error: Any) -> int:
    named = (
        [error.get(key) for key in ("code", "status", "status_code", "type")]
        if isinstance(error, dict)
        else []
    )
    for value in named:
        if isinstance(value, str) and value in _STATUS_OF:
            return _STATUS_OF[value]
        if str(value) in _HTTP_ERRORS:
            return int(str(value))
    return 500


def _words(error: Any) -> str:
    if not error:
        return ""
    if isinstance(error, str):
        return error
    message = error.get("message") if isinstance(error, dict) else None
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    if isinstance(message, str) and message:
        return f"{message} ({code})" if isinstance(code, str) and code else message
    return json.dumps(error, ensure_ascii=False)


def _other_words(reply: Reply, body: Any) -> str:
    """What a reply of an error status says where it has no error object."""
    if 300 <= reply.status < 400:
        return f"a redirect to {reply.headers.get('Location', 'nowhere')}, which is not followed"
    if isinstance(body, dict) and body:
        said = body.get("message") or body.get("detail") or body
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return reply.body.decode("utf-8", "replace") or "nothing"


def _named_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as Retry-After names them by a number or a date; None: none, or none above 0."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000 or None
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value) or None
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return seconds if isfinite(seconds) and seconds > 0 else None
