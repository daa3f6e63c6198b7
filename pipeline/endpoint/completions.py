"""A request as the body of a chat completion, and the answer out of the body of the reply."""

import json
from dataclasses import dataclass
from typing import Any

from pipeline.endpoint.answers import Answer
from pipeline.endpoint.requests import Request
from pipeline.endpoint.server_errors import load_body
from pipeline.text.json_values import InvalidJsonError

NO_ANSWER, REFUSED = "no answer", "refused by the server"  # reasons of an answer that is none
CUT_OFF = "cut off at its limit"  # detail of an answer that ended because it was as long as it may be
LIMIT, NEWER_LIMIT = "max_tokens", "max_completion_tokens"  # what servers call that limit
_REFUSED_BY_MODEL = "refused by the model"

_FILTERED = "content_filter"
_FAILED = {"error", "abort", "aborted", "cancelled", "canceled", "timeout", "insufficient_system_resource"}
_ENDED = {"", "stop", "length", "tool_calls", "function_call", "eos_token", "stop_sequence", "end_turn"}
_TEXT_PARTS = {"text", "output_text"}
_THOUGHT_PARTS = {"thinking", "reasoning", "redacted_thinking"}
_MOST_TOKENS = 1_000_000_000  # no request comes to so many: a larger count is none


class NoCompletionError(Exception):
    """The body of a reply is no completion: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer, and what speaks for asking again before it is believed."""

    answer: Answer
    doubt: str | None


def body(request: Request, limit: str, with_schema: bool) -> dict[str, Any]:
    """The body that asks for it; `limit`: what the server calls the longest completion.

    The request's options go before what is set here, and one that is null takes its field out.
    """
    fields: dict[str, Any] = {
        "model": request.model,
        "messages": request.messages,
        "temperature": request.temperature,
        limit: request.max_tokens,
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


def completion(request: Request, content: bytes, seconds: float) -> Completion:
    """Read the completion in the body of a reply. Raises NoCompletionError, also where it brings nothing.

    A completion that a filter ended, or that is empty though no token was counted, is to be doubted: some
    servers give such a one now and then, and others always.
    """
    try:
        reply = load_body(content)
    except InvalidJsonError:
        raise _no_completion(content.decode("utf-8", "replace")) from None
    choice = _first_choice(reply)
    finish = _string(choice.get("finish_reason") or "")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _no_completion(json.dumps(reply, ensure_ascii=False))
    if finish in _FAILED:
        raise NoCompletionError(f"a reply that ended with finish_reason {finish}")
    said, refusal = _content(message)
    text = "\n".join([said, *_calls(message)]).strip()
    used = _used(reply.get("usage"))
    doubt = None
    if finish == _FILTERED:
        refusal = doubt = f"a reply that ended with finish_reason {finish}"
    elif not text and not refusal:
        if finish not in _ENDED:
            raise NoCompletionError(f"an empty reply that ended with finish_reason {finish}")
        if finish != "length" and not used["completion_tokens"]:
            doubt = "an empty reply"
    answer = Answer(
        key=request.key,
        model=request.model,
        text=None if refusal else text,
        reason=_REFUSED_BY_MODEL if refusal else None,
        detail=refusal if refusal else CUT_OFF if finish == "length" else None,
        final=True,
        **used,
        seconds=seconds,
    )
    return Completion(answer, doubt)


def no_answer(request: Request, reason: str, detail: str, seconds: float) -> Answer:
    """That there is none, and may be one next time."""
    return Answer(
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


def _no_completion(shown: str) -> NoCompletionError:
    return NoCompletionError(f"a reply that is no completion: {shown}")


def _first_choice(reply: Any) -> dict[str, Any]:
    choices = reply.get("choices") if isinstance(reply, dict) else None
    if choices == []:
        raise NoCompletionError("no choice in the reply")
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise _no_completion(json.dumps(reply, ensure_ascii=False))
    return choices[0]


def _content(message: dict[str, Any]) -> tuple[str, str]:
    """(what the model said, why it refused): the content is a string, or a list of parts with a type."""
    content, refusal = message.get("content"), message.get("refusal") or ""
    if not isinstance(refusal, str):
        raise NoCompletionError(f"a refusal that is not a string: {json.dumps(refusal)}")
    if content is None or isinstance(content, str):
        return content or "", refusal
    texts = []
    for part in content if isinstance(content, list) else [content]:
        kind = _string(part.get("type", "text")) if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif kind in _TEXT_PARTS and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            refusal += part["refusal"]
        elif kind not in _THOUGHT_PARTS:
            raise NoCompletionError(f"content that is not text: {json.dumps(part)}")
    return "".join(texts), refusal


def _calls(message: dict[str, Any]) -> list[str]:
    """Native tool calls as a model without them would write them; what is odd about one is for its reader."""
    calls = message.get("tool_calls") or message.get("function_call") or []
    calls = calls if isinstance(calls, list) else [calls]
    texts = []
    for call in calls:
        function = call.get("function", call) if isinstance(call, dict) else call
        if isinstance(function, dict) and "name" in function:
            function = {"name": function["name"], "arguments": function.get("arguments")}
        texts.append(f"<tool_call>{json.dumps(function)}</tool_call>")
    return texts


def _string(value: Any) -> str:
    """A string as it is, and another value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _used(usage: Any) -> dict[str, int | None]:
    """Tokens as the server counted them, if it did."""
    counts = usage if isinstance(usage, dict) else {}
    found = {name: counts.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return {name: value if _is_count(value) else None for name, value in found.items()}


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MOST_TOKENS
