"""Writes a pin into the text of a params file: by where its nodes stand, so that all else stays as it is.

The text that results is read again, and must hold the old values and the pin: else nothing is changed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from pipeline.errors import MemcurateError
from pipeline.params import Place
from pipeline.yaml_values import compose_yaml, parse_yaml

_HASHES = ("sha256", "git_blob")
_KEYS = {"locator", *_HASHES}
_Edit = tuple[int, int, str]  # start and end of what goes, and what comes there

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor, a tag
_COLON = re.compile(r"\s*:")
_ALIAS = re.compile(r"\s*:\s*(?P<name>\*[^\s,\[\]{}]+)")
_LINE_END = re.compile(r"\r\n|\r|\n|\Z")


def with_pin(text: str, old: Place, new: Place, where: str) -> str:
    """Return the text of a params file in which each place that is `old` is `new`.

    Raises MemcurateError, which calls the file `where`, when the text is written in a way that takes no edit.
    """
    values = parse_yaml(text, where)
    expected = _replaced(values, old, new)
    edits = set()
    for place in _mappings(compose_yaml(text, where), set()):
        fields = {key.value: value for key, value in place.value if isinstance(value, ScalarNode)}
        if len(fields) == len(place.value) and _is(fields, old):
            edits |= set(_edits(text, place, old, new))
    edited = text
    for start, end, instead in sorted(edits, reverse=True):
        edited = edited[:start] + instead + edited[end:]
    if _read(edited, where) != expected or values == expected:
        name, value = _pin(new)
        raise MemcurateError(
            f"{where}: the pin of {old.locator} cannot be written where it stands, so nothing was changed: "
            f"write there yourself `locator: {new.locator}` and `{name}: {value}`"
        )
    return edited


def _read(text: str, where: str) -> dict[str, Any] | None:
    try:
        return parse_yaml(text, where)
    except MemcurateError:
        return None


def _pin(place: Place) -> tuple[str, str]:
    return ("sha256", place.sha256) if place.sha256 else ("git_blob", place.git_blob or "")


def _replaced(value: Any, old: Place, new: Place) -> Any:
    """The values with `new` in each place of `old`."""
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= _KEYS and all(value.get(key) == getattr(old, key) for key in _KEYS):
        name, pin = _pin(new)
        return {**value, "locator": new.locator, name: pin}
    return {key: _replaced(item, old, new) for key, item in value.items()}


def _mappings(node: Node, seen: set[int]) -> Iterator[MappingNode]:
    """Each mapping once, however many aliases it has."""
    if id(node) in seen or isinstance(node, ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        yield node
    for child in node.value:
        yield from _mappings(child[1] if isinstance(node, MappingNode) else child, seen)


def _is(fields: dict[str, ScalarNode], place: Place) -> bool:
    if "locator" not in fields or not fields.keys() <= _KEYS or fields["locator"].value != place.locator:
        return False
    return all(
        (None if str(fields[name].tag).endswith(":null") else fields[name].value) == getattr(place, name)
        if name in fields
        else getattr(place, name) is None
        for name in _HASHES
    )


def _edits(text: str, place: MappingNode, old: Place, new: Place) -> Iterator[_Edit]:
    """What makes this mapping `new`: another locator where it moved, and the hash after it or in its key."""
    nodes = {key.value: (key, value) for key, value in place.value}
    if new.locator != old.locator:
        yield _instead(text, *nodes["locator"], new.locator)
    name, pin = _pin(new)
    if name in nodes:
        yield _instead(text, *nodes[name], pin)
        return
    key, value = nodes["locator"]
    end = _end(text, key, value)
    if not place.flow_style:
        line_end = _found(_LINE_END, text, end)
        line_break = line_end[0] or _found(_LINE_END, text, 0)[0] or "\n"
        indent = " " * _column(text, key)
        yield line_end.start(), line_end.start(), f"{line_break}{indent}{name}: {_plain(pin)}"
    elif text[place.end_mark.index - 1] == "}":
        yield end, end, f", {name}: {_plain(pin)}"
    else:  # `[locator: x]`: a mapping of one key without braces
        yield key.start_mark.index, key.start_mark.index, "{"
        yield end, end, f", {name}: {_plain(pin)}}}"


def _instead(text: str, key: ScalarNode, node: ScalarNode, value: str) -> _Edit:
    """Another value in the same quotes."""
    alias = _ALIAS.match(text, key.end_mark.index)
    if alias is not None:
        return alias.start("name"), alias.end("name"), json.dumps(value)
    start = _found(_PROPERTIES, text, node.start_mark.index, node.end_mark.index).end()
    end = _end(text, key, node)
    if start >= end:  # nothing stands there, which means null
        colon = _COLON.match(text, key.end_mark.index)
        at = colon.end() if colon else key.end_mark.index
        return at, at, f" {_plain(value)}" if colon else f": {_plain(value)}"
    if node.style is None:
        return start, end, _plain(value)
    return start, end, "'" + value.replace("'", "''") + "'" if node.style == "'" else json.dumps(value)


def _end(text: str, key: ScalarNode, value: ScalarNode) -> int:
    """One past the value's last character; of an alias, of the alias."""
    alias = _ALIAS.match(text, key.end_mark.index)
    if alias is not None:
        return alias.end()
    start: int = value.start_mark.index
    return start + len(text[start : value.end_mark.index].rstrip())


def _column(text: str, key: ScalarNode) -> int:
    """Where the keys of a block mapping begin: at the `?` where the key has one."""
    mark = key.start_mark
    asked = re.search(r"\?[ \t]+$", text[mark.index - mark.column : mark.index])
    return asked.start() if asked else int(mark.column)


def _plain(value: str) -> str:
    """A value without quotes, unless it then reads as a number."""
    return f'"{value}"' if re.fullmatch("[0-9e]+", value) else value


def _found(pattern: re.Pattern[str], text: str, *bounds: int) -> re.Match[str]:
    """The match of a pattern that matches everywhere."""
    match = pattern.search(text, *bounds)
    assert match is not None
    return match
