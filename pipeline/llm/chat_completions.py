"""Build the body of a chat completion request, and parse the body of the reply."""

import json
from dataclasses import dataclass
from typing import Any

from pipeline.core.json_reader import InvalidJsonError
from pipeline.llm.native_tool_calls import format_tool_calls
from pipeline.llm.requests import Request
from pipeline.llm.response_cache import LLMResponse
from pipeline.llm.server_errors import load_body

NO_RESPONSE, REFUSED = "no answer", "refused by the server"  # reasons of a response without text
TRUNCATED = "cut off at its limit"  # detail of a response that reached max_tokens
# Newer servers refuse the first name.
TOKEN_LIMIT_PARAM, NEWER_TOKEN_LIMIT_PARAM = "max_tokens", "max_completion_tokens"
_REFUSED_BY_MODEL = "refused by the model"

_FILTERED_FINISH_REASON = "content_filter"
_FAILED_FINISH_REASONS = {
    "error",
    "abort",
    "aborted",
    "cancelled",
    "canceled",
    "timeout",
    "insufficient_system_resource",
}
_NORMAL_FINISH_REASONS = {
    "",
    "stop",
    "length",
    "tool_calls",
    "function_call",
    "eos_token",
    "stop_sequence",
    "end_turn",
}
_TEXT_PART_TYPES = {"text", "output_text"}
_REASONING_PART_TYPES = {"thinking", "reasoning", "redacted_thinking"}
_MAX_TOKEN_COUNT = 1_000_000_000  # no request uses more: a larger count is ignored


class InvalidCompletionError(Exception):
    """An error that says why the body of a reply is not a completion."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A response, and the reason to retry before it counts, if there is one."""

    response: LLMResponse
    retry_reason: str | None


def build_body(request: Request, token_limit_param: str, with_schema: bool) -> dict[str, Any]:
    """Build the body of a request.

    The request's options override the fields that are set here; an option that is null removes its field.
    `token_limit_param`: the server's name for the length limit of a completion.
    """
    fields: dict[str, Any] = {
        "model": request.model,
        "messages": request.messages,
        "temperature": request.temperature,
        token_limit_param: request.max_tokens,
        "seed": request.sample,
    }
    if with_schema:
        fields["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": request.schema},
        }
    if request.tools:
        fields["tools"] = request.tools
    fields |= request.options
    return {name: value for name, value in fields.items() if value is not None}


def parse_completion(request: Request, content: bytes, seconds: float) -> Completion:
    """Parse the body of a reply; `seconds`: how long it took.

    A completion is retried before it counts when a content filter ended it, or when it is empty and no tokens
    were counted: some servers send such completions now and then, others always.

    Raises InvalidCompletionError when the body is not a completion, or the completion failed on the server.
    """
    try:
        reply = load_body(content)
    except InvalidJsonError:
        raise _invalid_completion(content.decode("utf-8", "replace")) from None
    choice = _first_choice(reply)
    finish = _to_string(choice.get("finish_reason") or "")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _invalid_completion(json.dumps(reply, ensure_ascii=False))
    if finish in _FAILED_FINISH_REASONS:
        raise InvalidCompletionError(f"a reply that ended with finish_reason {finish}")
    content_text, refusal = _parse_content(message)
    text = "\n".join([content_text, *format_tool_calls(message)]).strip()
    usage = _parse_usage(reply.get("usage"))
    retry_reason = None
    if finish == _FILTERED_FINISH_REASON:
        refusal = retry_reason = f"a reply that ended with finish_reason {finish}"
    elif not text and not refusal:
        if finish not in _NORMAL_FINISH_REASONS:
            raise InvalidCompletionError(f"an empty reply that ended with finish_reason {finish}")
        if finish != "length" and not usage["completion_tokens"]:
            retry_reason = "an empty reply"
    response = LLMResponse(
        key=request.key,
        model=request.model,
        text=None if refusal else text,
        reason=_REFUSED_BY_MODEL if refusal else None,
        detail=refusal if refusal else TRUNCATED if finish == "length" else None,
        final=True,
        **usage,
        seconds=seconds,
    )
    return Completion(response, retry_reason)


def make_failed_response(request: Request, reason: str, detail: str, seconds: float) -> LLMResponse:
    """Make a response without text, which is not final: the request may be sent again."""
    return LLMResponse(
        key=request.key,
        model=request.model,
        text=None,
        reason=reason,
        detail=detail,
        final=False,
        prompt_tokens=None,
        completion_tokens=None,
        seconds=seconds,
    )


def _invalid_completion(body: str) -> InvalidCompletionError:
    return InvalidCompletionError(f"a reply that is not a completion: {body}")


def _first_choice(reply: Any) -> dict[str, Any]:
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if choices == []:
        raise InvalidCompletionError("no choice in the reply")
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise _invalid_completion(json.dumps(reply, ensure_ascii=False))
    return choices[0]


def _parse_content(message: dict[str, Any]) -> tuple[str, str]:
    """Return the text and the refusal of a message, whose content is a string or a list of typed parts."""
    content, refusal = message.get("content"), message.get("refusal") or ""
    if not isinstance(refusal, str):
        raise InvalidCompletionError(f"a refusal that is not a string: {json.dumps(refusal)}")
    if content is None or isinstance(content, str):
        return content or "", refusal
    texts = []
    for part in content if isinstance(content, list) else [content]:
        kind = _to_string(part.get("type", "text")) if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif kind in _TEXT_PART_TYPES and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            refusal += part["refusal"]
        elif kind not in _REASONING_PART_TYPES:
            raise InvalidCompletionError(f"content that is not text: {json.dumps(part)}")
    return "".join(texts), refusal


def _to_string(value: Any) -> str:
    """Return a string unchanged, and another value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _parse_usage(usage: Any) -> dict[str, int | None]:
    """Return the tokens that the server counted; None for a count that is missing or impossible."""
    counts = usage if isinstance(usage, dict) else {}
    usage_counts = {name: counts.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return {name: value if _is_count(value) else None for name, value in usage_counts.items()}


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_TOKEN_COUNT
