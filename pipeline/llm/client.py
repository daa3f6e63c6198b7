"""Run jobs with a model: each gets a reply of the type that it asks for, or a reason why there is none.

As many requests are in flight as the environment and the server allow. A reply of another type is shown to
the model with its error, and the model tries again. Every response is cached, also those in between, so
running the same jobs again costs nothing.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from tqdm import tqdm

from pipeline.core import interrupts
from pipeline.core.errors import MemcurateError
from pipeline.core.params import EndpointModel, ModelSettings, ResponseCacheFile
from pipeline.core.schema import ModelCall
from pipeline.llm.adaptive_concurrency import AdaptiveConcurrency
from pipeline.llm.batches import MAX_REQUESTS
from pipeline.llm.budget import Budget
from pipeline.llm.cache_export import load_pinned_responses
from pipeline.llm.chat_completions import NO_RESPONSE, TRUNCATED
from pipeline.llm.request_retries import EndpointClient, ServerCapabilities
from pipeline.llm.requests import Message, Request
from pipeline.llm.response_cache import LLMResponse, ResponseCache
from pipeline.llm.settings import load_settings
from pipeline.llm.stop_error import RequestsStoppedError
from pipeline.llm.structured_output import InvalidReplyError, R, parse_reply

T = TypeVar("T")
U = TypeVar("U")

_MAX_ATTEMPTS = 3  # to get a reply of the type
_PROBE_TOKENS = 16  # some servers accept no fewer
_SHUTDOWN_GRACE = 0.8  # seconds that requests in flight have to come back after Ctrl-C
_LOG_INTERVAL = 60.0  # seconds between lines of progress in a log
_RETRY_PROMPT = "That cannot be used: {wrong}. Write the JSON object again, whole, and nothing else."


@cache
def _json_schema(reply_type: type[BaseModel]) -> dict[str, Any]:
    return reply_type.model_json_schema()


@dataclass(frozen=True, slots=True)
class Job(Generic[R]):
    """A prompt, and the type of its reply."""

    id: str  # of the chunk, question or instance that it is about
    messages: list[Message]
    reply_type: type[R]
    sample: int = 0  # index of the sample, where one prompt is sampled several times


@dataclass(frozen=True, slots=True)
class JobResult(Generic[R]):
    """The result of a job: a reply, or the reason why there is none."""

    id: str
    reply: R | None
    reason: str | None  # a few words, the same for all failures of a kind
    detail: str
    response_keys: list[str]  # keys of its responses in the cache


class LLMClient:
    """The client of one run of a stage, with one budget and a record of its model calls."""

    def __init__(self, record_calls: bool = True) -> None:
        """Read the settings. Without a record `model_calls` stays empty: training makes millions of calls."""
        self.model_calls: list[ModelCall] = []
        self._record_calls = record_calls
        self._settings = load_settings()
        self._budget = Budget(self._settings)
        self._caches: dict[ResponseCacheFile | None, ResponseCache] = {}
        self._capabilities: dict[tuple[str, str], ServerCapabilities] = {}  # by model and step
        self._concurrency: dict[str, AdaptiveConcurrency] = {}  # by model

    @property
    def _num_workers(self) -> int:
        """The inputs that are begun at once: in batches all, as each waits for the others."""
        return MAX_REQUESTS if self._settings.mode == "batch" else self._settings.max_concurrency

    def run_jobs(self, jobs: Sequence[Job[R]], model: ModelSettings, step: str) -> list[JobResult[R]]:
        """Run jobs with a model, and return their results in the same order.

        `step`: the purpose of the jobs, for people and for the record. Raises MemcurateError when no more
        requests can or may be sent; the responses so far are cached.
        """
        results = self._run_all(jobs, partial(_run_job, model), model, step)
        if self._record_calls:
            self.model_calls += (
                ModelCall(result.id, step, model.name, result.reason, result.detail, result.response_keys)
                for result in results
            )
        return results

    def complete(self, requests: Sequence[Request], model: EndpointModel, step: str) -> list[LLMResponse]:
        """Send requests as they are, and return their responses in the same order.

        Raises MemcurateError as `run_jobs` does.
        """
        responses = self._run_all(requests, EndpointClient.get_response, model, step)
        if self._record_calls:
            self.model_calls += (
                ModelCall(
                    response.key, step, response.model, response.reason, response.detail or "", [response.key]
                )
                for response in responses
            )
        return responses

    def check_model(self, model: EndpointModel, step: str) -> None:
        """Send the model a short message, except in replay mode.

        Raises MemcurateError when the model does not answer.
        """
        if self._settings.mode == "ask":
            (response,) = self._run_all(
                [_make_probe_request(model)], EndpointClient.send_with_retries, model, step
            )
            if response.text is None:
                raise MemcurateError(
                    f"{step}: {model.name} does not answer: {response.reason} ({response.detail})"
                )

    def _run_all(
        self,
        inputs: Sequence[T],
        process: Callable[[EndpointClient, T], Awaitable[U]],
        model: EndpointModel,
        step: str,
    ) -> list[U]:
        if model.cached_responses not in self._caches:
            pinned = load_pinned_responses(model.cached_responses) if model.cached_responses else ()
            self._caches[model.cached_responses] = ResponseCache(self._settings.cache_path, pinned)
        capabilities = self._capabilities.setdefault((model.name, step), ServerCapabilities())
        concurrency = self._concurrency.setdefault(
            model.name, AdaptiveConcurrency(self._settings.max_concurrency)
        )
        endpoint = EndpointClient(
            self._settings, self._caches[model.cached_responses], self._budget, capabilities, concurrency
        )
        workers = _WorkerPool(endpoint, process, self._budget, step)
        with interrupts.defer_signals(workers.interrupt):
            return asyncio.run(workers.run(inputs, self._num_workers))


class _WorkerPool(Generic[T, U]):
    """Workers that take inputs in turn; when one fails, the requests in flight come back and are cached."""

    def __init__(
        self,
        endpoint: EndpointClient,
        process: Callable[[EndpointClient, T], Awaitable[U]],
        budget: Budget,
        step: str,
    ) -> None:
        self._endpoint = endpoint
        self._process = process
        self._budget = budget
        self._step = step
        self._results: dict[int, U] = {}
        self._first_error: Exception | None = None  # after it no input is begun
        self._interrupts = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, inputs: Sequence[T], workers: int) -> list[U]:
        """Process all inputs with this many workers, and return the results in the same order."""
        self._loop = asyncio.get_running_loop()
        remaining = enumerate(inputs)
        in_log = not sys.stderr.isatty()
        log_interval = _LOG_INTERVAL if in_log else 0.1
        with tqdm(
            total=len(inputs),
            desc=f"requests: {self._step}",
            leave=in_log,
            mininterval=log_interval,
            maxinterval=10 * log_interval,
            delay=log_interval,
        ) as progress:
            self._tasks = [
                asyncio.create_task(self._work(remaining, progress)) for _ in range(min(workers, len(inputs)))
            ]
            try:
                ends = await asyncio.gather(*self._tasks, return_exceptions=True)
            finally:
                await self._endpoint.close()
        self._first_error = self._first_error or next(
            (end for end in ends if isinstance(end, Exception)), None
        )
        self._raise_failure()
        return [self._results[index] for index in sorted(self._results)]

    def interrupt(self) -> None:
        """Begin no input, and give requests in flight a moment; at the second call none.

        Signal handlers may call it.
        """
        self._interrupts += 1
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_shutdown)

    def _begin_shutdown(self) -> None:
        self._endpoint.stop()
        if self._interrupts > 1:
            self._cancel()
        else:
            asyncio.get_running_loop().call_later(_SHUTDOWN_GRACE, self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _raise_failure(self) -> None:
        kept = f"{len(self._results)} items are answered, and their responses are cached"
        if self._interrupts:
            raise MemcurateError(f"{self._step}: interrupted. {kept}: run it again")
        if isinstance(self._first_error, RequestsStoppedError):
            raise MemcurateError(
                f"{self._step}: {self._first_error}. {kept}: {self._first_error.advice}, and run it again."
            )
        if isinstance(self._first_error, MemcurateError):
            raise MemcurateError(f"{self._step}: {self._first_error}. {kept}.") from self._first_error
        if self._first_error is not None:
            raise self._first_error

    async def _work(self, remaining: Iterator[tuple[int, T]], progress: "tqdm[Any]") -> None:
        while not (self._first_error or self._interrupts) and (taken := next(remaining, None)) is not None:
            index, item = taken
            try:
                self._results[index] = await self._process(self._endpoint, item)
            except Exception as error:
                self._first_error = self._first_error or error
                self._endpoint.stop()
            progress.set_postfix_str(self._budget.format_usage(), refresh=False)
            progress.update()


async def _run_job(model: ModelSettings, endpoint: EndpointClient, job: Job[R]) -> JobResult[R]:
    messages, keys, problem = job.messages, [], ""
    for _ in range(_MAX_ATTEMPTS):
        request = Request(
            model=model.name,
            revision=model.revision,
            messages=messages,
            temperature=model.temperature,
            max_tokens=model.max_tokens,
            sample=job.sample,
            schema=_json_schema(job.reply_type),
            options=model.options,
        )
        response = await endpoint.get_response(request)
        keys.append(response.key)
        if response.text is None:
            return JobResult(job.id, None, response.reason or NO_RESPONSE, response.detail or "", keys)
        try:
            return JobResult(
                job.id,
                parse_reply(response.text, job.reply_type, response.detail == TRUNCATED),
                None,
                "",
                keys,
            )
        except InvalidReplyError as error:
            problem = str(error)
            messages = [
                *messages,
                {"role": "assistant", "content": response.text},
                {"role": "user", "content": _RETRY_PROMPT.format(wrong=problem)},
            ]
    return JobResult(job.id, None, "unfit reply", f"{_MAX_ATTEMPTS} times; last: {problem}", keys)


def _make_probe_request(model: EndpointModel) -> Request:
    hello: Message = {"role": "user", "content": "hello"}
    return Request(model.name, model.revision, [hello], None, max_tokens=_PROBE_TOKENS, options=model.options)
