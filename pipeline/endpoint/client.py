"""One request to one answer, whatever the server does: tried again, timed, counted, kept.

What a server may do, and what becomes of it:

- 408, 409, 429, 5xx, no reply in time, a broken connection, a body that is no completion, no choice in it:
  asked again after a wait that doubles, or that the server names (Retry-After); in the end a reason;
- 400, 413, 422: a reason at once, after what not every server takes was tried in another way: the schema left
  out, the limit of a completion under its newer name;
- a refusal by the model: a reason;
- 401, 402, 403, 404, an empty account, nobody there, many requests in a row in vain, or all of a step's
  refused from the start: nothing more is asked.
"""

import asyncio
import random
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from time import monotonic, time

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient

from pipeline.endpoint import completions
from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.budget import Budget, Pace
from pipeline.endpoint.completions import LIMIT, NEWER_LIMIT, NO_ANSWER, REFUSED, NoCompletionError
from pipeline.endpoint.requests import Request
from pipeline.endpoint.settings import PREFIX, Settings
from pipeline.endpoint.stopping import StopAskingError

_TRIES = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # seconds between tries, where the server names none
_PATIENCE = 900.0  # a server that wants a longer wait is not waited for
_IN_VAIN = 20  # requests in a row without an answer, after which no other is sent
_UNFIT = (400, 413, 422)
_SECRET = 12  # characters of a key that is one
_DETAIL = 300  # characters of what a server said


@dataclass(frozen=True, slots=True)
class _Fault:
    """A try that brought nothing, and may bring something next time."""

    what: str
    wait: float | None = None  # seconds, as the server said
    unreachable: bool = False
    unfit: bool = False  # with its schema: without it it may do
    refused: bool = False  # as it is: the same again would be too
    paid: bool = True  # it may have cost tokens


@dataclass(slots=True)
class Manners:
    """What a server turned out to do with a step's requests to one model."""

    takes_schema: bool | None = None  # as its first answer to a request with one shows
    limit: str = LIMIT  # what it calls the longest completion
    answered: bool = False  # it gave an answer, now or before
    in_vain: int = 0  # requests in a row without one


class Endpoint:
    """See above. Belongs to one event loop."""

    def __init__(self, settings: Settings, answers: AnswerCache, budget: Budget, manners: Manners) -> None:
        self._settings = settings
        self._answers = answers
        self._budget = budget
        self._manners = manners
        self._pace = Pace(settings.per_minute)
        self._flying: dict[str, asyncio.Future[Answer]] = {}
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
            self._manners.answered = True
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
            kept = self._answers.keep(await self.sent(request))
            self._manners.answered |= kept.final
            flight.set_result(kept)
            return kept
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # seen, even where nobody else waits for it
            raise
        finally:
            del self._flying[request.key]

    async def sent(self, request: Request) -> Answer:
        """The server's answer, which is not kept. Raises StopAskingError."""
        start, fault = monotonic(), _Fault("")
        with_schema = request.schema is not None and self._manners.takes_schema is not False
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(_wait(number, fault))
            await self._pace.turn()
            start = monotonic()
            result = await self._tried(request, start, with_schema)
            if isinstance(result, Answer):
                self._manners.in_vain = 0
                if request.schema is not None and self._manners.takes_schema is None:
                    self._manners.takes_schema = with_schema
                return result
            fault = result
            with_schema = with_schema and not fault.unfit
            if fault.refused or (fault.wait is not None and fault.wait > _PATIENCE):
                break
        if fault.unreachable:
            raise StopAskingError(
                f"nobody answers at {self._settings.server} ({fault.what})",
                "start the server, or set its URL",
            )
        self._count_in_vain(fault)
        reason = REFUSED if fault.refused else NO_ANSWER
        return completions.no_answer(request, reason, fault.what, monotonic() - start)

    def _count_in_vain(self, fault: _Fault) -> None:
        """Stop where asking on is of no use.

        Where there are answers, a refused request is itself the reason; where there are none, what all have.
        Refusals are quicker than answers, so more of them are waited for when many requests are in flight.
        """
        if fault.refused and self._manners.answered:
            return
        self._manners.in_vain += 1
        if self._manners.in_vain >= max(_IN_VAIN, 3 * self._settings.at_once if fault.refused else 0):
            raise StopAskingError(
                f"{self._manners.in_vain} requests in a row got no answer from {self._settings.server}: "
                f"{fault.what}",
                "look at the server" + (", and at the model's keys in params.yaml" if fault.refused else ""),
            )

    async def _tried(self, request: Request, start: float, with_schema: bool) -> Answer | _Fault:
        self._budget.reserve(request)
        try:
            result = await self._sent(request, start, with_schema)
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
        limit = self._manners.limit
        try:
            async with asyncio.timeout(self._settings.timeout):
                # Not `chat.completions.create`: a fifth of all the time would go into looking the body over.
                reply = await self._client().post(
                    "/chat/completions",
                    cast_to=httpx2.Response,
                    body=completions.body(request, limit, with_schema),
                )
            return self._without_key(completions.answer(request, reply.content, monotonic() - start))
        except NoCompletionError as error:
            return _Fault(str(error))
        except TimeoutError:
            return _Fault(f"no reply within {self._settings.timeout:g} s")
        except APIConnectionError as error:
            unreachable = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
            return _Fault(
                self._shown(error.__cause__ or error), unreachable=unreachable, paid=not unreachable
            )
        except APIStatusError as error:
            if error.status_code in _UNFIT and limit == LIMIT and NEWER_LIMIT in error.message:
                self._manners.limit = NEWER_LIMIT
                return _Fault(self._shown(error), wait=0.0, paid=False)
            if error.status_code in _UNFIT:
                return _Fault(
                    self._shown(error), wait=0.0, unfit=with_schema, refused=not with_schema, paid=False
                )
            self._stop_where_of_no_use(error, request.model)
            return _Fault(self._shown(error), _named_wait(error.response.headers), paid=False)

    def _stop_where_of_no_use(self, error: APIStatusError, model: str) -> None:
        """Raise StopAskingError after what every other request would get as well."""
        server, status = self._settings.server, error.status_code
        if status in (401, 403):
            raise StopAskingError(f"{server} refuses the key (status {status})", f"set {PREFIX}KEY") from None
        if status == 402 or error.code == "insufficient_quota":
            raise StopAskingError(
                f"{server} wants to be paid first: {self._shown(error)}", "fill up the account"
            ) from None
        if status == 404:
            raise StopAskingError(
                f"{server} has no model {model}, or no chat completions: {self._shown(error)}",
                "start it with that model, or name another in params.yaml",
            ) from None

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

    def _without_key(self, answer: Answer) -> Answer:
        """The answer without the key, which some servers repeat; one such as `none` is a word like others."""
        text, detail = answer.text, answer.detail
        secret = len(self._settings.key.get_secret_value()) >= _SECRET
        return replace(
            answer, text=self._clean(text) if text and secret else text, detail=detail and self._clean(detail)
        )

    def _clean(self, text: str) -> str:
        key = self._settings.key.get_secret_value()
        return text.replace(key, "***") if key else text


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
