"""Draw replies of models: good, random and broken ones."""

import random

from tests.training.credit.random_episodes import draw_sentence
from training.policies.scripted import format_call

_LISTS = ("semantic", "episodic")
_NOISE = '{}[]",:\\<>/\n\t é中🎻\u0000\ud800\u202e'
_FRAGMENTS = (
    "<tool_call>",
    "</tool_call>",
    "<think>",
    "</think>",
    "```json\n",
    '{"name": "memory_update", "arguments": {}}',
    '[{"name": "new_memory_insert", "arguments": {"memory_type": "semantic_memory", "content": "Ann"}}]',
    "new_memory_insert(memory_type='episodic', content='It rained in Oslo.')",
    '{"name": "new_memory_insert", "arguments": "{\\"memory_type\\": \\"semantic\\"',
)


def draw_reply(draw: random.Random) -> str:
    """Draw a reply of up to six calls; a third of the replies are broken, and some have no call at all."""
    parts = [_draw_call(draw) for _ in range(draw.choice((0, 1, 2, 3, 6)))]
    parts += draw.sample(_FRAGMENTS, draw.choice((0, 0, 1, 2)))
    draw.shuffle(parts)
    reply = draw.choice(("\n", " ", "")).join(parts)
    return _break_reply(draw, reply) if draw.random() < 1 / 3 else reply


def _draw_call(draw: random.Random) -> str:
    memory_type, text = draw.choice(_LISTS), draw_sentence(draw)
    memory_id = f"{memory_type[0]}{draw.randint(1, 6)}"
    match draw.choice(("insert", "insert", "insert", "update", "core", "delete", "unknown", "type")):
        case "insert":
            return format_call("new_memory_insert", {"memory_type": memory_type, "content": text})
        case "update":
            arguments = {"memory_type": memory_type, "memory_id": memory_id, "new_content": text}
            return format_call("memory_update", arguments)
        case "core":
            return format_call("memory_update", {"memory_type": "core", "new_content": f"{text} {text}"})
        case "delete":
            return format_call("memory_delete", {"memory_type": memory_type, "memory_id": memory_id})
        case "unknown":
            return format_call("memory_search", {"query": text})
        case _:
            return format_call("new_memory_insert", {"memory_type": "working", "content": text})


def _break_reply(draw: random.Random, reply: str) -> str:
    """Cut a reply, or put characters into it, take them out, or repeat a part."""
    for _ in range(draw.randint(1, 4)):
        start, end = sorted((draw.randint(0, len(reply)), draw.randint(0, len(reply))))
        match draw.choice(("cut", "insert", "remove", "repeat")):
            case "cut":
                reply = reply[:end]
            case "insert":
                noise = "".join(draw.choices(_NOISE, k=draw.randint(1, 8)))
                reply = reply[:start] + noise + reply[start:]
            case "remove":
                reply = reply[:start] + reply[min(end, start + 20) :]
            case _:
                reply = reply[:end] + reply[start : start + 200] + reply[end:]
    return reply
