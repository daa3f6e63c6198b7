"""The table of the reference on the defaults of each format: the blocks of a source that leaves them out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.core.params.formats import FORMAT_NAMES, get_default_blocks

_BLOCKS = ("chunking", "questions", "checks")
_OWN_FORMAT = "MODULE:CLASS"
TITLE = "Defaults of formats"


def render_defaults() -> Iterator[str]:
    """Yield the lines of the section: what all formats share, what differs, and formats without."""
    names = (*FORMAT_NAMES, _OWN_FORMAT)
    blocks = {name: found for name in names if (found := get_default_blocks(name))}
    common = {key: _find_common([found[key] for found in blocks.values()]) for key in _BLOCKS}
    yield from [f"## {TITLE}", ""]
    yield "A key of `chunking`, `questions` or `checks` that a source leaves out has the value of its format."
    yield "A block `chunking` with another strategy than its format's has no defaults: write all its keys."
    yield ""
    for key, values in common.items():
        if values:
            yield from [f"The same for each of these formats: `{key}: {_format(values)}`.", ""]
    yield "| format | chunking | questions | checks |"
    yield "| --- | --- | --- | --- |"
    groups: dict[str, list[str]] = {}
    for name, found in blocks.items():
        cells = [_format(_without(found[key], common[key])) for key in _BLOCKS]
        groups.setdefault(" | ".join(f"`{cell}`" for cell in cells), []).append(f"`{name}`")
    yield from (f"| {', '.join(group)} | {row} |" for row, group in groups.items())
    missing = ", ".join(f"`{name}`" for name in names if name not in blocks)
    yield from ["", f"Without defaults, so that sources write all blocks: {missing}.", ""]


def _find_common(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys that all blocks have with one value."""
    first, *others = blocks
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


def _without(block: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key not in common}


def _format(block: Mapping[str, Any]) -> str:
    """Return a block as YAML in one line."""
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in block.items()}
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"
