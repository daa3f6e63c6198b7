"""The three tools that a policy writes its memory with (paper's code), and how a call is applied.

A call is a tool's name and arguments. `apply_call` applies it to a memory, or gives the reason why not: an
unknown tool; an argument that is missing, unknown or of another type; text that UTF-8 cannot hold; a memory
type that the tool does not take. Memory types may also be named as in Mem-alpha's newer code,
`semantic_memory` for `semantic`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.unicode import is_well_formed
from training.memory.memory import Memory, OperationResult

_CONTENT_SCHEMA = {"type": "string", "description": "what to remember, in a sentence or two"}
_LIST_NAME_SCHEMA = {"type": "string", "enum": ["semantic", "episodic"]}
_ENTRY_ID_SCHEMA = {"type": "string", "description": "id of the entry, such as s3; core has none"}


def _build_schema(
    name: str, description: str, properties: dict[str, Any], required: list[str]
) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


TOOLS: list[Any] = [
    _build_schema(
        "new_memory_insert",
        "add an entry",
        {"memory_type": _LIST_NAME_SCHEMA, "content": _CONTENT_SCHEMA},
        ["memory_type", "content"],
    ),
    _build_schema(
        "memory_update",
        "change an entry, or rewrite core as a whole",
        {
            "memory_type": {"type": "string", "enum": ["core", "semantic", "episodic"]},
            "new_content": _CONTENT_SCHEMA,
            "memory_id": _ENTRY_ID_SCHEMA,
        },
        ["memory_type", "new_content"],
    ),
    _build_schema(
        "memory_delete",
        "delete an entry",
        {"memory_type": _LIST_NAME_SCHEMA, "memory_id": _ENTRY_ID_SCHEMA},
        ["memory_type", "memory_id"],
    ),
]
_MEMORY_TYPE_ALIASES = {f"{name}_memory": name for name in ("core", "semantic", "episodic")}
_PARAMETER_SCHEMAS = {tool["function"]["name"]: tool["function"]["parameters"] for tool in TOOLS}
TOOL_NAMES = tuple(_PARAMETER_SCHEMAS)

_MAX_EXCERPT_CHARS = 80


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool's name and its arguments; `semantic_memory` and such become our names of memory types."""

    tool: str
    arguments: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Replace an alias of a memory type by our name."""
        named = self.arguments.get("memory_type")
        if isinstance(named, str) and named in _MEMORY_TYPE_ALIASES:
            object.__setattr__(
                self, "arguments", {**self.arguments, "memory_type": _MEMORY_TYPE_ALIASES[named]}
            )


@dataclass(frozen=True, slots=True)
class MalformedCall:
    """A text that was meant as a call and cannot be read as one."""

    reason: str
    excerpt: str  # its beginning


def excerpt(text: str, start: int = 0, end: int | None = None) -> str:
    """Return the beginning of `text[start:end]`, 80 characters at most, for a MalformedCall."""
    limit = start + _MAX_EXCERPT_CHARS
    return text[start : limit if end is None else min(end, limit)]


def apply_call(call: ToolCall, memory: Memory) -> OperationResult:
    """Apply a call to a memory; where the result is not `applied`, the memory stays as it was."""
    problem = _find_problem(call)
    if problem:
        return OperationResult(False, problem)
    return _HANDLERS[call.tool](memory, call.arguments)


def _find_problem(call: ToolCall) -> str | None:
    """Return why a call is wrong whatever the memory holds; None where it is right."""
    if call.tool not in _PARAMETER_SCHEMAS:
        return f"there is no tool {call.tool!r}"
    parameters = _PARAMETER_SCHEMAS[call.tool]
    for name in parameters["required"]:
        if name not in call.arguments:
            return f"{name} is missing"
    for name, value in call.arguments.items():
        if name not in parameters["properties"]:
            return f"there is no argument {name!r}"
        if value is None and name not in parameters["required"]:
            continue
        if not isinstance(value, str):
            return f"{name} should be a string"
        if not is_well_formed(value):
            return f"{name} holds half of a character"
        options = parameters["properties"][name].get("enum")
        if options and value not in options:
            return f"{name} takes {', '.join(options)}"
    return None


def _insert(memory: Memory, arguments: Mapping[str, Any]) -> OperationResult:
    return memory.lists[arguments["memory_type"]].insert(arguments["content"])


def _update(memory: Memory, arguments: Mapping[str, Any]) -> OperationResult:
    memory_type, text = arguments["memory_type"], arguments["new_content"]
    if memory_type == "core":
        return memory.rewrite_core(text)
    entry_id = arguments.get("memory_id")
    if entry_id is None:
        return OperationResult(False, "memory_id is missing")
    return memory.lists[memory_type].update(entry_id, text)


def _delete(memory: Memory, arguments: Mapping[str, Any]) -> OperationResult:
    return memory.lists[arguments["memory_type"]].delete(arguments["memory_id"])


_HANDLERS: dict[str, Callable[[Memory, Mapping[str, Any]], OperationResult]] = {
    "new_memory_insert": _insert,
    "memory_update": _update,
    "memory_delete": _delete,
}
