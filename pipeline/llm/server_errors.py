"""Parse the errors that servers report: by a status, or by an error object in a reply of status 200."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import Any

from pipeline.core.json_reader import InvalidJsonError, load_json
from pipeline.core.unicode import to_well_formed_value
from pipeline.llm.transport import HttpResponse

_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|credits?|balance|funds)|billing_(?:hard_limit_reached|not_active)",
    re.IGNORECASE,
)
_PROMPT_TOO_LONG = re.compile(
    r"context[_ ](?:length|window|size)|prompt is too long|input token count|maximum number of tokens",
    re.IGNORECASE,
)
# Errors of other types, without a number, count as passing failures (500).
_STATUS_BY_ERROR_TYPE = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "not_found_error": 404,
    "model_not_found": 404,
}
BAD_REQUEST_STATUSES = (400, 413, 422)
RATE_LIMIT_STATUS = 429
_LIMIT_STATUSES = (RATE_LIMIT_STATUS, 503, 529)  # 529: overloaded, at Anthropic
_HTTP_ERROR_STATUSES = {str(status) for status in range(400, 600)}
_SECONDS = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error that a server reported."""

    status: int  # the HTTP status; of an error inside a reply of status 200 the status that it names, or 500
    message: str
    retry_after: float | None  # seconds, more than 0

    @property
    def is_out_of_credit(self) -> bool:
        """Whether the server wants to be paid first."""
        return self.status == 402 or _NO_CREDIT.search(self.message) is not None

    @property
    def is_prompt_too_long(self) -> bool:
        """Whether the model cannot read the prompt in any form."""
        return self.status in BAD_REQUEST_STATUSES and _PROMPT_TOO_LONG.search(self.message) is not None

    @property
    def is_limit(self) -> bool:
        """Whether the server wants fewer requests for now."""
        return self.status in _LIMIT_STATUSES or self.retry_after is not None

    def __str__(self) -> str:
        return f"status {self.status}: {self.message}"


def load_body(body: bytes) -> Any:
    """Parse the body of a reply; every string in it is made well-formed. Raises InvalidJsonError.

    Integers that are too large become floats, so that an impossible token count does not cost the completion.
    """
    return to_well_formed_value(load_json(body.decode("utf-8-sig", "replace"), large_ints_as_float=True))


def parse_error(response: HttpResponse) -> ServerError | None:
    """Return the error that a reply reports, or None."""
    try:
        body = load_body(response.body)
    except InvalidJsonError:
        body = None
    error = _find_error_object(body)
    retry_after = _parse_retry_after(response.headers)
    if not 200 <= response.status < 300:
        message = _error_message(error) or _fallback_message(response, body)
        return ServerError(response.status, message, retry_after)
    return ServerError(_error_status(error), _error_message(error), retry_after) if error else None


def _find_error_object(body: Any) -> Any:
    """Return the error in a body: at its top, in a list (as Google's servers do), or in a choice."""
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


def _error_status(error: Any) -> int:
    codes = (
        [error.get(key) for key in ("code", "status", "status_code", "type")]
        if isinstance(error, dict)
        else []
    )
    for value in codes:
        if isinstance(value, str) and value in _STATUS_BY_ERROR_TYPE:
            return _STATUS_BY_ERROR_TYPE[value]
        if str(value) in _HTTP_ERROR_STATUSES:
            return int(str(value))
    return 500


def _error_message(error: Any) -> str:
    if not error:
        return ""
    if isinstance(error, str):
        return error
    message = error.get("message") if isinstance(error, dict) else None
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    if isinstance(message, str) and message:
        return f"{message} ({code})" if isinstance(code, str) and code else message
    return json.dumps(error, ensure_ascii=False)


def _fallback_message(response: HttpResponse, body: Any) -> str:
    """Return the message of a reply with an error status and without an error object."""
    if 300 <= response.status < 400:
        return f"a redirect to {response.headers.get('location', ['nowhere'])[0]}, which is not followed"
    if isinstance(body, dict) and body:
        message = body.get("message") or body.get("detail") or body
        return message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    return response.body.decode("utf-8", "replace") or "nothing"


def _parse_retry_after(headers: Mapping[str, Sequence[str]]) -> float | None:
    """Return the seconds that Retry-After names by a number or a date; None where it names none above 0.

    Of several headers the longest wait counts. Milliseconds take precedence.
    """
    milliseconds = _parse_numbers(headers.get("retry-after-ms", ()))
    if milliseconds:
        return max(milliseconds) / 1000 or None
    values = headers.get("retry-after", ())
    # The server's own time, where it is given: the clocks may differ by more than the wait.
    now = max(map(_parse_date, headers.get("date", ())), default=None) or time()
    dates = [moment - now for moment in map(_parse_date, values) if moment]
    longest = max([*_parse_numbers(values), *dates], default=0.0)
    return longest if longest > 0 else None


def _parse_numbers(values: Sequence[str]) -> list[float]:
    return [float(value) for value in map(str.strip, values) if _SECONDS.fullmatch(value)]


def _parse_date(value: str) -> float:
    """Return the seconds since 1970 of an HTTP date, in UTC if it has no zone; 0 where it is not a date."""
    try:
        date = parsedate_to_datetime(value)
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
    return seconds if isfinite(seconds) else 0.0
