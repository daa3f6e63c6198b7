"""Choose what is asked about a world: at its end, and on the way, before the answer may change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from pipeline.core.params import WorldParams
from pipeline.world.queries import Ability, Query, list_queries
from pipeline.world.timeline import World

_NUM_MOMENTS = 3  # on the way, at equal distances
_MIN_EVENTS = 24  # told between such a query and what may change its answer: more than a chunk holds


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query, and the moment at which it is asked."""

    query: Query
    before: int | None = None  # number of the event that may change its answer; None: it is asked at the end


def choose_queries(world: World, params: WorldParams, seed: int) -> list[AskedQuery]:
    """Choose `params.questions` queries, equally many of each ability where the world has them."""
    num_earlier = params.questions * params.asked_earlier // 100
    last = len(world.events) - 1
    at_end = (AskedQuery(query) for query in _in_turn(list_queries(world, last, seed)))
    chosen = list(islice(at_end, params.questions - num_earlier))
    moments = [last * (number + 1) // (_NUM_MOMENTS + 1) for number in range(_NUM_MOMENTS)]
    for number, after in enumerate(moments):
        count = num_earlier * (number + 1) // _NUM_MOMENTS - num_earlier * number // _NUM_MOMENTS
        chosen += islice(_ask_on_the_way(world, after, seed), count)
    return chosen


def _ask_on_the_way(world: World, after: int, seed: int) -> Iterator[AskedQuery]:
    """Yield the queries after an event that a later one, not too soon, may change."""
    for query in _in_turn(list_queries(world, after, seed)):
        before = _find_change(world, query)
        if before is not None and before - after >= _MIN_EVENTS:
            yield AskedQuery(query, before)


def _find_change(world: World, query: Query) -> int | None:
    """Return the number of the first later event about what a query rests on; None where there is none."""
    events = islice(world.events, query.after + 1, None)
    if query.form == "people":
        return next((one.number for one in events if one.key.attribute == query.keys[0].attribute), None)
    keys = {*query.keys, *(world.events[number].key for number in query.evidence)}
    return next((one.number for one in events if one.key in keys), None)


def _in_turn(queries: dict[Ability, list[Query]]) -> Iterator[Query]:
    """Yield queries of all abilities in turn, and of each ability its forms in turn."""
    mixed = []
    for of_ability in queries.values():
        forms: dict[tuple[str, bool], list[Query]] = {}
        for query in of_ability:
            forms.setdefault((query.form, bool(query.evidence)), []).append(query)
        mixed.append(_interleave(forms.values()))
    return _interleave(mixed)


def _interleave(lists: Iterable[Iterable[Query]]) -> Iterator[Query]:
    """Yield the first of each list, then the second of each, and so on."""
    return (query for query in chain.from_iterable(zip_longest(*lists)) if query is not None)
