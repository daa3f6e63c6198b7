"""What models read: the instructions of a step, of an answer and of a judgement.

A step's prompt is fresh every time (paper): instructions, memory, one chunk, and nothing of earlier steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.schema import Metric
from training.chats import Message
from training.memory import Memory
from training.recall import Piece
from training.tools import TOOLS

# Short on purpose: small models read it at every step, on small machines.
_WRITE = """\
You keep the memory of an assistant. You see one piece of an interaction, and never again; later, questions \
are answered from the memory alone. core: a paragraph on the whole. semantic: facts. episodic: events with \
their time. Store names, numbers, dates, what people say of themselves, samples with their labels; no small \
talk, and nothing twice."""

_CALLS = """\
Write tool calls only, like this:
<tool_call>{"name": "new_memory_insert", \
"arguments": {"memory_type": "semantic", "content": "..."}}</tool_call>
The tools:
"""

_STEP = """\
Memory:
{memory}

New piece:
{chunk}"""

_ANSWER = """\
Memory:
{memory}

Answer the question from this memory alone. {how}
Question: {question}"""

_HOW: dict[Metric, str] = {
    "contains": "Give the answer in a few words.",
    "judge": "Give the answer in a sentence.",
    "exact": "Give the number of the label as \\boxed{number}.",
    "keywords": "Name who, what and where, in a paragraph.",
}

_JUDGE = """\
An assistant read a text and wrote to its memory. For each operation, say whether it is valid: core holds \
what all is about, semantic holds facts, episodic holds events with their time; an entry is right, worth \
keeping and no copy of the whole text.

Text:
{chunk}

Operations:
{operations}

Answer with a JSON list of true and false, one for each operation, and nothing else."""


def tools_as_text() -> str:
    """The tools for a system prompt, where the model's template or server has no place for them.

    As signatures: a third of the tokens of their JSON schemas, and small models copy them as well.
    """
    return _CALLS + "\n".join(_signature(tool["function"]) for tool in TOOLS)


def _signature(function: Mapping[str, Any]) -> str:
    parameters = function["parameters"]
    parts = []
    for name, about in parameters["properties"].items():
        options = " | ".join(about.get("enum", []))
        optional = "" if name in parameters["required"] else "?"
        parts.append(f"{name}{optional}: {options}" if options else f"{name}{optional}")
    return f"{function['name']}({', '.join(parts)}): {function['description']}"


def step_prompt(memory: Memory, chunk: str, newest: int, memory_tokens: int, tools: bool) -> list[Message]:
    """The messages of a step. `tools`: described in the system prompt."""
    system = f"{_WRITE}\n{tools_as_text()}" if tools else _WRITE
    shown = memory.render(newest, memory_tokens)
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": _STEP.format(memory=shown, chunk=chunk)},
    ]


def answer_prompt(pieces: Sequence[Piece], question: str, metric: Metric) -> list[Message]:
    """The messages that ask a question of what was recalled."""
    memory = "\n".join(piece.text for piece in pieces) or "(empty)"
    text = _ANSWER.format(memory=memory, how=_HOW[metric], question=question)
    return [{"role": "user", "content": text}]


def judge_prompt(chunk: str, operations: Sequence[str]) -> list[Message]:
    """The messages that ask whether operations are valid; they are numbered from 1."""
    listed = "\n".join(f"{number}. {operation}" for number, operation in enumerate(operations, start=1))
    return [{"role": "user", "content": _JUDGE.format(chunk=chunk, operations=listed)}]
