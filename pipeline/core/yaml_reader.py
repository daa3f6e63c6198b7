"""Read YAML 1.2 as DVC does, with limits: the only reader of params.yaml and dvc.lock.

DVC reads and writes both with ruamel.yaml, so `020` and `6e-06` are the same values to DVC and here. Size,
depth and types are checked on the composed nodes, before a value is built: so aliases that multiply cost
nothing, and an error names its line.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, MaxDepthExceededError
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import MAX_INTEGER
from pipeline.core.unicode import is_well_formed

MAX_DEPTH = 100  # lists and mappings inside each other, through aliases too


class Limits(NamedTuple):
    """Upper bounds on the size of a document."""

    max_bytes: int
    max_values: int  # keys and values, counted again at each alias


PARAMS_LIMITS = Limits(1_000_000, 50_000)
LOCK_LIMITS = Limits(100_000_000, 10_000_000)  # DVC writes 23 kB and 2,000 values per source

_TAG_PREFIX = "tag:yaml.org,2002:"
_TYPE_NAMES = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_KNOWN_TAGS = {_TAG_PREFIX + name for name in (*_TYPE_NAMES, "null", "seq", "map", "merge")}
_MAX_SHOWN_CHARS = 60  # of a string of the file in a message


def read_yaml(path: Path, limits: Limits = PARAMS_LIMITS) -> dict[str, Any]:
    """Read a file whose document is a mapping.

    Raises MemcurateError, with the line where known, when the file cannot be read or is not such YAML.
    """
    return parse_yaml(read_text(path, limits), str(path), limits)


def read_text(path: Path, limits: Limits = PARAMS_LIMITS) -> str:
    """Read a UTF-8 text file, with its line ends as they are.

    Raises MemcurateError when it cannot be read or exceeds `limits.max_bytes`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except FileNotFoundError:
        raise MemcurateError(f"{path} is missing: run this in the project's root folder") from None
    except OSError as error:
        raise MemcurateError(f"{path} cannot be read ({error.strerror}): it should be a text file") from error
    if len(data) > limits.max_bytes:
        raise MemcurateError(f"{path} has over {limits.max_bytes:,} bytes, the most that is read: shorten it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MemcurateError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8: save the file as UTF-8"
        ) from None


def parse_yaml(text: str, where: str, limits: Limits = PARAMS_LIMITS) -> dict[str, Any]:
    """Parse a document that is a mapping; `where` names it in errors.

    Values are str, int of 64 bits, finite float, bool, None, and lists and dicts of these with str keys.
    Raises MemcurateError when the text is not such YAML.
    """
    values = _load(text, where, _LocatingConstructor, limits)
    if not isinstance(values, dict):
        raise MemcurateError(f"{where} is empty, or is not a mapping of keys to values")
    for key, problem in _find_problems(values, ()):
        raise MemcurateError(f"{where}: {format_key(key)}: {problem}")
    return values


def compose_yaml(text: str, where: str) -> Any:
    """Compose the root node of a document: nodes know their positions in the text.

    Raises MemcurateError as `parse_yaml` does, except for values that are only wrong once built.
    """
    return _load(text, where, _NodeConstructor, PARAMS_LIMITS)


def format_key(key: tuple[object, ...]) -> str:
    """Join a path of keys with dots; unprintable keys are escaped, long ones truncated."""
    parts = (truncate(str(part)) for part in key)
    return ".".join(part if part.isprintable() else ascii(part) for part in parts)


def truncate(text: str, max_chars: int = _MAX_SHOWN_CHARS) -> str:
    """Return at most `max_chars` characters of a text for a message, with an ellipsis where it is cut."""
    return text if len(text) <= max_chars else f"{text[:max_chars]}…"


def _load(text: str, where: str, constructor: type[SafeConstructor], limits: Limits) -> Any:
    # The C parser, which ruamel.yaml prefers where it is installed, reads YAML 1.1.
    reader = YAML(typ="safe", pure=True)
    reader.max_depth = MAX_DEPTH
    reader.Constructor = constructor
    reader.Composer = _BoundedComposer
    reader.composer.max_values = limits.max_values
    reader.composer.warn_double_anchors = False  # an anchor may be redefined
    try:
        return reader.load(text)
    except Exception as error:  # malformed text also raises errors other than YAMLError
        raise MemcurateError(f"{where}{_format_error(error, text)}") from None


class _UnsupportedYamlError(MarkedYAMLError):
    """An error of YAML that is valid, but not supported here."""

    def __init__(self, problem: str, node: Node) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _BoundedComposer(Composer):
    """A composer that takes only known types, at most `max_values` nodes and MAX_DEPTH levels."""

    max_values = PARAMS_LIMITS.max_values
    _node_count = 0

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None:
            _NodeLimiter(self.max_values).measure(node)
        return node

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._node_count += 1
        if self._node_count > self.max_values:
            raise _UnsupportedYamlError(
                f"there are over {self.max_values:,} keys and values up to here", parent
            )
        return super().compose_node(parent, index)


class _LocatingConstructor(SafeConstructor):
    """A constructor whose errors give the line of a value that is not of its type, such as `0x_`."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError):
            kind = _TYPE_NAMES.get(str(node.tag).removeprefix(_TAG_PREFIX), "a value")
            shown = truncate(str(node.value))
            raise _UnsupportedYamlError(
                f"{shown!r} is not {kind}: put it in quotes if it is text", node
            ) from None


class _NodeConstructor(SafeConstructor):
    """A constructor that returns the nodes themselves."""

    def construct_document(self, node: Any) -> Any:
        return node


class _NodeLimiter:
    """A check of sizes and types that visits each node once, whatever its aliases multiply to."""

    def __init__(self, max_values: int) -> None:
        self._max_values = max_values
        # By id() of a list or mapping: number of values and depth, or None during the count.
        self._measured: dict[int, tuple[int, int] | None] = {}

    def measure(self, node: Node) -> tuple[int, int]:
        """Return the number of a node's values and their depth.

        Raises _UnsupportedYamlError where a value is not supported or a limit is exceeded.
        """
        if str(node.tag) not in _KNOWN_TAGS:
            raise _UnsupportedYamlError(_describe_bad_tag(node), node)
        if isinstance(node, ScalarNode):
            return 1, 0
        if id(node) not in self._measured:
            self._measured[id(node)] = None
            inner = [self.measure(child) for child in _child_nodes(node)]
            values = 1 + sum(count for count, _ in inner)
            depth = 1 + max((levels for _, levels in inner), default=0)
            if values > self._max_values:
                raise _UnsupportedYamlError(
                    f"with its aliases, it has over {self._max_values:,} values", node
                )
            if depth > MAX_DEPTH:
                raise _UnsupportedYamlError(
                    f"with its aliases, it is nested more than {MAX_DEPTH} deep", node
                )
            self._measured[id(node)] = values, depth
        size = self._measured[id(node)]
        if size is None:
            raise _UnsupportedYamlError("an alias inside it stands for itself: remove that", node)
        return size


def _child_nodes(node: Node) -> list[Node]:
    """Return the items of a list or the values of a mapping.

    Raises _UnsupportedYamlError for a key that is not a string or stands twice.
    """
    if isinstance(node, SequenceNode):
        return list(node.value)
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            raise _UnsupportedYamlError("a key is not text, but a list or mapping", key)
        shown = truncate(key.value)
        if str(key.tag) not in (f"{_TAG_PREFIX}str", f"{_TAG_PREFIX}merge"):
            raise _UnsupportedYamlError(f"the key {shown!r} is not text: put it in quotes", key)
        if key.value in seen:
            raise _UnsupportedYamlError(f"key {shown!r} stands twice: remove one", key)
        seen.add(key.value)
    return [value for _, value in node.value]


def _describe_bad_tag(node: Node) -> str:
    tag = str(node.tag)
    if tag == f"{_TAG_PREFIX}timestamp" and isinstance(node, ScalarNode):
        return f"{truncate(node.value)!r} reads as a date, which no key takes: put it in quotes"
    if tag == f"{_TAG_PREFIX}value":
        return "a bare = is not text: put it in quotes"
    return f"the tag {truncate(tag.replace(_TAG_PREFIX, '!!'))!r} is not read here: remove it"


def _find_problems(value: object, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (key, problem) of values that Arrow, SQLite or UTF-8 cannot hold."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not is_well_formed(name):
                yield (*key, name), "half of a surrogate pair stands in the key: write the whole character"
            yield from _find_problems(item, (*key, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _find_problems(item, (*key, str(number)))
    elif isinstance(value, str) and not is_well_formed(value):
        yield key, "half of a surrogate pair stands in the text: write the whole character"
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"should be a finite number; got {value}"
    elif type(value) is int and not -MAX_INTEGER <= value < MAX_INTEGER:
        yield key, f"should be a number of at most 64 bits; got one of {value.bit_length() + 1}"


def _format_error(error: Exception, text: str) -> str:
    """Describe an error in one line: the line of the text, and the problem."""
    line, problem = "", f"{type(error).__name__} {error}"
    if isinstance(error, ReaderError):
        line = f", line {_line_number(text, error.position)}"
        problem = f"the character U+{error.character:04X} is not allowed: remove it"
    elif isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if isinstance(mark, StreamMark) else ""
        problem = " ".join(str(part) for part in (error.context, error.problem) if part)
    if isinstance(error, MaxDepthExceededError):
        problem = f"it is nested more than {MAX_DEPTH} deep"
    if not isinstance(error, _UnsupportedYamlError):
        problem = f"not valid YAML: {problem}"
    return f"{line}: {' '.join(problem.split())[:300]}"


def _line_number(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
