"""Items to ask, and an outcome for each: a reply of the shape that was asked for, or the reason why not.

As many are in flight as the environment allows. A reply that is not of the shape is shown to the model with
what is wrong, and asked for again; what was said before is kept like any answer, so asking the same items
again costs nothing.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from tqdm import tqdm

from pipeline import interrupts
from pipeline.endpoint.answers import Answer, AnswerCache
from pipeline.endpoint.budget import Budget
from pipeline.endpoint.client import Endpoint, Manners
from pipeline.endpoint.completions import CUT_OFF, NO_ANSWER
from pipeline.endpoint.exchange import imported
from pipeline.endpoint.replies import R, UnfitReplyError, parsed
from pipeline.endpoint.requests import Message, Request
from pipeline.endpoint.settings import from_environment
from pipeline.endpoint.stopping import StopAskingError
from pipeline.errors import MemcurateError
from pipeline.params import AnswersFile, Ask, EndpointModel
from pipeline.schema import Asked

T = TypeVar("T")
U = TypeVar("U")

_TRIES = 3  # for a reply of the shape
_HELLO_TOKENS = 16  # the least that some servers take
_GRACE = 0.8  # seconds that requests in flight have to come back after Ctrl-C; ending takes some too
_APART = 60.0  # seconds between lines of progress in a log
_AGAIN = "That cannot be used: {wrong}. Write the JSON object again, whole, and nothing else."


@cache
def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema()


@dataclass(frozen=True, slots=True)
class Item(Generic[R]):
    """Something to ask."""

    id: str  # of what it is about
    messages: list[Message]
    shape: type[R]  # of the reply
    sample: int = 0  # which of several answers to the same


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What came of an item: a reply, or a reason."""

    id: str
    reply: R | None
    reason: str | None  # the same few words for all alike
    detail: str
    keys: list[str]  # of the answers that it came from


class Asker:
    """Asks for a stage: with one budget, and a record of what was asked."""

    def __init__(self, record: bool = True) -> None:
        """Without a record `asked` stays empty: training asks millions of times."""
        self.asked: list[Asked] = []
        self._record = record
        self._settings = from_environment()
        self._budget = Budget(self._settings)
        self._answers: dict[AnswersFile | None, AnswerCache] = {}
        self._manners: dict[tuple[str, str], Manners] = {}  # by model and step

    def ask(self, items: Sequence[Item[R]], how: Ask, step: str) -> list[Outcome[R]]:
        """The outcome of every item, in their order; `step`: what they are asked for, for people.

        Raises MemcurateError when nothing more can or may be asked: the answers so far are kept.
        """
        outcomes = self._all(items, partial(_outcome, how), how, step)
        if self._record:
            self.asked += (
                Asked(one.id, step, how.model, one.reason, one.detail, one.keys) for one in outcomes
            )
        return outcomes

    def complete(self, requests: Sequence[Request], model: EndpointModel, step: str) -> list[Answer]:
        """The answer to every request to a model, in their order. Raises MemcurateError as `ask` does."""
        answers = self._all(requests, Endpoint.answer, model, step)
        if self._record:
            self.asked += (
                Asked(one.key, step, one.model, one.reason, one.detail or "", [one.key]) for one in answers
            )
        return answers

    def try_out(self, model: EndpointModel, step: str) -> None:
        """Send the model a word, unless nothing may be called: MemcurateError where it cannot be asked."""
        if self._settings.mode == "ask":
            (answer,) = self._all([_hello(model)], Endpoint.sent, model, step)
            if answer.text is None:
                raise MemcurateError(
                    f"{step}: {model.model} does not answer: {answer.reason} ({answer.detail})"
                )

    def _all(
        self, jobs: Sequence[T], done: Callable[[Endpoint, T], Awaitable[U]], model: EndpointModel, step: str
    ) -> list[U]:
        if model.answers not in self._answers:
            first = imported(model.answers) if model.answers else ()
            self._answers[model.answers] = AnswerCache(self._settings.answers, first)
        manners = self._manners.setdefault((model.model, step), Manners())
        endpoint = Endpoint(self._settings, self._answers[model.answers], self._budget, manners)
        workers = _Workers(endpoint, done, self._budget, step)
        with interrupts.deferred(workers.interrupt):
            return asyncio.run(workers.all(jobs, self._settings.at_once))


class _Workers(Generic[T, U]):
    """Some that take jobs in turn. Whatever ends one job, the others' in flight come back and are kept."""

    def __init__(
        self, endpoint: Endpoint, done: Callable[[Endpoint, T], Awaitable[U]], budget: Budget, step: str
    ) -> None:
        self._endpoint = endpoint
        self._done = done
        self._budget = budget
        self._step = step
        self._results: dict[int, U] = {}
        self._error: Exception | None = None  # the first, after which no job is begun
        self._interrupts = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def all(self, jobs: Sequence[T], workers: int) -> list[U]:
        """The results of the jobs, in their order."""
        self._loop = asyncio.get_running_loop()
        remaining = enumerate(jobs)
        in_log = not sys.stderr.isatty()
        apart = _APART if in_log else 0.1
        with tqdm(
            total=len(jobs),
            desc=f"ask: {self._step}",
            leave=in_log,
            mininterval=apart,
            maxinterval=10 * apart,
            delay=apart,
        ) as progress:
            self._tasks = [
                asyncio.create_task(self._work(remaining, progress)) for _ in range(min(workers, len(jobs)))
            ]
            try:
                ends = await asyncio.gather(*self._tasks, return_exceptions=True)
            finally:
                await self._endpoint.close()
        self._error = self._error or next((end for end in ends if isinstance(end, Exception)), None)
        self._raise_what_ended_it()
        return [self._results[place] for place in sorted(self._results)]

    def interrupt(self) -> None:
        """Begin no job, and give requests in flight a moment; the second time none. Called by a signal."""
        self._interrupts += 1
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wind_up)

    def _wind_up(self) -> None:
        self._endpoint.stop()
        if self._interrupts > 1:
            self._cancel()
        else:
            asyncio.get_running_loop().call_later(_GRACE, self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _raise_what_ended_it(self) -> None:
        kept = f"{len(self._results)} items are answered, and their answers kept"
        if self._interrupts:
            raise MemcurateError(f"{self._step}: interrupted. {kept}: run it again")
        if isinstance(self._error, StopAskingError):
            raise MemcurateError(
                f"{self._step}: {self._error}. {kept}: {self._error.what_to_do}, and run it again."
            )
        if isinstance(self._error, MemcurateError):
            raise MemcurateError(f"{self._step}: {self._error}. {kept}.") from self._error
        if self._error is not None:
            raise self._error

    async def _work(self, remaining: Iterator[tuple[int, T]], progress: "tqdm[Any]") -> None:
        while not (self._error or self._interrupts) and (taken := next(remaining, None)) is not None:
            place, job = taken
            try:
                self._results[place] = await self._done(self._endpoint, job)
            except Exception as error:
                self._error = self._error or error
                self._endpoint.stop()
            progress.set_postfix_str(self._budget.told(), refresh=False)
            progress.update()


async def _outcome(how: Ask, endpoint: Endpoint, item: Item[R]) -> Outcome[R]:
    messages, keys, wrong = item.messages, [], ""
    for _ in range(_TRIES):
        request = Request(
            model=how.model,
            revision=how.revision,
            messages=messages,
            temperature=how.temperature,
            max_tokens=how.max_tokens,
            sample=item.sample,
            schema=_schema(item.shape),
            options=how.options,
        )
        answer = await endpoint.answer(request)
        keys.append(answer.key)
        if answer.text is None:
            return Outcome(item.id, None, answer.reason or NO_ANSWER, answer.detail or "", keys)
        try:
            return Outcome(item.id, parsed(answer.text, item.shape, answer.detail == CUT_OFF), None, "", keys)
        except UnfitReplyError as unfit:
            wrong = str(unfit)
            messages = [
                *messages,
                {"role": "assistant", "content": answer.text},
                {"role": "user", "content": _AGAIN.format(wrong=wrong)},
            ]
    return Outcome(item.id, None, "unfit reply", f"{_TRIES} times; last: {wrong}", keys)


def _hello(model: EndpointModel) -> Request:
    hello: Message = {"role": "user", "content": "hello"}
    return Request(
        model.model, model.revision, [hello], None, max_tokens=_HELLO_TOKENS, options=model.options
    )
