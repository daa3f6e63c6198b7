"""One request to one answer, whatever the server does: tried again, timed, counted, kept.

What a server may do, and what becomes of it:

- 408, 409, 429, 5xx, no reply in time, a broken connection, a body that is no completion, no choice in it:
  asked again after a wait that doubles, or that the server names (Retry-After); in the end a reason;
- 400, 413, 422: a reason at once; once more without the schema first, which not every server takes;
- a refusal by the model: a reason;
- 401, 403, 404, nobody there, or many requests in a row in vain: nothing more is asked.
"""

import asyncio
import json
import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient

from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.budget import Budget, Pace
from pipeline.endpoint.requests import Request
from pipeline.endpoint.settings import PREFIX, Settings
from pipeline.endpoint.stopping import StopAskingError

_TRIES = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # seconds between tries, where the server names none
_PATIENCE = 900.0  # a server that wants a longer wait is not waited for
_IN_VAIN = 20  # requests in a row without an answer, after which no other is sent
_UNFIT = (400, 413, 422)
_DETAIL = 300  # characters of what a server said


@dataclass(frozen=True, slots=True)
class _Fault:
    """A try that brought nothing, and may bring something next time."""

    what: str
    wait: float | None = None  # seconds, as the server said
    unreachable: bool = False
    unfit: bool = False  # with its schema: without it it may do
    paid: bool = True  # it may have cost tokens


class Endpoint:
    """See above. Belongs to one event loop."""

    def __init__(self, settings: Settings, answers: AnswerCache, budget: Budget) -> None:
        self._settings = settings
        self._answers = answers
        self._budget = budget
        self._pace = Pace(settings.per_minute)
        self._flying: dict[str, asyncio.Future[Answer]] = {}
        self._in_vain = 0
        self._takes_schema = True
        self._sdk: AsyncOpenAI | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._sdk is not None:
            await self._sdk.close()

    async def answer(self, request: Request) -> Answer:
        """The kept answer, or the server's, kept. Raises StopAskingError."""
        known = self._answers.get(request.key)
        replayed = self._settings.mode == "replay"
        if known is not None and (known.final or replayed):
            return known
        if replayed:
            raise StopAskingError(
                f"{PREFIX}MODE is replay, and no answer is kept for a request to {request.model}",
                f"import the answers of whoever built this, or set {PREFIX}MODE to ask",
            )
        if request.key in self._flying:
            return await self._flying[request.key]
        flight = asyncio.get_running_loop().create_future()
        self._flying[request.key] = flight
        try:
            answer = self._answers.keep(await self.sent(request))
            flight.set_result(answer)
            return answer
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # seen, even where nobody else waits for it
            raise
        finally:
            del self._flying[request.key]

    async def sent(self, request: Request) -> Answer:
        """The server's answer, which is not kept. Raises StopAskingError."""
        start, fault = monotonic(), _Fault("")
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(_wait(number, fault))
            await self._pace.turn()
            start = monotonic()
            result = await self._tried(request, start, self._takes_schema and not fault.unfit)
            if isinstance(result, Answer):
                self._in_vain = 0
                if fault.unfit and result.text is not None:
                    self._takes_schema = False
                return result
            fault = result
            if fault.wait is not None and fault.wait > _PATIENCE:
                break
        if fault.unreachable:
            raise StopAskingError(
                f"nobody answers at {self._settings.server} ({fault.what})",
                "start the server, or set its URL",
            )
        self._in_vain += 1
        if self._in_vain >= _IN_VAIN:
            raise StopAskingError(
                f"{self._in_vain} requests in a row got no answer from {self._settings.server}: {fault.what}",
                "look at the server",
            )
        return _none(request, "no answer", fault.what, start, final=False)

    async def _tried(self, request: Request, start: float, with_schema: bool) -> Answer | _Fault:
        self._budget.reserve(request)
        try:
            result = await self._sent(request, start, with_schema and request.schema is not None)
        except BaseException:
            self._budget.settle(request, None, None)
            raise
        if isinstance(result, _Fault):
            paid = None if result.paid else 0
            self._budget.settle(request, paid, paid)
        else:
            self._budget.settle(request, result.prompt_tokens, result.completion_tokens)
        return result

    async def _sent(self, request: Request, start: float, with_schema: bool) -> Answer | _Fault:
        try:
            async with asyncio.timeout(self._settings.timeout):
                # Not `chat.completions.create`: a fifth of all the time would go into looking the body over.
                reply = await self._client().post(
                    "/chat/completions", cast_to=httpx2.Response, body=_body(request, with_schema)
                )
            return self._read(request, reply.content, start)
        except TimeoutError:
            return _Fault(f"no reply within {self._settings.timeout:g} s")
        except APIConnectionError as error:
            unreachable = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
            return _Fault(
                self._shown(error.__cause__ or error), unreachable=unreachable, paid=not unreachable
            )
        except APIStatusError as error:
            status = error.status_code
            if status in _UNFIT and with_schema:
                return _Fault(self._shown(error), wait=0.0, unfit=True, paid=False)
            if status in _UNFIT:
                return _none(request, "refused by the server", self._shown(error), start)
            if status in (401, 403):
                raise StopAskingError(
                    f"{self._settings.server} refuses the key (status {status})", f"set {PREFIX}KEY"
                ) from None
            if status == 404:
                raise StopAskingError(
                    f"{self._settings.server} has no model {request.model}, or no chat completions: "
                    f"{self._shown(error)}",
                    "start it with that model, or name another in params.yaml",
                ) from None
            return _Fault(self._shown(error), _named_wait(error.response.headers), paid=False)

    def _read(self, request: Request, body: bytes, start: float) -> Answer | _Fault:
        """The answer in a body, or what is wrong with it."""
        try:
            reply = json.loads(body)
            message = reply["choices"][0]["message"]
            text = message.get("content") or ""
            refusal = message.get("refusal")
            calls = [_as_text(call["function"]) for call in message.get("tool_calls") or []]
            usage = reply.get("usage") or {}
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            what = (
                "no choice in the reply" if isinstance(error, IndexError) else "a reply that is no completion"
            )
            return _Fault(what)
        if refusal:
            return _none(request, "refused by the model", self._clean(str(refusal)), start, usage=usage)
        whole = "\n".join([str(text), *calls]).strip()
        return Answer(
            key=request.key,
            model=request.model,
            text=self._clean(whole),
            reason=None,
            detail=None,
            final=True,
            **_used(usage),
            seconds=monotonic() - start,
        )

    def _client(self) -> AsyncOpenAI:
        if self._sdk is None:
            if self._settings.url is None:
                raise StopAskingError(
                    f"a model is to be asked, but {PREFIX}URL is not set",
                    "set it to the server's address, such as http://127.0.0.1:8000/v1",
                )
            at_once = self._settings.at_once
            self._sdk = AsyncOpenAI(
                base_url=self._settings.url,
                api_key=self._settings.key.get_secret_value() or "none",
                max_retries=0,  # tries are counted, and paced, here
                timeout=None,  # a request has its time as a whole
                http_client=DefaultAioHttpClient(
                    limits=httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
                ),
            )
        return self._sdk

    def _shown(self, error: BaseException) -> str:
        said = f"{type(error).__name__}: {getattr(error, 'message', error)}"
        return self._clean(said)[:_DETAIL]

    def _clean(self, text: str) -> str:
        """A text without the key, which some servers repeat."""
        key = self._settings.key.get_secret_value()
        return text.replace(key, "***") if key else text


def _body(request: Request, with_schema: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": request.messages,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.sample,
    }
    if with_schema:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": request.schema},
        }
    if request.tools:
        body["tools"] = request.tools
    return body


def _none(
    request: Request,
    reason: str,
    detail: str,
    start: float,
    final: bool = True,
    usage: Any = None,
) -> Answer:
    return Answer(
        key=request.key,
        model=request.model,
        text=None,
        reason=reason,
        detail=detail,
        final=final,
        **_used(usage),
        seconds=monotonic() - start,
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


def _wait(number: int, fault: _Fault) -> float:
    """Seconds until try `number`, from 1: as the server said, else doubled each time; never all at once."""
    spread = 0.75 + random.random() / 2
    if fault.wait is not None:
        return fault.wait + spread / 10 if fault.wait else 0.0
    return float(min(_FIRST_WAIT * 2 ** (number - 1), _LONGEST_WAIT) * spread)


def _named_wait(headers: httpx2.Headers) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - time(), 0.0)
    except ValueError:
        return None
