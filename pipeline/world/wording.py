"""Put the events and queries of a world in words, by the templates of wording.yaml.

Worlds of the train split and of the test split use different templates.
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.core import seeded_random
from pipeline.core.yaml_reader import read_yaml
from pipeline.world.events import Event, FactKey
from pipeline.world.people import USER
from pipeline.world.queries import Query

WordingSplit = Literal["train", "test"]
_KINDS_BY_ATTRIBUTE = ("state", "implied", "change", "plan")  # the others have frames for all attributes


@cache
def load_wording() -> dict[str, Any]:
    """Return the templates of wording.yaml."""
    return read_yaml(Path(__file__).with_name("wording.yaml"))


class Wording:
    """The templates of a split, drawn for a world."""

    def __init__(self, split: WordingSplit, seed: int, world: str) -> None:
        """`seed` and the world's name draw the templates."""
        self._split = split
        self._seed = seed
        self._world = world
        self._templates = load_wording()

    def tell(self, event: Event) -> str:
        """Return the sentence that tells an event."""
        attribute = self._templates["attributes"][event.key.attribute]
        frames = self._templates["frames"]
        kind = "implied" if event.is_implied else event.kind
        block = attribute if kind in _KINDS_BY_ATTRIBUTE else frames
        template = self._choose(block[kind], event.kind, event.number)
        return template.format(
            value=event.value,
            previous=event.previous,
            noun=attribute["noun"],
            clause=attribute["clause"].format(value=event.value),
            report=attribute["report"].format(value=event.value, person=event.key.person),
        )

    def reply(self, event: Event) -> str:
        """Return the assistant's reply to an event."""
        return self._choose(self._templates["replies"], "reply", event.number)

    def request_filler(self, event: Event, number: int) -> str:
        """Return the user's wish for passage `number` of the filler, before an event."""
        return self._choose(self._templates["filler_requests"], "request", event.number, number)

    def ask(self, query: Query) -> str:
        """Return the text of a query."""
        key = query.keys[0]
        attribute = self._templates["attributes"][key.attribute]
        asks = self._templates["asks"]
        names = {"owner": _owner(key.person), "person": key.person, "noun": attribute["noun"]}
        if query.form == "choice":
            names |= {"whom": _whom(key.person), "options": _join(query.options)}
            template = attribute["ask_choice"]
        elif query.form == "first":
            one, other = map(self._phrase_change, query.keys, query.options)
            names |= {"one": one, "other": other}
            template = asks["first"]
        elif query.form == "days":
            start, end = (self._phrase_change(key, value) for value in query.options)
            names |= {"start": start, "end": end}
            template = asks["days"]
        elif query.form in ("people", "values"):
            template = asks[query.form]
        elif query.path:
            relation = attribute["noun"]
            whom = f"my {relation}" if key.person == USER else f"the {relation} of {key.person}"
            names["whom"] = whom
            template = self._templates["attributes"][query.path[-1]]["ask_hop"]
        elif query.speaker is not None:
            names["who"] = _whom(query.speaker)
            template = asks["conflict_self" if query.speaker == key.person else "conflict"]
        elif query.time is not None:
            names["time"] = query.time
            template = attribute["ask_at"]
        else:
            template = attribute["ask_self" if key.person == USER else "ask_other"]
        return self._choose(template, "ask", repr(query)).format(**names)

    def _phrase_change(self, key: FactKey, value: str) -> str:
        noun = self._templates["attributes"][key.attribute]["noun"]
        phrase: str = self._templates["asks"]["change_phrase"]
        return phrase.format(owner=_owner(key.person), noun=noun, value=value)

    def _choose(self, templates: dict[str, list[str]], *names: object) -> str:
        options = templates[self._split]
        return options[self._draw(*names) % len(options)]

    def _draw(self, *names: object) -> int:
        return seeded_random.draw(self._seed, self._world, *names)


def _owner(person: str) -> str:
    return "my" if person == USER else f"{person}'s"


def _whom(person: str) -> str:
    return "me" if person == USER else person


def _join(options: tuple[str, ...]) -> str:
    return f"{', '.join(options[:-1])} or {options[-1]}"
