"""Draw the timeline of a world: the events of its people, day by day.

Each fact gets a chain of events of its own: it is stated, then restated, changed, corrected, planned to
change, reported otherwise by someone else, or to be forgotten. The chains are merged by day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from pipeline.core import seeded_random
from pipeline.core.params import WorldParams
from pipeline.world.attributes import ATTRIBUTES, BY_NAME, Attribute
from pipeline.world.events import Event, EventKind, FactKey
from pipeline.world.people import USER, draw_people

_START = datetime(2023, 1, 2)
_DAYS_PER_SLOT = 3  # between two events of a fact; a correction comes the day after what it corrects
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class World:
    """The people of a world, the user first, and its events in order."""

    name: str
    people: list[str]
    events: list[Event]


class _Draws:
    """Draws of a fact of a world, each with a name of its own."""

    def __init__(self, seed: int, *names: object) -> None:
        self._seed = seed
        self._names = names

    def below(self, bound: int, *names: object) -> int:
        """Draw a number from 0 to `bound` - 1."""
        return seeded_random.draw(self._seed, *self._names, *names) % bound

    def happens(self, percent: int, *names: object) -> bool:
        return self.below(100, *names) < percent

    def shuffled(self, items: Sequence[str], *names: object) -> list[str]:
        return seeded_random.shuffled(items, str, self._seed, *self._names, *names)


_Step = tuple[EventKind, str, str | None]  # kind, value, previous value


def draw_world(name: str, params: WorldParams, seed: int) -> World:
    """Draw the world with a name. Raises ValueError where the params ask for more than there is."""
    people = draw_people(params.people, params.namesakes, seed, name)
    tellers = {one.name: _draw_tellers(one, people, seed, name) for one in ATTRIBUTES if one.is_mutual}
    keys = [
        FactKey(person, attribute.name)
        for attribute in ATTRIBUTES
        for person in tellers.get(attribute.name, people)
    ]
    if params.facts > len(keys):
        raise ValueError(f"{params.facts} facts are more than the {len(keys)} of {len(people)} people")
    told = seeded_random.shuffled(keys, str, seed, name, "facts")[: params.facts]
    drafts: list[tuple[int, FactKey, _Step, str]] = []
    for key in told:
        of_relation = tellers.get(key.attribute, ())
        drafts += _draw_chain(key, people, of_relation, params, _Draws(seed, name, *key))
    if not drafts:
        raise ValueError(f"{len(people)} people are too few for the relations that {params.facts} facts tell")
    drafts.sort(key=lambda draft: (draft[0], seeded_random.draw(seed, name, "order", *draft[1], draft[0])))
    events = [
        Event(
            number,
            _format_time(day, seed, name),
            kind,
            key,
            value,
            previous,
            speaker,
            _can_be_implied(kind, key) and _is_implied(number, params, seed, name),
        )
        for number, (day, key, (kind, value, previous), speaker) in enumerate(drafts)
    ]
    return World(name, people, events)


def _can_be_implied(kind: EventKind, key: FactKey) -> bool:
    """Return whether an event may be told by implication, where that ends the value before it too."""
    return kind == "state" or (kind == "change" and not BY_NAME[key.attribute].may_be_several)


def _is_implied(event: int, params: WorldParams, seed: int, world: str) -> bool:
    return seeded_random.draw(seed, world, "implied", event) % 100 < params.implied


def _draw_tellers(attribute: Attribute, people: Sequence[str], seed: int, world: str) -> Sequence[str]:
    """Draw who may tell a mutual relation of theirs, half of the people; it is to one of the others.

    So no two people contradict each other.
    """
    return [USER, *seeded_random.shuffled(people[1:], str, seed, world, "tellers", attribute.name)][
        : len(people) // 2
    ]


def _format_time(day: int, seed: int, world: str) -> str:
    """Return the time of the conversation of a day."""
    minutes = seeded_random.randint(8 * 60, 22 * 60, seed, world, "time", day)
    return f"{_START + timedelta(days=day, minutes=minutes):%Y-%m-%d %H:%M}"


def _draw_chain(
    key: FactKey, people: Sequence[str], tellers: Sequence[str], params: WorldParams, draws: _Draws
) -> Iterator[tuple[int, FactKey, _Step, str]]:
    """Yield the events of a fact in order: day, fact, step, speaker. No relation is to one of `tellers`."""
    others = [other for other in people[1:] if other != key.person and other not in tellers]
    values = iter(_draw_values(BY_NAME[key.attribute], others, draws))
    steps = list(_draw_steps(key, params, values, draws))
    slots = draws.shuffled([f"{slot:06}" for slot in range(params.days // _DAYS_PER_SLOT)], "slots")
    num_slots = sum(kind != "correct" for kind, _, _ in steps)
    if num_slots > len(slots):
        raise ValueError(f"{params.days} days are too few for {num_slots} events of a fact")
    days = iter(sorted(int(slot) * _DAYS_PER_SLOT for slot in slots[:num_slots]))
    day = 0
    for step in steps:
        day = day + 1 if step[0] == "correct" else next(days)
        speaker = key.person
        if step[0] == "report":
            others = [person for person in people if person not in (key.person, step[1])]
            speaker = others[draws.below(len(others), "speaker")]
        yield day, key, step, speaker


def _draw_values(attribute: Attribute, others: Sequence[str], draws: _Draws) -> Iterator[str]:
    """Yield values of an attribute in random order, each once; those of a relation are among `others`."""
    if attribute.digits:
        drawn: set[str] = set()
        for number in count():
            digits = (_DIGITS[draws.below(10, "digit", number, place)] for place in range(attribute.digits))
            value = "".join(digits)
            if value not in drawn:
                drawn.add(value)
                yield value
    values = attribute.values
    if attribute.duration == "relation":
        values = [other for other in others if not values or other.split()[0] in values]
    yield from draws.shuffled(values, "values")


def _draw_steps(key: FactKey, params: WorldParams, values: Iterator[str], draws: _Draws) -> Iterator[_Step]:
    """Yield the steps of a fact in order; they end where no other value is left.

    Others say nothing of the user, who hears it.
    """
    value = next(values, None)
    if value is None:
        return
    yield "state", value, None
    if draws.happens(params.corrected, "corrected"):
        other = next(values, None)
        if other is not None:
            yield "correct", other, value
            value = other
    if draws.happens(params.restated, "restated"):
        yield "restate", value, None
    can_change = BY_NAME[key.attribute].duration == "changing"
    for change in range(draws.below(params.max_changes + 1, "changes") if can_change else 0):
        other = next(values, None)
        if other is None:
            break
        if draws.happens(params.planned, "planned", change):
            yield "plan", other, value
            if draws.below(2, "cancelled", change):
                yield "cancel", other, value
                continue
        yield "change", other, value
        value = other
    if key.person != USER and draws.happens(params.reported, "reported"):
        other = next(values, None)
        if other is not None:
            yield "report", other, None
    if draws.happens(params.forgotten, "forgotten"):
        yield "forget", value, None
