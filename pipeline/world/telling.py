"""Tell a world in dated group chats with an assistant, and ask about it, as a record of JSON."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pipeline.core import seeded_random
from pipeline.core.params import Simulation
from pipeline.world.asked import AskedQuery, choose_queries
from pipeline.world.events import Event, list_held_values
from pipeline.world.people import USER
from pipeline.world.timeline import World, draw_world
from pipeline.world.wording import Wording, WordingSplit

ASSISTANT = "Assistant"
_NUMBER_FORMS = ("days", "people", "values")


def iter_records(params: Simulation) -> Iterator[dict[str, Any]]:
    """Yield the record of each world: those of test first.

    A record has `name`, `split`, `sessions` of `turns`, `events`, `facts` and `questions`. A turn that tells
    an event has its number; one with `filler` asks for a passage of the filler, which comes after it.

    Raises ValueError where the params ask for more than a world can have.
    """
    splits: dict[WordingSplit, int] = {"test": params.test, "train": params.train}
    for split, number in splits.items():
        for index in range(number):
            world = draw_world(f"{split} world {index + 1}", params, params.seed)
            yield _make_record(world, split, params)


def _make_record(world: World, split: WordingSplit, params: Simulation) -> dict[str, Any]:
    wording = Wording(split, params.seed, world.name)
    return {
        "name": world.name,
        "split": split,
        "sessions": _tell_sessions(world, wording, params),
        "events": [_describe_event(event) for event in world.events],
        "facts": _list_facts(world),
        "questions": [_ask(asked, world, wording) for asked in choose_queries(world, params, params.seed)],
    }


def _tell_sessions(world: World, wording: Wording, params: Simulation) -> list[dict[str, Any]]:
    """Return a session for each time at which something is told."""
    return [
        {"time": time, "turns": [turn for event in events for turn in _tell(event, world, wording, params)]}
        for time, events in groupby(world.events, key=lambda event: event.time)
    ]


def _tell(event: Event, world: World, wording: Wording, params: Simulation) -> Iterator[dict[str, Any]]:
    """Yield the turns of an event, after those that ask for filler."""
    whole, rest = divmod(params.filler, 100)
    drawn = seeded_random.draw(params.seed, world.name, "filler", event.number) % 100
    for number in range(whole + (drawn < rest)):
        yield {"speaker": USER, "text": wording.request_filler(event, number), "filler": True}
    yield {"speaker": event.speaker, "text": wording.tell(event), "event": event.number}
    yield {"speaker": ASSISTANT, "text": wording.reply(event)}


def _describe_event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "person": event.key.person,
        "attribute": event.key.attribute,
        "value": event.value,
        "previous": event.previous,
    }


def _list_facts(world: World) -> list[dict[str, Any]]:
    return [
        {
            "subject": held.key.person,
            "attribute": held.key.attribute,
            "value": held.value,
            "event": held.event,
            "end": held.end,
            "end_event": held.end_event,
        }
        for held in list_held_values(world.events)
    ]


def _ask(asked: AskedQuery, world: World, wording: Wording) -> dict[str, Any]:
    query = asked.query
    metric = "number" if query.form in _NUMBER_FORMS else "contains" if query.answer else "abstain"
    return {
        "ability": query.ability,
        "text": wording.ask(query),
        "answers": [query.answer] if query.answer else [],
        "metric": metric,
        "wrong_answers": list(dict.fromkeys(query.wrong)),
        "evidence": list(dict.fromkeys(query.evidence)),
        "time": world.events[query.after].time,
        "after": None if asked.before is None else query.after,
        "before": asked.before,
    }
