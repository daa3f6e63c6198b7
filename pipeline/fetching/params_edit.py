"""Write a pin into the text of a params file, at the positions of its nodes, so that the rest is unchanged.

The new text is parsed again, and must hold the old values and the pin: else nothing is changed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation
from pipeline.core.yaml_reader import compose_yaml, parse_yaml

_HASH_KEYS = ("sha256", "git_blob")
_LOCATION_KEYS = {"locator", *_HASH_KEYS}
_Edit = tuple[int, int, str]  # start, end and replacement of a range of the text

_NODE_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # anchor and tag
_COLON = re.compile(r"\s*:")
_ALIAS = re.compile(r"\s*:\s*(?P<name>\*[^\s,\[\]{}]+)")
_LINE_END = re.compile(r"\r\n|\r|\n|\Z")


def apply_pin(text: str, old: FileLocation, new: FileLocation, where: str) -> str:
    """Return the text of a params file with `new` in place of each location equal to `old`.

    `where` names the file in errors. Raises MemcurateError when the text cannot be edited so.
    """
    values = parse_yaml(text, where)
    expected = _replace_location(values, old, new)
    edits = set()
    for mapping in _iter_mappings(compose_yaml(text, where), set()):
        fields = {key.value: value for key, value in mapping.value if isinstance(value, ScalarNode)}
        if len(fields) == len(mapping.value) and _matches_location(fields, old):
            edits |= set(_make_edits(text, mapping, old, new))
    edited = text
    for start, end, replacement in sorted(edits, reverse=True):
        edited = edited[:start] + replacement + edited[end:]
    if _try_parse(edited, where) != expected or values == expected:
        name, value = _pin_entry(new)
        raise MemcurateError(
            f"{where}: the pin of {old.locator} cannot be written automatically, so nothing was changed: "
            f"write yourself `locator: {new.locator}` and `{name}: {value}`"
        )
    return edited


def _try_parse(text: str, where: str) -> dict[str, Any] | None:
    try:
        return parse_yaml(text, where)
    except MemcurateError:
        return None


def _pin_entry(location: FileLocation) -> tuple[str, str]:
    return ("sha256", location.sha256) if location.sha256 else ("git_blob", location.git_blob or "")


def _replace_location(value: Any, old: FileLocation, new: FileLocation) -> Any:
    """Return the values with `new` in place of each location equal to `old`."""
    if isinstance(value, list):
        return [_replace_location(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= _LOCATION_KEYS and all(value.get(key) == getattr(old, key) for key in _LOCATION_KEYS):
        name, pin = _pin_entry(new)
        return {**value, "locator": new.locator, name: pin}
    return {key: _replace_location(item, old, new) for key, item in value.items()}


def _iter_mappings(node: Node, seen: set[int]) -> Iterator[MappingNode]:
    """Yield each mapping once, however many aliases it has."""
    if id(node) in seen or isinstance(node, ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        yield node
    for child in node.value:
        yield from _iter_mappings(child[1] if isinstance(node, MappingNode) else child, seen)


def _matches_location(fields: dict[str, ScalarNode], location: FileLocation) -> bool:
    if (
        "locator" not in fields
        or not fields.keys() <= _LOCATION_KEYS
        or fields["locator"].value != location.locator
    ):
        return False
    return all(
        (None if str(fields[name].tag).endswith(":null") else fields[name].value) == getattr(location, name)
        if name in fields
        else getattr(location, name) is None
        for name in _HASH_KEYS
    )


def _make_edits(text: str, mapping: MappingNode, old: FileLocation, new: FileLocation) -> Iterator[_Edit]:
    """Yield the edits that turn a mapping into `new`: the locator if it changed, and the hash."""
    nodes = {key.value: (key, value) for key, value in mapping.value}
    if new.locator != old.locator:
        yield _replace_value(text, *nodes["locator"], new.locator)
    name, pin = _pin_entry(new)
    if name in nodes:
        yield _replace_value(text, *nodes[name], pin)
        return
    key, value = nodes["locator"]
    end = _value_end(text, key, value)
    if not mapping.flow_style:
        line_end = _search(_LINE_END, text, end)
        line_break = line_end[0] or _search(_LINE_END, text, 0)[0] or "\n"
        indent = " " * _key_column(text, key)
        yield line_end.start(), line_end.start(), f"{line_break}{indent}{name}: {_plain_scalar(pin)}"
    elif text[mapping.end_mark.index - 1] == "}":
        yield end, end, f", {name}: {_plain_scalar(pin)}"
    else:  # `[locator: x]`: a mapping of one key without braces
        yield key.start_mark.index, key.start_mark.index, "{"
        yield end, end, f", {name}: {_plain_scalar(pin)}}}"


def _replace_value(text: str, key: ScalarNode, node: ScalarNode, value: str) -> _Edit:
    """Return the edit that replaces a value and keeps its quotes."""
    alias = _ALIAS.match(text, key.end_mark.index)
    if alias is not None:
        return alias.start("name"), alias.end("name"), json.dumps(value)
    start = _search(_NODE_PROPERTIES, text, node.start_mark.index, node.end_mark.index).end()
    end = _value_end(text, key, node)
    if start >= end:  # an empty value is null
        colon = _COLON.match(text, key.end_mark.index)
        position = colon.end() if colon else key.end_mark.index
        return position, position, f" {_plain_scalar(value)}" if colon else f": {_plain_scalar(value)}"
    if node.style is None:
        return start, end, _plain_scalar(value)
    return start, end, "'" + value.replace("'", "''") + "'" if node.style == "'" else json.dumps(value)


def _value_end(text: str, key: ScalarNode, value: ScalarNode) -> int:
    """Return the index after the value's last character; after the alias, where the value is one."""
    alias = _ALIAS.match(text, key.end_mark.index)
    if alias is not None:
        return alias.end()
    start: int = value.start_mark.index
    return start + len(text[start : value.end_mark.index].rstrip())


def _key_column(text: str, key: ScalarNode) -> int:
    """Return the column where the keys of a block mapping begin: at the `?` where the key has one."""
    mark = key.start_mark
    question_mark = re.search(r"\?[ \t]+$", text[mark.index - mark.column : mark.index])
    return question_mark.start() if question_mark else int(mark.column)


def _plain_scalar(value: str) -> str:
    """Return a value without quotes, unless it would then read as a number."""
    return f'"{value}"' if re.fullmatch("[0-9e]+", value) else value


def _search(pattern: re.Pattern[str], text: str, *bounds: int) -> re.Match[str]:
    """Return the match of a pattern that also matches the empty string."""
    match = pattern.search(text, *bounds)
    assert match is not None
    return match
