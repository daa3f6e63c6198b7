"""Mutations of valid inputs, byte by byte or by JSON value: one random generator gives one input."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

# Pieces that broke readers somewhere: encodings, escapes, tags, numbers, nesting, white space, formulas.
PIECES: tuple[bytes, ...] = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *(
            "\ufeff",
            "\\ud83d",
            "\\ude80",
            "\\ud83d\\ude80",
            "\ud83d",
            "\0",
            "\\u0000",
            "\x1b[31m",
            "\u202e",
            "\u200b",
        ),
        *(
            "\r\n",
            "\r",
            "\n\n\n",
            "\u2028",
            "\x85",
            "\t",
            "\x0b",
            "\x1c",
            "  ",
            "e\u0301",
            "क्षि",
            "\u0600",
            "ß",
            "İ",
            "🚀",
        ),
        *(
            "null",
            "None",
            "NaN",
            "-Infinity",
            "1e999",
            "-0",
            "9" * 30,
            "9" * 4_301,
            "9223372036854775808",
            "0x_",
            "020",
        ),
        *(
            "2024-13-45",
            "0001-01-01",
            "12:60",
            "true",
            "yes",
            "~",
            "<<: *a",
            "&a [*a]",
            "!!python/object:os.system",
            "---\n",
        ),
        *(
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            "\\",
            ",",
            ":",
            "[" * 329,
            "{" * 60,
            '{"a":' * 200,
            "[" * 995 + "]" * 995,
        ),
        *(
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            "<|im_end|>",
            "```json\n",
            "[TOOL_CALLS]",
            "<function=",
        ),
        *(
            "Sample: ",
            "Label: 3",
            "Title: ",
            "[Dialogue at timestamp ",
            "<User> ",
            "Rome or ",
            "\\boxed{",
            "=HYPERLINK(",
        ),
        *(
            "../",
            "/",
            "C:\\",
            "a" * 300,
            ".",
            "..",
            "CON",
            "%00",
            "*",
            "**",
            "[!a",
            "#",
            "@",
            "~1",
            "~0",
            "-1",
            "?",
        ),
    )
)
RUNS: tuple[str, ...] = (
    "\n",
    " ",
    "\t",
    "a",
    "0",
    "[",
    "{",
    '"',
    "'",
    "\\",
    "<",
    "-",
    "#",
    "*",
    "é",
    "🚀",
    "\u0301",
)


def mutated(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return a mutation of `data`, which `others` may be spliced into; one in twenty stays as it is."""
    if random.random() < 0.05:
        return data
    if random.random() < 0.4:
        value = _json(data)
        if value is not None:
            return _written(mutated_value(value, random), random)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        data = random.choice(_OPERATIONS)(data, others, random)
    return data


def mutated_value(value: Any, random: Random) -> Any:
    """Return a JSON value in which one place, at any depth, is replaced, taken away or repeated."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        changed = dict(value)
        key = random.choice(list(changed))
        match random.randrange(10):
            case 0:
                del changed[key]
            case 1:
                changed[str(_leaf(random))] = changed[key]
            case _:
                changed[key] = mutated_value(changed[key], random)
        return changed
    if isinstance(value, list) and value and random.random() < 0.85:
        changed_list = list(value)
        place = random.randrange(len(changed_list))
        match random.randrange(10):
            case 0:
                del changed_list[place]
            case 1:
                changed_list.insert(place, _leaf(random))
            case _:
                changed_list[place] = mutated_value(changed_list[place], random)
        return changed_list
    return _leaf(random)


def _leaf(random: Random) -> Any:
    run = random.choice(RUNS) * random.choice((1, 2, 100, 20_000))
    piece = random.choice(PIECES).decode("utf-8", "surrogatepass")
    deep: Any = 0
    for _ in range(random.choice((1, 3, 90, 400))):
        deep = [deep] if random.random() < 0.5 else {"a": deep}
    numbers = (0, -1, 1, 2**31, 2**63, 10**40, 1.5, float("nan"), float("inf"))
    return random.choice(
        (None, True, False, "", " ", [], {}, [[]], [None], {"": None}, {"text": None}, run, piece, deep)
        + (random.choice(numbers),) * 3
        + (piece + run, "\ud83d", "kite \ud83d", ["\ud83d"], {"\ud83d": "\ude80"}),
    )


def _json(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _written(value: Any, random: Random) -> bytes:
    text = json.dumps(value, ensure_ascii=random.random() < 0.7, indent=random.choice((None, None, 1)))
    return text.encode("utf-8", "surrogatepass")


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _slice(data: bytes, random: Random) -> tuple[int, int]:
    start = _place(data, random)
    return start, min(len(data), start + random.choice((1, 2, 8, 64, 1024)))


def _insert_piece(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    place = _place(data, random)
    return data[:place] + random.choice(PIECES) + data[place:]


def _replace_piece(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, end = _slice(data, random)
    return data[:start] + random.choice(PIECES) + data[end:]


def _insert_run(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    place = _place(data, random)
    return data[:place] + random.choice(RUNS).encode() * random.choice((3, 100, 2_000, 20_000)) + data[place:]


def _flip(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    if not data:
        return bytes([random.randrange(256)])
    place = random.randrange(len(data))
    return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]


def _delete(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, end = _slice(data, random)
    return data[:start] + data[end:]


def _repeat(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, end = _slice(data, random)
    return data[:end] + data[start:end] * random.choice((1, 2, 50)) + data[end:]


def _truncate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    return data[: _place(data, random)]


def _splice(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(others)
    return data[: _place(data, random)] + other[_place(other, random) :]


def _line_ends(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"\xe2\x80\xa8", b" ")))


def _mark(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    return random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0")) + data


_OPERATIONS: tuple[Callable[[bytes, Sequence[bytes], Random], bytes], ...] = (
    *(_insert_piece, _replace_piece, _insert_run, _flip, _flip, _delete, _repeat, _truncate, _splice),
    *(_line_ends, _mark),
)
