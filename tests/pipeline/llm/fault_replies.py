"""The kinds of faults of the fault server, and the replies of those that are whole HTTP replies."""

import hashlib
import json
from typing import Any

# Faults by their effect: the reply counts, the model repairs its reply, the request is sent again.
ANSWERED = (
    "fenced",
    "no usage",
    "usage of 2^63",
    "usage below 0",
    "usage of words",
    "usage that is NaN",
    "usage that is a list",
    "parts",
    "one part",
    "half a character",
    "half an emoji in bytes",
    "a byte order mark",
    "a lone </think>",
    "a tag in a string",
    "gzip",
    "chunks",
    "no length",
    "another reply past the length",
    "blank lines first",
    "blank lines now and then",
)
MENDED = ("no json", "wrong schema", "too long", "odd tool calls", "thinking only")
# Replies beyond the bounds of core/json_reader: the same effect as MENDED.
DEEP = ("brackets", "lists", "a number of 4,301 digits")
STATUSES = (
    "429",
    "429 with wait",
    "429 with a wait in ms",
    "429 with wait nan",
    "429 with wait inf",
    "429 with wait 1e400",
    "429 with wait -5",
    "429 with wait 0",
    "429 with a wait of words",
    "429 with a date gone by",
    "429 with a date of another zone",
    "429 with a date in words",
    "429 with an empty wait",
    "429 with two waits",
    "429 with a wait in ms below 0",
    "503 with wait",
    "redirect in a circle",
    "500",
    "503",
    "half a character in an error",
    "redirect",
    "status 999",
    "status 204",
)
NOTHING = (
    "no choices",
    "choices as an object",
    "choices of null",
    "no message",
    "an error that ended it",
    "an error after some text",
    "filtered",
    "filtered, of a kind unknown",
    "empty",
    "null content",
    "a number as content",
    "an odd part",
    "an odd refusal",
    "an error 502",
    "an error 429",
    "an error as text",
    "an error in a list",
    "unreadable",
    "a list",
    "a deep body",
    "a body of 4,301 digits",
    "nothing",
)
BROKEN = (
    "hanging",
    "slow",
    "cut",
    "cut chunks",
    "cut gzip",
    "bytes past the length",
    "bad status line",
    "bad chunk size",
    "a header of 100 KB",
    "1,000 headers",
    "two lengths",
    "a length below 0",
    "no reply",
    "reset",
    "reset in the body",
    "a byte now and then",
    "not gzip",
    "another compression",
    "a gzip bomb",
    "gzip of gzip",
    "gzip after which more comes",
    "50 MB",
    "a body without end",
    "headers without end",
)
REFUSED = ("refusal", "a refusal in parts")
# Refused by the server, whatever the form of the request.
TOO_LONG = ("too long a prompt", "too long a prompt, in words")
FAULTS = (*ANSWERED, *MENDED, *STATUSES, *NOTHING, *BROKEN, *REFUSED)


def right(message: str) -> str:
    """Return the answer of the server to a message, where it does not fault."""
    return hashlib.sha256(message.encode()).hexdigest()[:8]


def reply(kind: str, message: str) -> tuple[int, str, str]:
    """Return (status, further headers, body)."""
    if kind.startswith("429"):
        return 429, _WAITS.get(kind.removeprefix("429 with "), ""), _error("too fast")
    if kind.startswith("503 with "):
        return 503, _WAITS[kind.removeprefix("503 with ")], _error("broken 503")
    if kind in _TOO_LONG:
        return 400, "", json.dumps({"error": _TOO_LONG[kind]})
    if kind in ("500", "503", "400", "401", "402", "404"):
        return int(kind), "", _error(f"broken {kind}")
    if kind == "empty account":
        return 429, "", json.dumps({"error": {"message": "no credit", "code": "insufficient_quota"}})
    if kind == "newer limit":
        return 400, "", _error("max_tokens: use max_completion_tokens instead")
    if kind == "half a character in an error":
        return 500, "", _error("broken \ud83d")
    if kind.startswith("redirect"):
        return 307, "Location: /v1/chat/completions\r\n", ""
    if kind.startswith("status "):
        return int(kind.removeprefix("status ")), "", ""
    if kind in _BODIES:
        return 200, "", _BODIES[kind]
    return 200, "", json.dumps(_changed(kind, message))


_WAITS = {
    "wait": "Retry-After: 0.2\r\n",
    "a wait of a second": "Retry-After: 1\r\n",
    "a wait of a minute": "Retry-After: 60\r\n",
    "a wait in ms": "Retry-After-Ms: 200\r\nRetry-After: 100000\r\n",
    "a wait of words": "Retry-After: in a moment\r\n",
    "a date gone by": "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
    "a date of another zone": (
        "Date: Fri, 31 Dec 1999 22:59:59 GMT\r\nRetry-After: Sat, 01 Jan 2000 01:00:00 +0200\r\n"
    ),
    "a date in words": "Retry-After: Fri, 99 Foo soon\r\n",
    "an empty wait": "Retry-After: \r\n",
    "two waits": "Retry-After: 0.1\r\nRetry-After: 0.2\r\n",
    "a wait in ms below 0": "Retry-After-Ms: -200\r\nRetry-After: 0.1\r\n",
    **{f"wait {value}": f"Retry-After: {value}\r\n" for value in ("nan", "inf", "1e400", "-5", "0")},
}


def _error(words: str) -> str:
    return json.dumps({"error": {"message": words}})


_TOO_LONG: dict[str, dict[str, Any]] = {
    "too long a prompt": {"message": "8192 tokens at most", "code": "context_length_exceeded"},
    "too long a prompt, in words": {"message": "This model's maximum context length is 4096 tokens."},
}
# Bodies of status 200 that are not completions.
_BODIES = {
    "unreadable": "<html>not what was asked for</html>",
    "a list": "[]",
    "nothing": "",
    "a deep body": '{"choices": ' + "[" * 5000,
    "a body of 4,301 digits": '{"usage": ' + "9" * 4301 + "}",
    "an error 502": json.dumps({"error": {"message": "Upstream went away", "code": 502}}),
    "an error 429": json.dumps({"error": {"message": "slow down", "code": "429"}}),
    "an error 402": json.dumps({"error": {"message": "Insufficient credits", "code": 402}}),
    "no credit, in words": json.dumps({"error": {"message": "Insufficient Balance"}}),
    "an error 400": json.dumps({"error": {"message": "too long", "code": 400}}),
    "an error as text": json.dumps({"error": "the engine restarts"}),
    "an error in a list": json.dumps([{"error": {"message": "unavailable", "code": 503}}]),
}


def completion(message: str) -> dict[str, Any]:
    made = {"role": "assistant", "content": json.dumps({"answer": right(message)})}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": made}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def _changed(kind: str, message: str) -> dict[str, Any]:
    """Return a completion with the one fault that `kind` names."""
    whole = completion(message)
    choice = whole["choices"][0]
    made, said = choice["message"], choice["message"]["content"]
    if kind.startswith("{"):
        made["content"] = kind
    if kind in (contents := _contents(said)):
        made["content"] = contents[kind]
    if kind in _USAGES:
        whole["usage"] = _USAGES[kind]
    if kind in ("empty", "null content"):
        whole["usage"] = None
    if kind in _CHOICES:
        whole["choices"] = _CHOICES[kind]
    if kind in _FINISHES:
        choice["finish_reason"], made["content"] = _FINISHES[kind]
    if kind == "an error that ended it":
        choice["error"] = {"code": 502, "message": "Upstream went away"}
    if kind == "refusal":
        made |= {"content": None, "refusal": "I will not."}
    if kind == "an odd refusal":
        made["refusal"] = {"why": ["I will not."]}
    if kind == "odd tool calls":
        made |= {"content": None, "tool_calls": [None, "a", 7, {"function": None}, {"function": {"name": 1}}]}
    return whole


def _contents(said: str) -> dict[str, Any]:
    return {
        "fenced": f"Here it is:\n```json\n{said}\n```",
        "no json": "I would say so.",
        "wrong schema": '{"a": 1}',
        "too long": said[:-4],
        "thinking only": "<think>I do not know",
        "a lone </think>": f'{{"answer": "no"}}</think>{said}',
        "a tag in a string": said[:-1] + ', "why": "a <think> and a </tool_call>"}',
        "half a character": f"So \ud83d it is: {said}",
        "a byte order mark": f"\ufeff{said}",
        "brackets": '{"answer": ' + "[" * 400,
        "lists": '{"answer": ' + "[" * 995 + "]" * 995 + "}",
        "a number of 4,301 digits": '{"number": ' + "7" * 4301 + "}",
        "parts": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "{"}]},
            {"type": "text", "text": said},
        ],
        "one part": {"type": "text", "text": said},
        "a refusal in parts": [{"type": "refusal", "refusal": "I will not."}],
        "an odd part": [{"type": "text", "text": said}, {"type": ["image"], "image": "x"}],
        "a number as content": 7,
        "empty": "",
        "null content": None,
    }


_USAGES: dict[str, Any] = {
    "no usage": None,
    "usage of 2^63": {"prompt_tokens": 2**63, "completion_tokens": 2**62},
    "usage below 0": {"prompt_tokens": -1, "completion_tokens": -(2**63)},
    "usage of words": {"prompt_tokens": "many", "completion_tokens": {"few": 1}},
    "usage that is NaN": {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    "usage that is a list": [1, 2],
}
_CHOICES: dict[str, Any] = {
    "no choices": [],
    "choices of null": [None],
    "choices as an object": {"0": {"message": {"content": "a"}}},
    "no message": [{"index": 0, "finish_reason": "stop", "message": None}],
}
_FINISHES: dict[str, tuple[Any, Any]] = {
    "too long": ("length", '{"answer": "a'),
    "an error that ended it": ("error", ""),
    "an error after some text": ("error", '{"answer": "no"}'),
    "filtered": ("content_filter", None),
    "filtered, of a kind unknown": ("RECITATION", ""),
}
