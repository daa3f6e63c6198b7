"""Items to ask, and an outcome for each: a reply of the shape that was asked for, or the reason why not.

As many are in flight as the environment allows. A reply that is not of the shape is shown to the model with
what is wrong, and asked for again; what was said before is kept like any answer, so asking the same items
again costs nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic

from pydantic import BaseModel
from tqdm import tqdm

from pipeline.endpoint.answers import AnswerCache
from pipeline.endpoint.budget import Budget
from pipeline.endpoint.client import Endpoint
from pipeline.endpoint.exchange import imported
from pipeline.endpoint.replies import R, UnfitReplyError, parsed
from pipeline.endpoint.requests import Message, Request
from pipeline.endpoint.settings import from_environment
from pipeline.endpoint.stopping import StopAskingError
from pipeline.errors import MemcurateError
from pipeline.params import AnswersFile, Ask
from pipeline.schema import Asked

_TRIES = 3  # for a reply of the shape
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

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._settings = from_environment()
        self._budget = Budget(self._settings)
        self._answers: dict[AnswersFile | None, AnswerCache] = {}

    def ask(self, items: Sequence[Item[R]], how: Ask, step: str) -> list[Outcome[R]]:
        """The outcome of every item, in their order; `step`: what they are asked for, for people.

        Raises MemcurateError when nothing more can or may be asked: the answers so far are kept.
        """
        if how.answers not in self._answers:
            first = imported(how.answers) if how.answers else ()
            self._answers[how.answers] = AnswerCache(self._settings.answers, first)
        endpoint = Endpoint(self._settings, self._answers[how.answers], self._budget)
        asking: _Asking[R] = _Asking(how, endpoint, self._budget, step)
        outcomes = asyncio.run(asking.all(items, self._settings.at_once))
        self.asked += (Asked(one.id, step, how.model, one.reason, one.detail, one.keys) for one in outcomes)
        return outcomes


class _Asking(Generic[R]):
    """Some workers that take items in turn."""

    def __init__(self, how: Ask, endpoint: Endpoint, budget: Budget, step: str) -> None:
        self._how = how
        self._endpoint = endpoint
        self._budget = budget
        self._step = step
        self._outcomes: dict[int, Outcome[R]] = {}
        self._stop: StopAskingError | None = None

    async def all(self, items: Sequence[Item[R]], workers: int) -> list[Outcome[R]]:
        """The outcomes of the items."""
        remaining = enumerate(items)
        with tqdm(total=len(items), desc=f"ask: {self._step}", disable=None, leave=False) as progress:
            try:
                await asyncio.gather(*(self._work(remaining, progress) for _ in range(workers)))
            finally:
                await self._endpoint.close()
        if self._stop is not None:
            raise MemcurateError(
                f"{self._step}: {self._stop}. {len(self._outcomes)} items are answered, and their answers "
                f"kept: {self._stop.what_to_do}, and run it again."
            )
        return [self._outcomes[place] for place in sorted(self._outcomes)]

    async def _work(self, remaining: Iterator[tuple[int, Item[R]]], progress: "tqdm[Any]") -> None:
        while self._stop is None and (taken := next(remaining, None)) is not None:
            place, item = taken
            try:
                self._outcomes[place] = await self._outcome(item)
            except StopAskingError as stop:
                self._stop = self._stop or stop
            progress.update()
            progress.set_postfix_str(self._budget.told(), refresh=False)

    async def _outcome(self, item: Item[R]) -> Outcome[R]:
        messages, keys, wrong = item.messages, [], ""
        for _ in range(_TRIES):
            request = Request(
                model=self._how.model,
                revision=self._how.revision,
                messages=messages,
                temperature=self._how.temperature,
                max_tokens=self._how.max_tokens,
                sample=item.sample,
                schema=_schema(item.shape),
            )
            answer = await self._endpoint.answer(request)
            keys.append(answer.key)
            if answer.text is None:
                return Outcome(item.id, None, answer.reason or "no answer", answer.detail or "", keys)
            try:
                return Outcome(item.id, parsed(answer.text, item.shape), None, "", keys)
            except UnfitReplyError as unfit:
                wrong = str(unfit)
                messages = [
                    *messages,
                    {"role": "assistant", "content": answer.text},
                    {"role": "user", "content": _AGAIN.format(wrong=wrong)},
                ]
        return Outcome(item.id, None, "unfit reply", f"{_TRIES} times; last: {wrong}", keys)
