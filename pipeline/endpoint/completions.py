"""A request as the body of a chat completion, and the answer out of the body of the reply."""

import json
from typing import Any

from pipeline.endpoint.answers import Answer
from pipeline.endpoint.requests import Request

NO_ANSWER, REFUSED = "no answer", "refused by the server"  # reasons of an answer that is none
CUT_OFF = "cut off at its limit"  # detail of an answer that ended because it was as long as it may be
LIMIT, NEWER_LIMIT = "max_tokens", "max_completion_tokens"  # what servers call that limit


class NoCompletionError(Exception):
    """The body of a reply is no completion: what is wrong with it."""


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


def answer(request: Request, content: bytes, seconds: float) -> Answer:
    """The answer in the body of a reply. Raises NoCompletionError."""
    try:
        reply = json.loads(content)
        choice = reply["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        refusal = message.get("refusal")
        calls = [_as_text(call["function"]) for call in message.get("tool_calls") or []]
        usage = reply.get("usage") or {}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        what = "no choice in the reply" if isinstance(error, IndexError) else "a reply that is no completion"
        raise NoCompletionError(what) from None
    cut_off = choice.get("finish_reason") == "length"
    return Answer(
        key=request.key,
        model=request.model,
        text=None if refusal else "\n".join([str(text), *calls]).strip(),
        reason="refused by the model" if refusal else None,
        detail=str(refusal) if refusal else CUT_OFF if cut_off else None,
        final=True,
        **_used(usage),
        seconds=seconds,
    )


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


def _used(usage: Any) -> dict[str, int | None]:
    """Tokens as the server counted them, if it did."""
    counts = usage if isinstance(usage, dict) else {}
    found = {name: counts.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return {name: value if isinstance(value, int) else None for name, value in found.items()}


def _as_text(function: dict[str, str]) -> str:
    """A native tool call as a model without them would write it."""
    call = {"name": function["name"], "arguments": function["arguments"]}
    return f"<tool_call>{json.dumps(call)}</tool_call>"
