"""Queries about a world, by ability, with the answer, the answers that are wrong now, and the evidence.

A query is asked after an event: its answer follows from the events up to there alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, islice, pairwise
from typing import Literal, get_args

from pipeline.core import seeded_random
from pipeline.world.attributes import ATTRIBUTES, BY_NAME
from pipeline.world.events import FactHistory, FactKey, Period, fold_events
from pipeline.world.timeline import World

Ability = Literal[
    "current value",
    "value at a time",
    "order and duration",
    "aggregate",
    "several hops",
    "correction",
    "conflict",
    "abstention",
    "preference",
]
ABILITIES: tuple[Ability, ...] = get_args(Ability)
Form = Literal["value", "first", "days", "people", "values", "choice"]

_PREFERENCES = ("diet", "favourite drink")
_MIN_DAYS = 3  # between the time that is asked about, or two times that are compared, and a change
_NUM_CHOICES = 3
_MAX_VALUES_OF_OTHERS = 5
_MAX_COMPARED = 16  # changes, two by two


@dataclass(frozen=True, slots=True)
class Query:
    """A question before it is put in words."""

    ability: Ability
    form: Form  # value of a fact; the first of two changes; a number of days, people or values; a choice
    keys: tuple[FactKey, ...]  # the facts that it is about; of several hops the first one
    after: int  # number of the last event that was told
    answer: str  # empty: it was never told, or is to be forgotten
    wrong: tuple[str, ...]  # values that are wrong: superseded, corrected, forgotten, by another speaker
    evidence: tuple[int, ...]  # numbers of the events that it rests on
    path: tuple[str, ...] = ()  # attributes of the person that `keys` leads to, for several hops
    time: str | None = None  # the day that it asks about
    speaker: str | None = None  # by whose word
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """The facts of a world after an event."""

    world: World
    after: int
    facts: dict[FactKey, FactHistory]
    seed: int

    def holding(self) -> Iterator[tuple[FactKey, FactHistory, Period]]:
        """Yield the facts that hold."""
        for key, history in self.facts.items():
            if history.holding is not None:
                yield key, history, history.holding


def list_queries(world: World, after: int, seed: int) -> dict[Ability, list[Query]]:
    """Return all that can be asked after an event, by ability, each in random order."""
    known = _Known(world, after, fold_events(world.events[: after + 1]), seed)
    return {
        ability: seeded_random.shuffled(make(known), repr, seed, world.name, after, ability)
        for ability, make in _MAKERS.items()
    }


def _ask_current_values(known: _Known) -> Iterator[Query]:
    for key, history, period in known.holding():
        if not history.mistaken:
            wrong = tuple(history.superseded)
            yield Query("current value", "value", (key,), known.after, period.value, wrong, (period.event,))


def _ask_corrections(known: _Known) -> Iterator[Query]:
    for key, history, period in known.holding():
        if history.mistaken:
            wrong = tuple(history.superseded)
            yield Query("correction", "value", (key,), known.after, period.value, wrong, (period.event,))


def _ask_values_at_times(known: _Known) -> Iterator[Query]:
    for key, history, holding in known.holding():
        for period, following in pairwise(history.periods):
            if known.world.events[following.event].is_implied:
                continue  # it may have been so for some time
            start, end = map(_parse_day, (period.start, following.start))
            if end - start >= timedelta(days=2 * _MIN_DAYS):
                time = f"{start + (end - start) // 2:%Y-%m-%d}"
                told = (*history.superseded, holding.value)
                wrong = tuple(value for value in told if value != period.value)
                evidence = (period.event, following.event)
                yield Query(
                    "value at a time", "value", (key,), known.after, period.value, wrong, evidence, time=time
                )


def _ask_orders_and_durations(known: _Known) -> Iterator[Query]:
    changes = [
        (key, before, period)
        for key, history, _ in known.holding()
        if BY_NAME[key.attribute].duration == "changing"
        for before, period in pairwise(history.periods)
        if not known.world.events[period.event].is_implied  # it may have been so for some time
    ]
    for key, before, period in changes:
        is_first = before.event == known.facts[key].periods[0].event
        if is_first or known.world.events[before.event].is_implied:
            continue  # the value may have held for long when it was told
        days = str((_parse_day(period.start) - _parse_day(before.start)).days)
        evidence = (before.event, period.event)
        options = (before.value, period.value)
        yield Query("order and duration", "days", (key,), known.after, days, (), evidence, options=options)
    # In random order: what changed first must not stand first.
    changes = seeded_random.shuffled(changes, repr, known.seed, known.world.name, "order")
    for (key, _, one), (other_key, _, other) in combinations(changes[:_MAX_COMPARED], 2):
        first, second = sorted((one, other), key=lambda period: period.start)
        apart = _parse_day(second.start) - _parse_day(first.start)
        if key != other_key and one.value != other.value and apart >= timedelta(days=_MIN_DAYS):
            yield Query(
                "order and duration",
                "first",
                (key, other_key),
                known.after,
                first.value,
                (second.value,),
                (one.event, other.event),
                options=(one.value, other.value),
            )


def _ask_aggregates(known: _Known) -> Iterator[Query]:
    changed: dict[str, list[tuple[FactKey, FactHistory]]] = defaultdict(list)
    for key, history, _ in known.holding():
        if len(history.periods) > 1:
            changed[key.attribute].append((key, history))
            evidence = tuple(period.event for period in history.periods)
            number = str(len({period.value for period in history.periods}))
            yield Query("aggregate", "values", (key,), known.after, number, (), evidence)
    for facts in changed.values():
        evidence = tuple(history.periods[1].event for _, history in facts)
        keys = tuple(key for key, _ in facts)
        yield Query("aggregate", "people", keys, known.after, str(len(facts)), (), evidence)


def _ask_several_hops(known: _Known) -> Iterator[Query]:
    for key, _, relation in known.holding():
        if BY_NAME[key.attribute].duration != "relation":
            continue
        for attribute in ATTRIBUTES:
            reached = known.facts.get(FactKey(relation.value, attribute.name), FactHistory())
            if reached.holding is None or reached.holding.value == key.person:
                continue
            yield Query(
                "several hops",
                "value",
                (key,),
                known.after,
                reached.holding.value,
                tuple(reached.superseded),
                (relation.event, reached.holding.event),
                path=(attribute.name,),
            )


def _ask_conflicts(known: _Known) -> Iterator[Query]:
    for key, history, period in known.holding():
        for speaker, (value, event) in history.reported.items():
            evidence = (period.event, event)
            for who, answer, wrong in (
                (key.person, period.value, (*history.superseded, value)),
                (speaker, value, (*history.superseded, period.value)),
            ):
                yield Query("conflict", "value", (key,), known.after, answer, wrong, evidence, speaker=who)


def _ask_what_is_not_known(known: _Known) -> Iterator[Query]:
    for person in known.world.people:
        for attribute in ATTRIBUTES:
            if attribute.is_mutual:
                continue  # what another says of their own may tell it
            key = FactKey(person, attribute.name)
            history = known.facts.get(key)
            if history is None:
                yield Query("abstention", "value", (key,), known.after, "", _values_of_others(known, key), ())
            elif history.holding is None and history.forget_event is not None:
                wrong, evidence = tuple(history.forgotten), (history.forget_event,)
                yield Query("abstention", "value", (key,), known.after, "", wrong, evidence)


def _values_of_others(known: _Known, key: FactKey) -> tuple[str, ...]:
    """Return values that other people have of an attribute, some at most: they are easily mistaken for it."""
    values = (period.value for other, _, period in known.holding() if other.attribute == key.attribute)
    return tuple(dict.fromkeys(islice(values, _MAX_VALUES_OF_OTHERS)))


def _ask_preferences(known: _Known) -> Iterator[Query]:
    for key, history, period in known.holding():
        if key.attribute not in _PREFERENCES:
            continue
        others = seeded_random.shuffled(
            BY_NAME[key.attribute].values, str, known.seed, known.world.name, "choice", *key
        )
        stale = [value for value in history.superseded if value != period.value]
        reported = {value for value, _ in history.reported.values()}
        unused = [value for value in others if value not in {period.value, *stale, *reported}]
        wrong = [*stale, *unused][: _NUM_CHOICES - 1]
        options = tuple(sorted([period.value, *wrong]))
        yield Query(
            "preference",
            "choice",
            (key,),
            known.after,
            period.value,
            tuple(wrong),
            (period.event,),
            options=options,
        )


def _parse_day(time: str) -> datetime:
    """Return the day of a time."""
    return datetime.fromisoformat(time[:10])


_MAKERS: dict[Ability, Callable[[_Known], Iterator[Query]]] = {
    "current value": _ask_current_values,
    "value at a time": _ask_values_at_times,
    "order and duration": _ask_orders_and_durations,
    "aggregate": _ask_aggregates,
    "several hops": _ask_several_hops,
    "correction": _ask_corrections,
    "conflict": _ask_conflicts,
    "abstention": _ask_what_is_not_known,
    "preference": _ask_preferences,
}
