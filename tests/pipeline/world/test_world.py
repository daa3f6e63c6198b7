"""Random worlds: their timelines, the facts that hold, and what is asked, against a solver of its own."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.params import WorldParams
from pipeline.world.attributes import BY_NAME
from pipeline.world.events import Event, FactKey, fold_events
from pipeline.world.people import USER
from pipeline.world.queries import ABILITIES, Query, list_queries
from pipeline.world.timeline import World, draw_world

PERCENTS = st.integers(0, 100)
PARAMS = st.builds(
    WorldParams,
    people=st.integers(2, 12),
    namesakes=st.integers(0, 1),
    facts=st.integers(8, 60),  # fewer may all be relations that nobody is left for
    days=st.integers(60, 400),
    max_changes=st.integers(0, 4),
    corrected=PERCENTS,
    restated=PERCENTS,
    planned=PERCENTS,
    reported=PERCENTS,
    forgotten=PERCENTS,
)
WORLDS = st.builds(draw_world, st.sampled_from(["a", "b"]), PARAMS, st.integers(0, 1000))


class Solver:
    """A reader of a timeline that answers from the events of a fact, one by one, without their history."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    def own(self, key: FactKey, *kinds: str) -> list[Event]:
        told = [event for event in self._events if event.key == key and event.speaker == key.person]
        return [event for event in told if event.kind in kinds]

    def value(self, key: FactKey) -> str:
        told = self.own(key, "state", "change", "correct", "forget")
        return told[-1].value if told and told[-1].kind != "forget" else ""

    def dated(self, key: FactKey) -> list[tuple[str, str]]:
        """Return (first day, value) of each value of a fact."""
        dated: list[tuple[str, str]] = []
        for event in self.own(key, "state", "change", "correct"):
            if event.kind == "correct":
                dated[-1] = (dated[-1][0], event.value)
            else:
                dated.append((event.time[:10], event.value))
        return dated

    def answer(self, query: Query) -> str:
        key = query.keys[0]
        if query.form == "people":
            return str(len(query.keys))
        if query.form == "values":
            return str(len({value for _, value in self.dated(key)}))
        if query.form == "days":
            days = {value: date.fromisoformat(day) for day, value in self.dated(key)}
            return str((days[query.options[1]] - days[query.options[0]]).days)
        if query.form == "first":
            pairs = zip(query.keys, query.options, strict=True)
            days_of = [{told: day for day, told in self.dated(one)}[value] for one, value in pairs]
            return query.options[days_of.index(min(days_of))]
        if query.ability == "conflict" and query.speaker != key.person:
            told = [event for event in self._events if event.key == key and event.speaker == query.speaker]
            return told[-1].value
        if query.time:
            return [value for day, value in self.dated(key) if day <= query.time][-1]
        value = self.value(key)
        for attribute in query.path:
            value = self.value(FactKey(value, attribute))
        return value


def all_queries(world: World, after: int) -> list[Query]:
    return [query for queries in list_queries(world, after, 7).values() for query in queries]


@settings(max_examples=60)
@given(WORLDS, st.data())
def test_a_reader_of_the_timeline_answers_every_query(world: World, data: st.DataObject) -> None:
    after = data.draw(st.integers(0, len(world.events) - 1))
    solver = Solver(world.events[: after + 1])
    for query in all_queries(world, after):
        assert solver.answer(query) == query.answer
        assert query.answer not in query.wrong
        assert all(number <= after for number in query.evidence)
        assert not query.options or query.form in ("days", "first") or query.answer in query.options


@settings(max_examples=30)
@given(WORLDS, st.data())
def test_what_holds_follows_from_the_events_before_alone(world: World, data: st.DataObject) -> None:
    after = data.draw(st.integers(0, len(world.events) - 1))
    cut = World(world.name, world.people, world.events[: after + 1])
    assert list_queries(cut, after, 7) == list_queries(world, after, 7)


@settings(max_examples=30)
@given(WORLDS)
def test_who_reads_first_statements_alone_fails_on_changes(world: World) -> None:
    first: dict[FactKey, str] = {}
    for event in world.events:
        first.setdefault(event.key, event.value)
    for query in all_queries(world, len(world.events) - 1):
        is_changed = query.ability == "correction" or (query.ability == "current value" and query.wrong)
        history = fold_events(world.events)[query.keys[0]] if is_changed else None
        if history is not None and (len(history.periods) > 1 or history.mistaken):
            assert first[query.keys[0]] != query.answer
            assert first[query.keys[0]] in query.wrong


@settings(max_examples=30)
@given(WORLDS)
def test_a_timeline_is_in_order_and_its_facts_have_one_value_at_a_time(world: World) -> None:
    assert [event.number for event in world.events] == list(range(len(world.events)))
    assert [event.time for event in world.events] == sorted(event.time for event in world.events)
    held: dict[FactKey, str] = {}
    for event in world.events:
        if event.kind in ("change", "correct", "plan", "cancel"):
            assert held[event.key] == event.previous != event.value
        elif event.kind in ("restate", "forget"):
            assert held[event.key] == event.value
        elif event.kind == "report":
            assert event.speaker != event.key.person and held[event.key] != event.value
        if event.kind in ("state", "change", "correct"):
            held[event.key] = event.value
        if BY_NAME[event.key.attribute].duration == "relation":
            assert event.value in world.people and event.value not in (USER, event.key.person)


def test_a_world_is_drawn_from_its_name_and_seed() -> None:
    assert draw_world("a", WorldParams(), 1) == draw_world("a", WorldParams(), 1)
    drawn = [draw_world(name, WorldParams(), seed).events for name, seed in (("a", 1), ("a", 2), ("b", 1))]
    assert drawn[0] != drawn[1] != drawn[2] != drawn[0]


def test_ten_thousand_queries_of_all_abilities_have_their_answers() -> None:
    asked: Counter[str] = Counter()
    for number in range(40):
        world = draw_world(f"w{number}", WorldParams(), 20)
        solver = Solver(world.events)
        for ability, queries in list_queries(world, len(world.events) - 1, 20).items():
            asked[ability] += sum(solver.answer(query) == query.answer for query in queries)
            assert all(solver.answer(query) == query.answer for query in queries)
    assert asked.total() > 10_000 and asked.keys() == set(ABILITIES) and min(asked.values()) > 50


def test_namesakes_share_a_first_name_and_no_two_people_a_full_name() -> None:
    people = draw_world("a", WorldParams(people=10, namesakes=2), 3).people
    first_names = [name.split()[0] for name in people[1:]]
    assert len(set(people)) == 11 and len(first_names) - len(set(first_names)) == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (WorldParams(people=2, facts=1000), "facts are more than"),
        (WorldParams(people=2, namesakes=2), "namesakes"),
        (WorldParams(people=100), "people"),
        (WorldParams(days=6, restated=100, reported=100, max_changes=4), "days are too few"),
    ],
)
def test_params_that_ask_for_more_than_there_is_are_errors(params: WorldParams, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        for number in range(20):
            draw_world(str(number), params, 1)


def test_numbers_of_an_attribute_are_each_drawn_once() -> None:
    """In this world a door code was drawn twice in a row."""
    params = WorldParams(
        people=2,
        namesakes=0,
        facts=20,
        days=60,
        max_changes=4,
        corrected=5,
        restated=0,
        planned=0,
        reported=0,
        forgotten=0,
    )
    changes = [event for event in draw_world("a", params, 341).events if event.kind == "change"]
    assert changes and all(event.previous != event.value for event in changes)
