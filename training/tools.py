"""The tools that a policy writes its memory with (paper's code: three of them), and what a call does.

A call is a name and arguments. `run` applies it to a memory, or says why not: an unknown tool, an argument
that is missing, unknown or of another type, text that UTF-8 cannot hold, a memory type that the tool does not
take. Memory types may be named as in Mem-alpha's newer code, `semantic_memory` for `semantic`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.text.well_formed import is_well_formed
from training.memory import Memory, Outcome

_CONTENT = {"type": "string", "description": "what to remember, in a sentence or two"}
_LIST = {"type": "string", "enum": ["semantic", "episodic"]}
_ID = {"type": "string", "description": "id of the entry, such as s3; core has none"}


def _schema(name: str, description: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


TOOLS: list[Any] = [
    _schema(
        "new_memory_insert",
        "add an entry",
        {"memory_type": _LIST, "content": _CONTENT},
        ["memory_type", "content"],
    ),
    _schema(
        "memory_update",
        "change an entry, or rewrite core as a whole",
        {
            "memory_type": {"type": "string", "enum": ["core", "semantic", "episodic"]},
            "new_content": _CONTENT,
            "memory_id": _ID,
        },
        ["memory_type", "new_content"],
    ),
    _schema(
        "memory_delete",
        "delete an entry",
        {"memory_type": _LIST, "memory_id": _ID},
        ["memory_type", "memory_id"],
    ),
]
_TYPES = {f"{name}_memory": name for name in ("core", "semantic", "episodic")}
_PARAMETERS = {tool["function"]["name"]: tool["function"]["parameters"] for tool in TOOLS}
TOOL_NAMES = tuple(_PARAMETERS)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool by name, and its arguments; a memory type has our name, whichever the call gave it."""

    tool: str
    arguments: Mapping[str, Any]

    def __post_init__(self) -> None:
        named = self.arguments.get("memory_type")
        if isinstance(named, str) and named in _TYPES:
            object.__setattr__(self, "arguments", {**self.arguments, "memory_type": _TYPES[named]})


@dataclass(frozen=True, slots=True)
class Unread:
    """What was meant as a call and is none: why, and how it begins."""

    why: str
    text: str


def run(call: Call, memory: Memory) -> Outcome:
    """Apply a call to a memory; the memory stays as it was where the outcome is not applied."""
    problem = _problem(call)
    if problem:
        return Outcome(False, problem)
    return _RUN[call.tool](memory, call.arguments)


def _problem(call: Call) -> str | None:
    """What is wrong with a call whatever the memory holds."""
    if call.tool not in _PARAMETERS:
        return f"there is no tool {call.tool!r}"
    parameters = _PARAMETERS[call.tool]
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


def _insert(memory: Memory, arguments: Mapping[str, Any]) -> Outcome:
    return memory.lists[arguments["memory_type"]].insert(arguments["content"])


def _update(memory: Memory, arguments: Mapping[str, Any]) -> Outcome:
    kind, text = arguments["memory_type"], arguments["new_content"]
    if kind == "core":
        return memory.rewrite_core(text)
    identity = arguments.get("memory_id")
    if identity is None:
        return Outcome(False, "memory_id is missing")
    return memory.lists[kind].update(identity, text)


def _delete(memory: Memory, arguments: Mapping[str, Any]) -> Outcome:
    return memory.lists[arguments["memory_type"]].delete(arguments["memory_id"])


_RUN: dict[str, Callable[[Memory, Mapping[str, Any]], Outcome]] = {
    "new_memory_insert": _insert,
    "memory_update": _update,
    "memory_delete": _delete,
}
