"""The prompts of models that write a memory, answer from it, or judge operations on it.

A step's prompt is fresh every time (paper): instructions, memory, one chunk, and nothing of earlier steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.schema import Metric
from training.memory.memory import Memory
from training.memory.tools import TOOLS

Message = dict[str, str]  # role and content

# It is short because small models read it at every step, on small machines.
_SYSTEM_PROMPT = """\
You keep the memory of an assistant. You see one piece of an interaction, and never again; later, questions \
are answered from the memory alone. core: a paragraph on the whole. semantic: facts. episodic: events with \
their time. Store names, numbers, dates, what people say of themselves, samples with their labels; no small \
talk, and nothing twice."""

_TOOL_CALL_FORMAT = """\
Write tool calls only, like this:
<tool_call>{"name": "new_memory_insert", \
"arguments": {"memory_type": "semantic", "content": "..."}}</tool_call>
The tools:
"""

# The chunk comes first: all episodes of an instance share it, so sampling and updates compute it once.
_STEP_TEMPLATE = """\
New piece:
{chunk}

Memory:
{memory}"""

_LIMIT_TEMPLATE = (
    "The memory has {tokens} of at most {max_tokens} tokens; an operation that would pass this fails.\n"
)

_ANSWER_TEMPLATE = """\
Memory:
{memory}

Answer the question from this memory alone. {answer_format}
Question: {question}"""

_ANSWER_FORMATS: dict[Metric, str] = {
    "contains": "Give the answer in a few words.",
    "judge": "Give the answer in a sentence.",
    "exact": "Give the number of the label as \\boxed{number}.",
    "keywords": "Name who, what and where, in a paragraph.",
    "token_f1": "Give the answer in a few words.",
    "abstain": "Give the answer in a few words.",
    "number": "Give the answer as a number.",
}
_ABSTENTION_FORMAT = "If the memory does not tell, say that you don't know."

_JUDGE_TEMPLATE = """\
An assistant read a text and wrote to its memory. For each operation, say whether it is valid: core holds \
what all is about, semantic holds facts, episodic holds events with their time; an entry is right, worth \
keeping and no copy of the whole text.

Text:
{chunk}

Operations:
{operations}

Answer with a JSON list of true and false, one for each operation, and nothing else."""


def format_tools() -> str:
    """Format the tools for a system prompt, where the model's template or server has no place for them.

    They are written as signatures, which have a third of the tokens of their JSON schemas; small models copy
    a signature just as well.
    """
    return _TOOL_CALL_FORMAT + "\n".join(_format_signature(tool["function"]) for tool in TOOLS)


def _format_signature(function: Mapping[str, Any]) -> str:
    parameters = function["parameters"]
    parts = []
    for name, schema in parameters["properties"].items():
        options = " | ".join(schema.get("enum", []))
        optional = "" if name in parameters["required"] else "?"
        parts.append(f"{name}{optional}: {options}" if options else f"{name}{optional}")
    return f"{function['name']}({', '.join(parts)}): {function['description']}"


def build_step_prompt(
    memory: Memory, chunk: str, max_entries: int, max_memory_tokens: int, describe_tools: bool
) -> list[Message]:
    """Build the messages of a step.

    `max_entries` and `max_memory_tokens` are the limits of `Memory.render`; with `describe_tools` the system
    prompt lists the tools. A limit of the memory itself is told with the tokens that it has.
    """
    system = f"{_SYSTEM_PROMPT}\n{format_tools()}" if describe_tools else _SYSTEM_PROMPT
    rendered = memory.render(max_entries, max_memory_tokens)
    if memory.max_tokens is not None:
        rendered = _LIMIT_TEMPLATE.format(tokens=memory.tokens, max_tokens=memory.max_tokens) + rendered
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": _STEP_TEMPLATE.format(memory=rendered, chunk=chunk)},
    ]


def build_answer_prompt(
    passages: Sequence[str], question: str, metric: Metric, *, may_abstain: bool
) -> list[Message]:
    """Build the messages that ask a question about the retrieved passages.

    `may_abstain`: that the memory may not hold the answer is said. It must not depend on the question, else
    it tells which questions have no answer.
    """
    memory = "\n".join(passages) or "(empty)"
    answer_format = _ANSWER_FORMATS[metric]
    if may_abstain:
        answer_format = f"{answer_format} {_ABSTENTION_FORMAT}"
    text = _ANSWER_TEMPLATE.format(memory=memory, answer_format=answer_format, question=question)
    return [{"role": "user", "content": text}]


def build_judge_prompt(chunk: str, operations: Sequence[str]) -> list[Message]:
    """Build the messages that ask whether operations are valid; operations are numbered from 1."""
    listed = "\n".join(f"{number}. {operation}" for number, operation in enumerate(operations, start=1))
    return [{"role": "user", "content": _JUDGE_TEMPLATE.format(chunk=chunk, operations=listed)}]
