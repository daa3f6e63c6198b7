"""YAML 1.2 as DVC reads it, in bounds: params.yaml and dvc.lock are read here and nowhere else.

DVC reads and writes both with ruamel.yaml, so that `020` and `6e-06` are the same to DVC and here. Size,
depth and types are checked on the composed nodes, before a value is built: aliases that multiply cost nothing
then, and an error knows its line.
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

from pipeline.errors import MemcurateError
from pipeline.text.json_values import MAX_INTEGER
from pipeline.text.well_formed import is_well_formed

MAX_DEPTH = 100  # lists and mappings inside each other, through aliases too


class Limits(NamedTuple):
    """How much of a document is read at most."""

    bytes: int
    values: int  # keys and values, those behind an alias counted at each alias


PARAMS = Limits(1_000_000, 50_000)
LOCK = Limits(100_000_000, 10_000_000)  # DVC writes it: 23 kB and 2,000 values for each source

_TAG = "tag:yaml.org,2002:"
_KINDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_KNOWN = {_TAG + name for name in (*_KINDS, "null", "seq", "map", "merge")}
_SHOWN = 60  # characters of a foreign string in a message


def read_yaml(path: Path, limits: Limits = PARAMS) -> dict[str, Any]:
    """Read a file whose document is a mapping.

    Raises MemcurateError, with the line where there is one, when the file cannot be read or is not such YAML.
    """
    return parse_yaml(read_text(path, limits), str(path), limits)


def read_text(path: Path, limits: Limits = PARAMS) -> str:
    """Read a text file, its line ends as they are. Raises MemcurateError when it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(limits.bytes + 1)
    except FileNotFoundError:
        raise MemcurateError(f"{path} is missing: run this in the project's root folder") from None
    except OSError as error:
        raise MemcurateError(f"{path} cannot be read ({error.strerror}): it should be a text file") from error
    if len(data) > limits.bytes:
        raise MemcurateError(f"{path} has over {limits.bytes:,} bytes, the most that is read: shorten it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MemcurateError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8: save the file as UTF-8"
        ) from None


def parse_yaml(text: str, where: str, limits: Limits = PARAMS) -> dict[str, Any]:
    """Build the values of a document that is a mapping.

    They are str, int of 64 bits, finite float, bool, None, and lists and dicts of these with keys of str.
    Raises MemcurateError, which calls the document `where`, when the text is not such YAML.
    """
    values = _loaded(text, where, _Constructor, limits)
    if not isinstance(values, dict):
        raise MemcurateError(f"{where} is empty, or is not a mapping of keys to values")
    for key, problem in _problems(values, ()):
        raise MemcurateError(f"{where}: {dotted(key)}: {problem}")
    return values


def compose_yaml(text: str, where: str) -> Any:
    """Compose the root node of a document: nodes know where in the text they stand.

    Raises MemcurateError as `parse_yaml` does, but for numbers that are not read.
    """
    return _loaded(text, where, _NodeConstructor, PARAMS)


def dotted(key: tuple[object, ...]) -> str:
    """Write a path of keys with dots between them, odd characters escaped and long keys cut."""
    parts = (_shortened(str(part)) for part in key)
    return ".".join(part if part.isprintable() else ascii(part) for part in parts)


def _loaded(text: str, where: str, constructor: type[SafeConstructor], limits: Limits) -> Any:
    # Not the C parser, which ruamel.yaml would take where it is installed: it speaks YAML 1.1.
    reader = YAML(typ="safe", pure=True)
    reader.max_depth = MAX_DEPTH
    reader.Constructor = constructor
    reader.Composer = _Composer
    reader.composer.max_values = limits.values
    reader.composer.warn_double_anchors = False  # a name may be given anew
    try:
        return reader.load(text)
    except Exception as error:  # besides YAMLError, the library's own slips on malformed text
        raise MemcurateError(f"{where}{_told(error, text)}") from None


class _UnfitError(MarkedYAMLError):
    """YAML that is valid, and not read here."""

    def __init__(self, problem: str, node: Node) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _Composer(Composer):
    """Composes nodes that are in bounds and of known types, and no more of them than `max_values`."""

    max_values = PARAMS.values
    _count = 0

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None:
            _Check(self.max_values).size(node)
        return node

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._count += 1
        if self._count > self.max_values:
            raise _UnfitError(f"there are over {self.max_values:,} keys and values up to here", parent)
        return super().compose_node(parent, index)


class _Constructor(SafeConstructor):
    """Says where a value stands that is not of its type, such as `0x_`."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError):
            kind = _KINDS.get(str(node.tag).removeprefix(_TAG), "a value")
            shown = _shortened(str(node.value))
            raise _UnfitError(f"{shown!r} is not {kind}: put it in quotes if it is text", node) from None


class _NodeConstructor(SafeConstructor):
    """Constructs nothing."""

    def construct_document(self, node: Any) -> Any:
        return node


class _Check:
    """Goes through the nodes once, whatever their aliases multiply to."""

    def __init__(self, max_values: int) -> None:
        self._max_values = max_values
        # By id of a list or mapping: values and depth, or None while these are counted.
        self._known: dict[int, tuple[int, int] | None] = {}

    def size(self, node: Node) -> tuple[int, int]:
        """Count a node's values, and how deep they are nested. Raises _UnfitError where it is not fit."""
        if str(node.tag) not in _KNOWN:
            raise _UnfitError(_odd(node), node)
        if isinstance(node, ScalarNode):
            return 1, 0
        if id(node) not in self._known:
            self._known[id(node)] = None
            inner = [self.size(child) for child in _children(node)]
            values = 1 + sum(one for one, _ in inner)
            depth = 1 + max((one for _, one in inner), default=0)
            if values > self._max_values:
                raise _UnfitError(f"with its aliases, it has over {self._max_values:,} values", node)
            if depth > MAX_DEPTH:
                raise _UnfitError(f"with its aliases, it is nested more than {MAX_DEPTH} deep", node)
            self._known[id(node)] = values, depth
        found = self._known[id(node)]
        if found is None:
            raise _UnfitError("an alias inside it stands for itself: remove that", node)
        return found


def _children(node: Node) -> list[Node]:
    """The items of a list or the values of a mapping. Raises _UnfitError on a key that is not fit."""
    if isinstance(node, SequenceNode):
        return list(node.value)
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            raise _UnfitError("a key is not text, but a list or mapping", key)
        shown = _shortened(key.value)
        if str(key.tag) not in (f"{_TAG}str", f"{_TAG}merge"):
            raise _UnfitError(f"the key {shown!r} is not text: put it in quotes", key)
        if key.value in seen:
            raise _UnfitError(f"key {shown!r} stands twice: remove one", key)
        seen.add(key.value)
    return [value for _, value in node.value]


def _odd(node: Node) -> str:
    tag = str(node.tag)
    if tag == f"{_TAG}timestamp" and isinstance(node, ScalarNode):
        return f"{_shortened(node.value)!r} reads as a date, which no key takes: put it in quotes"
    if tag == f"{_TAG}value":
        return "a bare = is not text: put it in quotes"
    return f"the tag {_shortened(tag.replace(_TAG, '!!'))!r} is not read here: remove it"


def _problems(value: object, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Find values that no file of ours can hold."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not is_well_formed(name):
                yield (*key, name), "half of a surrogate pair stands in the key: write the whole character"
            yield from _problems(item, (*key, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _problems(item, (*key, str(number)))
    elif isinstance(value, str) and not is_well_formed(value):
        yield key, "half of a surrogate pair stands in the text: write the whole character"
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, f"should be a finite number; got {value}"
    elif type(value) is int and not -MAX_INTEGER <= value < MAX_INTEGER:
        yield key, f"should be a number of at most 64 bits; got one of {value.bit_length() + 1}"


def _told(error: Exception, text: str) -> str:
    """What is wrong, and where, in one line."""
    line, problem = "", f"{type(error).__name__} {error}"
    if isinstance(error, ReaderError):
        line = f", line {_line(text, error.position)}"
        problem = f"the character U+{error.character:04X} is not allowed: remove it"
    elif isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if isinstance(mark, StreamMark) else ""
        problem = " ".join(str(part) for part in (error.context, error.problem) if part)
    if isinstance(error, MaxDepthExceededError):
        problem = f"it is nested more than {MAX_DEPTH} deep"
    if not isinstance(error, _UnfitError):
        problem = f"not valid YAML: {problem}"
    return f"{line}: {' '.join(problem.split())[:300]}"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
