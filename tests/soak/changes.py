"""Random changes of params, drawn from the types and bounds of their models: so new keys are drawn, too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.core.params import Params

Change = dict[str, object]  # values by their dotted keys in params.yaml

_SHARED_BLOCKS = ("seed", "tokenizer", "shard_mb", "split", "dataset")
_AGENT_BLOCKS = ("memory", "generation", "rewards", "evaluation")
_LANGUAGES = ("en", "de", "fr", "es", "ru", "zh", "ar", "la")
_TEXTS = (
    "A plain title",
    "Größe, 名前 & <b>",
    "One | two",
    'A "quoted": {title}',
    "Of two\nlines",
    "#1 - [x](y)",
)
_MAX_INT = 1_000_000
_MAX_SMALL = 100  # bounds up to this are those of percents, and are drawn evenly


@dataclass(frozen=True)
class Key:
    """A key of params.yaml, its value with defaults, and its type."""

    path: str
    value: Any
    hint: Any
    metadata: tuple[Any, ...]


def iter_keys(model: BaseModel, path: str) -> Iterator[Key]:
    """Yield the keys of a block and of the blocks in it."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from iter_keys(value, f"{path}.{name}")
        else:
            yield Key(f"{path}.{name}", value, field.annotation, tuple(field.metadata))


def draw_change(params: Params, first: Params, random: Random) -> Change:
    """Return a change of one part of the params, sometimes of several. Sources are those of `first`."""
    change: Change = {}
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        kind = random.choices(
            (_draw_of_source, _draw_shared, _draw_sources, _draw_strategy, _draw_text, _draw_agent),
            (50, 16, 14, 8, 6, 4),
        )[0]
        change |= kind(params, first, random)
    return change


def _draw_of_source(params: Params, first: Params, random: Random) -> Change:
    """Draw a value of one key of a source."""
    source = random.choice(params.enabled_sources)
    keys = list(iter_keys(params.sources[source], f"sources.{source}"))
    return _draw_one([key for key in keys if ".card." not in key.path], random)


def _draw_shared(params: Params, first: Params, random: Random) -> Change:
    """Draw a value of a key that all sources share."""
    keys: list[Key] = []
    for name in _SHARED_BLOCKS:
        value, field = getattr(params, name), Params.model_fields[name]
        if isinstance(value, BaseModel):
            keys += iter_keys(value, name)
        else:
            keys.append(Key(name, value, field.annotation, tuple(field.metadata)))
    return _draw_one(keys, random)


def _draw_agent(params: Params, first: Params, random: Random) -> Change:
    """Draw a value of a key on which no row depends."""
    name = random.choice(_AGENT_BLOCKS)
    return _draw_one(list(iter_keys(getattr(params, name), name)), random)


def _draw_sources(params: Params, first: Params, random: Random) -> Change:
    """Enable or disable a source, or make it an evaluation set, or deny its license."""
    enabled, held = list(params.enabled_sources), list(params.dataset.eval_only_sources)
    disabled = [name for name in first.enabled_sources if name not in enabled]
    match random.randrange(6):
        case 0 | 1 if disabled:
            enabled.insert(random.randint(0, len(enabled)), random.choice(disabled))
        case 2:
            held = [] if held else [random.choice(enabled)]
        case 3:
            license = params.sources[random.choice(enabled)].card.license
            enabled = [name for name in enabled if params.sources[name].card.license != license]
            held = [name for name in held if name in enabled]
            return {
                "licenses.deny": [license],
                "enabled_sources": enabled or list(first.enabled_sources),
                "dataset.eval_only_sources": held,
            }
        case _:
            enabled.remove(random.choice(enabled))
            held = [name for name in held if name in enabled]
    return {
        "enabled_sources": enabled or list(first.enabled_sources),
        "dataset.eval_only_sources": held,
    }


def _draw_strategy(params: Params, first: Params, random: Random) -> Change:
    """Give a source the chunking of another."""
    source, other = random.choice(params.enabled_sources), random.choice(first.enabled_sources)
    return {f"sources.{source}.chunking": params.sources[other].chunking.model_dump(mode="json")}


def _draw_text(params: Params, first: Params, random: Random) -> Change:
    """Draw a title, a note or a language of a source."""
    source = random.choice(params.enabled_sources)
    if random.random() < 0.4:
        return {f"sources.{source}.language": random.choice(_LANGUAGES)}
    return {f"sources.{source}.card.{random.choice(('title', 'note'))}": random.choice(_TEXTS)}


def _draw_one(keys: list[Key], random: Random) -> Change:
    """Draw another value of a key whose type can be drawn."""
    for key in random.sample(keys, len(keys)):
        values = list(_draw_values(key.hint, key.metadata, key.value, random))
        others = [value for value in values if value != key.value]
        if others:
            return {key.path.replace(".format.", "."): random.choice(others)}
    return {}


def _draw_values(hint: Any, metadata: tuple[Any, ...], value: Any, random: Random) -> Iterator[Any]:
    """Yield some values of a type; none of a type that cannot be drawn, such as a name of a column."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *more = get_args(hint)
        found = [part for one in more for part in (one.metadata if isinstance(one, FieldInfo) else [one])]
        yield from _draw_values(inner, (*metadata, *found), value, random)
    elif origin in (Union, UnionType) and NoneType in get_args(hint):
        inner = next(one for one in get_args(hint) if one is not NoneType)
        others = list(_draw_values(inner, metadata, value, random))
        yield from [None, *others] if others else []
    elif origin is Literal:
        yield from get_args(hint)
    elif hint is bool:
        yield not value
    elif hint is int:
        yield from _draw_ints(_bounds(metadata, 0 if value is None else value), value, random)
    elif hint is float:
        low, high = _bounds(metadata, value or 0.5)
        yield round(random.uniform(low + 0.01, min(high, 10) - 0.01), 2)


def _draw_ints(bounds: tuple[float, float], value: int | None, random: Random) -> Iterator[int]:
    """Yield numbers between the bounds: near the value, and the lowest."""
    low, high = int(bounds[0]), int(min(bounds[1], _MAX_INT))
    if high <= _MAX_SMALL:
        yield random.randint(low, high)
        return
    near = value or max(low, 4)
    drawn = [near + 1, near - 1, near // 2, near * 2, round(near * random.uniform(0.5, 2.0)), low]
    yield from (min(high, max(low, one)) for one in drawn)


def _bounds(metadata: tuple[Any, ...], value: float) -> tuple[float, float]:
    """Return the lowest and the highest value; where none is declared, far from the value."""
    low, high = -_MAX_INT, _MAX_INT
    for one in metadata:
        low = max(low, getattr(one, "ge", low), getattr(one, "gt", low))
        high = min(high, getattr(one, "le", high), getattr(one, "lt", high))
    return low, high


def apply_change(values: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return params with other values at dotted keys; a block on the way that is absent is made."""
    changed: dict[str, Any] = json.loads(json.dumps(values))
    for path, value in change.items():
        *blocks, last = path.split(".")
        node = changed
        for block in blocks:
            node = node.setdefault(block, {})
        node[last] = value
    return changed
