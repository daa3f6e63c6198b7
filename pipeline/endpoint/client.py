"""One request to one answer, whatever the server does: tried again, timed, counted, kept.

What a server may do, and what becomes of it:

- 408, 409, 429, 5xx, a redirect, no reply in time, an HTTP reply that is broken or too long, a body that is
  no completion, no choice in it, one that an error ended: asked again after a wait that doubles, or that the
  server names (Retry-After); in the end a reason;
- an empty completion, or one that a filter ended: asked again twice, and then believed;
- 400, 413, 422: a reason at once, after what not every server takes was tried in another way: the schema left
  out, the limit of a completion under its newer name;
- a refusal by the model: a reason;
- 401, 402, 403, 404, an empty account, nobody there, many requests in a row in vain, or all of a step's
  refused from the start: nothing more is asked.

An error that is reported inside a reply of status 200 counts as its own status does.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

from pipeline.endpoint import completions
from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.budget import Budget, Pace
from pipeline.endpoint.completions import (
    LIMIT,
    NEWER_LIMIT,
    NO_ANSWER,
    REFUSED,
    Completion,
    NoCompletionError,
)
from pipeline.endpoint.requests import Request
from pipeline.endpoint.server_errors import ServerError, reported_error
from pipeline.endpoint.settings import PREFIX, Settings
from pipeline.endpoint.stopping import StopAskingError
from pipeline.endpoint.transport import Reply, Transport, TransportError
from pipeline.errors import MemcurateError
from pipeline.text.well_formed import to_well_formed

_TRIES = 6
_DOUBTS = 2  # tries after an answer that is to be doubted
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # seconds between tries, where the server names none
_PATIENCE = 900.0  # a server that wants a longer wait is not waited for
_IN_VAIN = 20  # requests in a row without an answer, after which no other is sent
_POLL = 0.2  # seconds between looks for an answer that another process waits for
_UNFIT = (400, 413, 422)
_DETAIL = 300  # characters of what a server said


@dataclass(frozen=True, slots=True)
class _Fault:
    """A try that brought nothing, and may bring something next time."""

    what: str
    wait: float | None = None  # seconds, as the server said; 0: another way may do at once
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
        self._pace = Pace(settings.per_minute, settings.at_once)
        self._flying: dict[str, asyncio.Future[Answer]] = {}
        self._transport: Transport | None = None
        self._stopped = asyncio.Event()
        self._reached = 0.0  # when the server last took a request, by the monotonic clock
        self.sending: set[asyncio.Task[object]] = set()  # tasks whose request is on its way

    def stop(self) -> None:
        """Send no other request: who would gets a StopAskingError. Those on their way may come back."""
        self._stopped.set()

    async def close(self) -> None:
        """Close the connections, and give up claims."""
        if self._transport is not None:
            await self._transport.close()
        self._answers.release_all()

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
            kept = await self._asked_by_one(request)
            self._manners.answered |= kept.final
            flight.set_result(kept)
            return kept
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # seen, even where nobody else waits for it
            raise
        finally:
            del self._flying[request.key]

    async def _asked_by_one(self, request: Request) -> Answer:
        """The server's answer, kept; another process's, where that one is asking the same."""
        while not self._answers.claim(request.key):
            known = self._answers.get(request.key)
            if known is not None and known.final:
                return known
            await self._pause(_POLL)
        try:
            return self._answers.keep(await self.sent(request))
        finally:
            with suppress(MemcurateError):  # what went wrong before says more
                self._answers.release(request.key)

    async def sent(self, request: Request) -> Answer:
        """The server's answer, which is not kept. Raises StopAskingError."""
        first = start = monotonic()
        fault, doubts = _Fault(""), 0
        with_schema = request.schema is not None and self._manners.takes_schema is not False
        for number in range(_TRIES):
            await self._pause(_wait(number, fault) if number else 0.0)
            await self._pause(self._pace.turn())
            start = monotonic()
            result = await self._tried(request, start, with_schema)
            if isinstance(result, Completion):
                if result.doubt is None or doubts == _DOUBTS:
                    return self._believed(request, result.answer, with_schema)
                fault, doubts = _Fault(result.doubt), doubts + 1
                continue
            fault = result
            with_schema = with_schema and not fault.unfit
            if fault.refused or (fault.wait is not None and fault.wait > _PATIENCE):
                break
        if fault.unreachable and self._reached < first:
            raise StopAskingError(
                f"nobody answers at {self._settings.server} ({fault.what})",
                "start the server, or set its URL",
            )
        self._count_in_vain(fault)
        reason = REFUSED if fault.refused else NO_ANSWER
        return completions.no_answer(request, reason, fault.what, monotonic() - start)

    def _believed(self, request: Request, answer: Answer, with_schema: bool) -> Answer:
        self._manners.in_vain = 0
        if request.schema is not None and self._manners.takes_schema is None:
            self._manners.takes_schema = with_schema
        return answer

    async def _pause(self, seconds: float) -> None:
        """Wait. Raises StopAskingError when nothing more is to be sent."""
        if seconds > 0 and not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopped.wait()
        if self._stopped.is_set():
            raise StopAskingError("nothing more is asked", "see what stopped it")

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

    async def _tried(self, request: Request, start: float, with_schema: bool) -> Completion | _Fault:
        self._budget.reserve(request)
        task = asyncio.current_task()
        assert task is not None
        self.sending.add(task)
        try:
            result = await self._sent(request, start, with_schema)
        except BaseException:
            self._budget.settle(request, None, None)
            raise
        finally:
            self.sending.discard(task)
        if isinstance(result, _Fault):
            paid = None if result.paid else 0
            self._budget.settle(request, paid, paid)
        else:
            self._budget.settle(request, result.answer.prompt_tokens, result.answer.completion_tokens)
        return result

    async def _sent(self, request: Request, start: float, with_schema: bool) -> Completion | _Fault:
        limit = self._manners.limit
        body = completions.body(request, limit, with_schema)
        try:
            async with asyncio.timeout(self._settings.timeout):
                reply = await self._connected().post(body)
        except TimeoutError:
            return _Fault(f"no reply within {self._settings.timeout:g} s")
        except TransportError as error:
            if error.connected:
                self._reached = monotonic()
            return _Fault(self._shown(error), unreachable=not error.connected, paid=error.connected)
        self._reached = monotonic()
        return self._read(request, reply, limit, with_schema, self._reached - start)

    def _read(
        self, request: Request, reply: Reply, limit: str, with_schema: bool, seconds: float
    ) -> Completion | _Fault:
        error = reported_error(reply)
        if error is None:
            try:
                found = completions.completion(request, reply.body, seconds)
            except NoCompletionError as unread:
                return _Fault(self._shown(unread))
            return replace(found, answer=self._without_key(found.answer))
        if error.status in _UNFIT and limit == LIMIT and NEWER_LIMIT in error.words:
            self._manners.limit = NEWER_LIMIT
            return _Fault(self._shown(error), wait=0.0, paid=False)
        if error.status in _UNFIT and not error.no_credit:
            return _Fault(
                self._shown(error), wait=0.0, unfit=with_schema, refused=not with_schema, paid=False
            )
        self._stop_where_of_no_use(error, request.model)
        return _Fault(self._shown(error), error.wait, paid=False)

    def _stop_where_of_no_use(self, error: ServerError, model: str) -> None:
        """Raise StopAskingError after what every other request would get as well."""
        server, words = self._settings.server, self._shown(error.words)
        if error.no_credit:
            raise StopAskingError(f"{server} wants to be paid first: {words}", "fill up the account")
        if error.status in (401, 403):
            raise StopAskingError(
                f"{server} refuses the key (status {error.status}): {words}", f"set {PREFIX}KEY"
            )
        if error.status == 404:
            raise StopAskingError(
                f"{server} has no model {model}, or no chat completions: {words}",
                "start it with that model, or name another in params.yaml",
            )

    def _connected(self) -> Transport:
        if self._transport is None:
            if self._settings.url is None:
                raise StopAskingError(
                    f"a model is to be asked, but {PREFIX}URL is not set",
                    "set it to the server's address, such as http://127.0.0.1:8000/v1",
                )
            self._transport = Transport(self._settings)
        return self._transport

    def _shown(self, said: object) -> str:
        """What a server said, on one line, without its control characters and without the key."""
        words = self._settings.without_secrets(to_well_formed(str(said)))[: 4 * _DETAIL]
        line = "".join(one if one.isprintable() else " " for one in words)
        return " ".join(line.split())[:_DETAIL]

    def _without_key(self, answer: Answer) -> Answer:
        """The answer without the key, which some servers repeat; one such as `none` is a word like others."""
        clean = self._settings.without_secrets
        text, detail = answer.text, answer.detail
        return replace(
            answer, text=text and clean(text, only_long=True), detail=detail and clean(detail)[:_DETAIL]
        )


def _wait(number: int, fault: _Fault) -> float:
    """Seconds until try `number`, from 1: as the server said, else doubled each time; never all at once."""
    spread = 0.75 + random.random() / 2
    if fault.wait is not None:
        return fault.wait + spread / 10 if fault.wait else 0.0
    return float(min(_FIRST_WAIT * 2 ** (number - 1), _LONGEST_WAIT) * spread)
