"""Insert a source into the text of a params file, so that comments, anchors and order stay as they are."""

import json
import re
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.core.errors import MemcurateError
from pipeline.core.yaml_reader import compose_yaml

_PLAIN = re.compile(r"[A-Za-z_][\w./+-]*")  # without a colon, which parsers of YAML 1.1 refuse in a list
_WORDS_OF_YAML = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def insert_source(text: str, source: str, block: dict[str, Any], where: str) -> str:
    """Return the text with the block of a source, and the source's name in `enabled_sources`.

    `where` names the file in errors. Raises MemcurateError where `sources` or `enabled_sources` is not a
    block of lines.
    """
    root = compose_yaml(text, where)
    assert isinstance(root, MappingNode)
    nodes = {key.value: value for key, value in root.value}
    names, sources = nodes["enabled_sources"], nodes["sources"]
    edits = sorted(
        [
            _edit_list(text, names, source, where),
            _edit_mapping(text, sources, source, block, where),
        ],
        reverse=True,
    )
    for position, addition in edits:
        text = text[:position] + addition + text[position:]
    return text


def _edit_list(text: str, names: Node, source: str, where: str) -> tuple[int, str]:
    """Return (position, text) of a new last item."""
    if not isinstance(names, SequenceNode):
        raise MemcurateError(f"{where}: `enabled_sources` should be a list")
    last = names.value[-1]
    if names.flow_style:
        return last.end_mark.index, f", {source}"
    start = last.start_mark.index - last.start_mark.column
    line = text[start : last.start_mark.index]
    position = _line_end(text, last.end_mark.index)
    line_end = "" if text[:position].endswith("\n") else "\n"
    return position, f"{line_end}{line}{source}\n"


def _edit_mapping(
    text: str, sources: Node, source: str, block: dict[str, Any], where: str
) -> tuple[int, str]:
    """Return (position, text) of a new last entry."""
    if not isinstance(sources, MappingNode) or sources.flow_style:
        raise MemcurateError(f"{where}: `sources` is not written as lines, `name:` and its keys below")
    key, last = sources.value[-1]
    indent = " " * key.start_mark.column
    position = _line_end(text, _content_end(text, last))
    return position, f"\n{format_block(source, block, indent)}\n"


def format_block(source: str, block: dict[str, Any], indent: str = "  ") -> str:
    """Return the lines of a source's block, as they stand below `sources`."""
    lines = [f"{indent}{source}:"]
    lines += [f"{indent}  {name}: {_format(value)}" for name, value in block.items()]
    return "\n".join(lines)


def _content_end(text: str, node: Node) -> int:
    """Return the index after the last character of a node, without comments and white space behind it."""
    end: int = node.end_mark.index
    lines = text[:end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        end -= len(lines.pop())
    return len(text[:end].rstrip())


def _line_end(text: str, index: int) -> int:
    """Return the index after the line end that follows, or the text's length."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _format(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_format, value)) + "]"
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
    return value if is_plain else json.dumps(value, ensure_ascii=False)
