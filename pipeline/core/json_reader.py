"""Read untrusted JSON: a text is either a value of bounded depth, or an InvalidJsonError is raised.

The standard library raises RecursionError for deep brackets and a plain ValueError for a number of thousands
of digits, and a value just under its limits breaks the code that walks it next. So depth and numbers are
bounded here, once, for raw files, model replies and imported datasets.
"""

import json
from collections import Counter
from typing import Any

MAX_DEPTH = 100  # lists and objects inside each other
MAX_INTEGER = 1 << 63  # Arrow and SQLite hold integers below it

_STRICT = json.JSONDecoder()
_LENIENT = json.JSONDecoder(strict=False)  # control characters, such as line ends, may stand in strings


class InvalidJsonError(ValueError):
    """An error of a text that is not JSON or exceeds the bounds: the message says what is wrong and where."""


def load_json(text: str | bytes, large_ints_as_float: bool = False) -> Any:
    """Parse a whole text as JSON. Strings may hold lone surrogates, which `core.unicode` replaces.

    Raises InvalidJsonError, also for bytes that are not UTF-8, for values deeper than MAX_DEPTH, and for
    integers beyond 64 bits unless `large_ints_as_float` makes them floats.
    """
    try:
        return check_bounds(json.loads(text, parse_int=_parse_integer if large_ints_as_float else None))
    except InvalidJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_describe_error(error)) from None


def load_json_at(text: str, start: int, lenient: bool = False) -> tuple[Any, int]:
    """Parse the JSON value that begins at `start`; return it and the index after its end.

    `lenient`: control characters may stand in strings. Raises InvalidJsonError as `load_json` does.
    """
    try:
        value, end = (_LENIENT if lenient else _STRICT).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_describe_error(error)) from None
    return check_bounds(value), end


class DuplicateKeyObject(dict[str, Any]):
    """A JSON object with `duplicate_keys`; it holds the last value of each key."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """Take the object's keys and values in the order of the text."""
        super().__init__(pairs)
        self.duplicate_keys = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else DuplicateKeyObject(pairs)


_DUPLICATE_DECODER = json.JSONDecoder(object_pairs_hook=_build_object)


def load_json_with_duplicates(text: str, first_line: int = 1) -> Any:
    """Parse a whole text as `load_json` does, with a DuplicateKeyObject where a key stands more than once.

    This is for readers that must not lose a record; 40 MB take 0.06 s longer. `first_line`: the number of the
    text's first line in its file, for errors.
    """
    try:
        return check_bounds(_DUPLICATE_DECODER.decode(text))
    except InvalidJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_describe_error(error, first_line)) from None


def check_bounds(value: Any) -> Any:
    """Return a value of lists and dicts if it is in bounds; leaves of other types than int are not checked.

    Raises InvalidJsonError where it is nested deeper than MAX_DEPTH or holds an integer beyond 64 bits.
    """
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = []
        for item in level:
            kind = type(item)
            if kind is dict or kind is list or kind is DuplicateKeyObject:
                containers.append(item)
            elif kind is int and not -MAX_INTEGER <= item < MAX_INTEGER:
                raise InvalidJsonError(f"it holds a number of {item.bit_length()} bits, 64 are read at most")
        if not containers:
            return value
        level = []
        for item in containers:
            level += item if type(item) is list else item.values()
    raise InvalidJsonError(f"it is nested more than {MAX_DEPTH} deep")


def _parse_integer(digits: str) -> int | float:
    """Read an integer of JSON; as a float, perhaps infinite, where it exceeds 64 bits."""
    value = float(digits)
    return int(digits) if abs(value) < MAX_INTEGER else value


def _describe_error(error: Exception, first_line: int = 1) -> str:
    if isinstance(error, json.JSONDecodeError):
        return (
            f"{error.msg.removesuffix(' at')} at line {first_line - 1 + error.lineno}, column {error.colno}"
        )
    if isinstance(error, RecursionError):
        return f"it is nested more than {MAX_DEPTH} deep"
    return str(error)
