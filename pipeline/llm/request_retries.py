"""Get one response for one request, with retries, timeouts, limits and the cache.

The behaviour of a server, and its effect:

- 408, 409, 429, 5xx, a redirect, a timeout, an HTTP reply that is broken or too long, a body that is not a
  completion, a completion without a choice or ended by an error: retried with exponential backoff, or after
  the wait that the server names (Retry-After); after the last attempt the response is a reason;
- 429, 503, a named wait: fewer requests are in flight, and all wait; a 429 is not an attempt where no other
  request was answered either;
- an empty completion, or one that a content filter ended: retried twice, then accepted;
- 400, 413, 422: retried without the schema, or with the newer name of the token limit, as not every server
  accepts these; then, or where the prompt is too long, the response is a reason;
- a refusal by the model: the response is a reason;
- 401, 402, 403, 404, an empty account, an unreachable server, many failures in a row, or all requests of a
  step refused from the start: no more requests are sent.

An error inside a reply of status 200 counts by the status that it names.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from time import monotonic

from tqdm import tqdm

from pipeline.core.errors import MemcurateError
from pipeline.core.unicode import to_well_formed
from pipeline.llm import chat_completions
from pipeline.llm.adaptive_concurrency import AdaptiveConcurrency
from pipeline.llm.batches import BatchTransport
from pipeline.llm.budget import Budget
from pipeline.llm.chat_completions import (
    NEWER_TOKEN_LIMIT_PARAM,
    NO_RESPONSE,
    REFUSED,
    TOKEN_LIMIT_PARAM,
    Completion,
    InvalidCompletionError,
)
from pipeline.llm.failed_attempt import MAX_RETRY_AFTER, FailedAttempt, backoff_seconds
from pipeline.llm.requests import Request
from pipeline.llm.response_cache import LLMResponse, ResponseCache
from pipeline.llm.server_errors import BAD_REQUEST_STATUSES, RATE_LIMIT_STATUS, ServerError, parse_error
from pipeline.llm.settings import ENV_PREFIX, EndpointSettings
from pipeline.llm.stop_error import RequestsStoppedError
from pipeline.llm.transport import HttpResponse, Transport, TransportError

_MAX_ATTEMPTS = 6
_MAX_SUSPECT_RETRIES = 2  # retries after a completion that is empty or filtered
_MAX_CONSECUTIVE_FAILURES = 20  # failed requests in a row, after which no more are sent
_LOGGED_HOLD = 5.0  # seconds; a person should know why nothing happens for longer
_POLL_INTERVAL = 0.2  # seconds between looks into the cache for a response that another process waits for
_MAX_DETAIL_CHARS = 300  # of a server's error message


@dataclass(slots=True)
class ServerCapabilities:
    """The capabilities of a server, as its replies to a step's requests to one model have shown."""

    supports_schema: bool | None = None  # None: no completion yet shows it
    token_limit_param: str = TOKEN_LIMIT_PARAM  # its name for the length limit of a completion
    has_responded: bool = False  # there is a completion, now or in the cache
    consecutive_failures: int = 0  # requests in a row without a completion


class EndpointClient:
    """A client that gets a response for each request, from the cache or the server.

    It belongs to one event loop.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        cache: ResponseCache,
        budget: Budget,
        capabilities: ServerCapabilities,
        concurrency: AdaptiveConcurrency,
    ) -> None:
        """Share all that is given with other clients; connect at the first request."""
        self._settings = settings
        self._cache = cache
        self._budget = budget
        self._capabilities = capabilities
        self._concurrency = concurrency
        self._sending = asyncio.Lock()  # one request after the other waits for its time
        self._in_flight: dict[str, asyncio.Future[LLMResponse]] = {}
        self._transport: Transport | BatchTransport | None = None
        self._stopped = asyncio.Event()
        self._last_contact = 0.0  # time of the server's last sign of life, by the monotonic clock

    def stop(self) -> None:
        """Send no more requests: the next raises RequestsStoppedError, those in flight may come back."""
        self._stopped.set()
        self._concurrency.stop(_make_stopped_error())

    async def close(self) -> None:
        """Close the connections, and release the claims of this process."""
        if self._transport is not None:
            await self._transport.close()
            if isinstance(self._transport, BatchTransport) and not self._stopped.is_set():
                self._transport.forget_ended()
        self._cache.release_all()

    async def get_response(self, request: Request) -> LLMResponse:
        """Get a response from the cache, or from the server and put it into the cache.

        Raises RequestsStoppedError when no more requests can or may be sent.
        """
        cached = self._cache.get(request.key)
        is_replay = self._settings.mode == "replay"
        if cached is not None and (cached.final or is_replay):
            self._capabilities.has_responded = True
            return cached
        if is_replay:
            raise RequestsStoppedError(
                f"{ENV_PREFIX}MODE is replay, and the cache has no response to a request to {request.model}",
                f"import the responses of the original build, or set {ENV_PREFIX}MODE to ask",
            )
        if request.key in self._in_flight:
            return await self._in_flight[request.key]
        future = asyncio.get_running_loop().create_future()
        self._in_flight[request.key] = future
        try:
            response = await self._claim_and_send(request)
            self._capabilities.has_responded |= response.final
            future.set_result(response)
            return response
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # marks it as retrieved, where no other task waits for it
            raise
        finally:
            del self._in_flight[request.key]

    async def _claim_and_send(self, request: Request) -> LLMResponse:
        """Send a request and cache the response, or wait for a process that sends the same one."""
        while not self._cache.claim(request.key):
            cached = self._cache.get(request.key)
            if cached is not None and cached.final:
                return cached
            await self._pause(_POLL_INTERVAL)
        try:
            return self._cache.put(await self.send_with_retries(request))
        finally:
            with suppress(MemcurateError):  # an earlier error says more
                self._cache.release(request.key)

    async def send_with_retries(self, request: Request) -> LLMResponse:
        """Get the server's response without the cache. Raises RequestsStoppedError."""
        first_start = start = monotonic()
        failure, attempts, suspect_responses, wait = FailedAttempt(""), 0, 0, 0.0
        with_schema = request.schema is not None and self._capabilities.supports_schema is not False
        while attempts < _MAX_ATTEMPTS:
            await self._pause(wait)
            previous_start = start
            async with self._turn():
                start = monotonic()
                result = await self._attempt(request, start, with_schema)
            if isinstance(result, Completion):
                if result.retry_reason is None or suspect_responses == _MAX_SUSPECT_RETRIES:
                    return self._record_success(request, result.response, with_schema)
                result, suspect_responses = FailedAttempt(result.retry_reason), suspect_responses + 1
            failure = result
            with_schema = with_schema and not failure.may_work_without_schema
            if failure.is_refused or failure.names_too_long_a_wait:
                break
            if failure.is_rate_limited and self._concurrency.last_answer < previous_start:
                self._raise_if_limited_too_long(first_start, failure)
                wait = 0.0  # all requests are held back
                continue
            attempts += 1
            wait = backoff_seconds(attempts, failure)
        if failure.is_unreachable and self._last_contact < first_start:
            raise RequestsStoppedError(
                f"nobody answers at {self._settings.public_url} ({failure.message})",
                "start the server, or set its URL",
            )
        self._count_failure(failure)
        reason = REFUSED if failure.is_refused else NO_RESPONSE
        return chat_completions.make_failed_response(request, reason, failure.message, monotonic() - start)

    def _record_success(self, request: Request, response: LLMResponse, with_schema: bool) -> LLMResponse:
        self._capabilities.consecutive_failures = 0
        if request.schema is not None and self._capabilities.supports_schema is None:
            self._capabilities.supports_schema = with_schema
        return response

    async def _pause(self, seconds: float) -> None:
        """Wait; raise RequestsStoppedError when no more requests are sent."""
        if seconds > 0 and not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopped.wait()
        if self._stopped.is_set():
            raise _make_stopped_error()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until a request may be sent, and count it as in flight in the block.

        Those of a batch are sent together: they wait only while the server holds all back.
        """
        if self._settings.mode == "batch":
            await self._pause(self._concurrency.seconds_held())
            yield
            return
        await self._concurrency.acquire()
        try:
            async with self._sending:
                while wait := self._concurrency.seconds_held() or self._take_time():
                    await self._pause(wait)
            await self._pause(0.0)
            yield
        finally:
            self._concurrency.release()

    def _take_time(self) -> float:
        """Take the next time of the rate limit if it has come; else return the seconds until then."""
        limit = self._settings.requests_per_minute
        return self._cache.take_turn(self._settings.public_url, 60 / limit) if limit else 0.0

    def _raise_if_limited_too_long(self, first_start: float, failure: FailedAttempt) -> None:
        if monotonic() - max(first_start, self._concurrency.last_answer) > MAX_RETRY_AFTER:
            raise RequestsStoppedError(
                f"{self._settings.public_url} has limited all requests for {MAX_RETRY_AFTER / 60:g} "
                f"minutes: {failure.message}",
                f"wait, or set {ENV_PREFIX}REQUESTS_PER_MINUTE to what it allows",
            )

    def _count_failure(self, failure: FailedAttempt) -> None:
        """Count a failed request, and raise RequestsStoppedError after too many in a row.

        A refusal does not count once there are completions: then the request itself is at fault, not what all
        requests have in common. Refusals arrive sooner than completions, so more of them are tolerated when
        many requests are in flight. Nor does a 429: the server answered other requests in between.
        """
        if failure.is_refused and self._capabilities.has_responded:
            return
        if failure.is_rate_limited and not failure.names_too_long_a_wait:
            return
        self._capabilities.consecutive_failures += 1
        if self._capabilities.consecutive_failures >= max(
            _MAX_CONSECUTIVE_FAILURES, 3 * self._settings.max_concurrency if failure.is_refused else 0
        ):
            raise RequestsStoppedError(
                f"{self._capabilities.consecutive_failures} requests in a row got no completion from "
                f"{self._settings.public_url}: {failure.message}",
                "look at the server"
                + (", and at the model's keys in params.yaml" if failure.is_refused else ""),
            )

    async def _attempt(self, request: Request, start: float, with_schema: bool) -> Completion | FailedAttempt:
        self._budget.reserve(request)
        try:
            result = await self._post(request, start, with_schema)
        except BaseException:
            self._budget.settle(request, None, None)
            raise
        if isinstance(result, FailedAttempt):
            tokens = None if result.is_billable else 0
            self._budget.settle(request, tokens, tokens)
        else:
            self._budget.settle(request, result.response.prompt_tokens, result.response.completion_tokens)
        return result

    async def _post(self, request: Request, start: float, with_schema: bool) -> Completion | FailedAttempt:
        limit = self._capabilities.token_limit_param
        body = chat_completions.build_body(request, limit, with_schema)
        try:
            async with asyncio.timeout(None if self._settings.mode == "batch" else self._settings.timeout):
                reply = await self._get_transport().post(body)
        except TimeoutError:
            return FailedAttempt(f"no reply within {self._settings.timeout:g} s")
        except TransportError as error:
            if error.reached_server:
                self._last_contact = monotonic()
            return FailedAttempt(
                self._sanitize(error),
                is_unreachable=not error.reached_server,
                is_billable=error.reached_server,
            )
        self._last_contact = monotonic()
        return self._parse_response(request, reply, limit, with_schema, start)

    def _parse_response(
        self,
        request: Request,
        response: HttpResponse,
        token_limit_param: str,
        with_schema: bool,
        start: float,
    ) -> Completion | FailedAttempt:
        error = parse_error(response)
        if error is None:
            try:
                completion = chat_completions.parse_completion(
                    request, response.body, self._last_contact - start
                )
            except InvalidCompletionError as invalid:
                return FailedAttempt(self._sanitize(invalid))
            self._concurrency.record_answer()
            return replace(completion, response=self._redact_response(completion.response))
        if (
            error.status in BAD_REQUEST_STATUSES
            and token_limit_param == TOKEN_LIMIT_PARAM
            and NEWER_TOKEN_LIMIT_PARAM in error.message
        ):
            self._capabilities.token_limit_param = NEWER_TOKEN_LIMIT_PARAM
            return FailedAttempt(self._sanitize(error), retry_after=0.0, is_billable=False)
        if error.status in BAD_REQUEST_STATUSES and not error.is_out_of_credit:
            may_work_without_schema = with_schema and not error.is_prompt_too_long
            return FailedAttempt(
                self._sanitize(error),
                retry_after=0.0,
                may_work_without_schema=may_work_without_schema,
                is_refused=not may_work_without_schema,
                is_billable=False,
            )
        self._raise_if_unrecoverable(error, request.model)
        failure = FailedAttempt(
            self._sanitize(error),
            error.retry_after,
            is_rate_limited=error.status == RATE_LIMIT_STATUS,
            is_billable=False,
        )
        if error.is_limit:
            self._record_limit(failure, start)
        return failure

    def _record_limit(self, failure: FailedAttempt, start: float) -> None:
        """Hold all requests back, unless the wait is too long or a 503 names none: one worker may restart."""
        wait = failure.retry_after
        if failure.names_too_long_a_wait or (wait is None and not failure.is_rate_limited):
            wait = 0.0
        has_shrunk = self._concurrency.record_limit(start, wait)
        if has_shrunk and (seconds := self._concurrency.seconds_held()) > _LOGGED_HOLD:
            tqdm.write(
                f"the server limits requests, the next in {seconds:.0f} s: {failure.message}", sys.stderr
            )

    def _raise_if_unrecoverable(self, error: ServerError, model: str) -> None:
        """Raise RequestsStoppedError for an error that every other request would get as well."""
        server, message = self._settings.public_url, self._sanitize(error.message)
        if error.is_out_of_credit:
            raise RequestsStoppedError(f"{server} wants to be paid first: {message}", "fill up the account")
        if error.status in (401, 403):
            raise RequestsStoppedError(
                f"{server} refuses the key (status {error.status}): {message}", f"set {ENV_PREFIX}KEY"
            )
        if error.status == 404:
            raise RequestsStoppedError(
                f"{server} has no model {model}, or no chat completions: {message}",
                "start it with that model, or name another in params.yaml",
            )

    def _get_transport(self) -> Transport | BatchTransport:
        if self._transport is None:
            if self._settings.url is None:
                raise RequestsStoppedError(
                    f"a model is needed, but {ENV_PREFIX}URL is not set",
                    "set it to the server's address, such as http://127.0.0.1:8000/v1",
                )
            self._transport = (
                BatchTransport(self._settings, self._cache.batches)
                if self._settings.mode == "batch"
                else Transport(self._settings)
            )
        return self._transport

    def _sanitize(self, message: object) -> str:
        """Return a server's message on one line, shortened, without control characters and the key."""
        text = self._settings.redact_secrets(to_well_formed(str(message)))[: 4 * _MAX_DETAIL_CHARS]
        line = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(line.split())[:_MAX_DETAIL_CHARS]

    def _redact_response(self, response: LLMResponse) -> LLMResponse:
        """Remove the key, which some servers repeat, from a response; a short key such as `none` stays."""
        redact = self._settings.redact_secrets
        text, detail = response.text, response.detail
        return replace(
            response,
            text=text and redact(text, only_long=True),
            detail=detail and redact(detail)[:_MAX_DETAIL_CHARS],
        )


def _make_stopped_error() -> RequestsStoppedError:
    return RequestsStoppedError("no more requests are sent", "mend the first error")
