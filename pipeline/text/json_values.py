"""JSON from strangers: every text is either a value of bounded depth or an InvalidJsonError.

The standard library raises RecursionError for deep brackets and a plain ValueError for a number of thousands
of digits, and what is just under its limits breaks whatever walks the value next. So depth and numbers are
bounded here, once, for raw files, model replies and imported datasets alike.
"""

import json
from collections import Counter
from typing import Any

MAX_DEPTH = 100  # lists and objects inside each other
MAX_INTEGER = 1 << 63  # what Arrow and SQLite hold is under it

_STRICT = json.JSONDecoder()
_LENIENT = json.JSONDecoder(strict=False)  # control characters, such as line ends, may stand in strings


class InvalidJsonError(ValueError):
    """A text is not JSON, or is JSON that no reader takes: the message says what and where."""


def load_json(text: str | bytes, wide_as_float: bool = False) -> Any:
    """Parse a whole text as JSON. Strings may hold lone surrogates: see `well_formed`.

    Raises InvalidJsonError, also for bytes that are not UTF-8, for values deeper than MAX_DEPTH and for
    integers beyond 64 bits, unless these are to become floats (`wide_as_float`).
    """
    try:
        return checked_value(json.loads(text, parse_int=_integer if wide_as_float else None))
    except InvalidJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_described(error)) from None


def load_json_at(text: str, start: int, lenient: bool = False) -> tuple[Any, int]:
    """Parse the JSON value that begins at `start`; return it and one past its end.

    `lenient`: control characters may stand in strings. Raises InvalidJsonError as `load_json` does.
    """
    try:
        value, end = (_LENIENT if lenient else _STRICT).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_described(error)) from None
    return checked_value(value), end


class ObjectWithRepeats(dict[str, Any]):
    """A JSON object in which a key stands more than once, with the last value of each."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else ObjectWithRepeats(pairs)


_MARKING = json.JSONDecoder(object_pairs_hook=_object)


def load_json_marked(text: str) -> Any:
    """Parse a whole text as `load_json` does, with an ObjectWithRepeats where a key stands more than once.

    For readers that must not lose a record: 40 MB take 0.06 s longer.
    """
    try:
        return checked_value(_MARKING.decode(text))
    except InvalidJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(_described(error)) from None


def checked_value(value: Any) -> Any:
    """Return a value of lists and dicts if it is in bounds; leaves of other types than int are not looked at.

    Raises InvalidJsonError where it is nested deeper than MAX_DEPTH or holds an integer beyond 64 bits.
    """
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = []
        for item in level:
            kind = type(item)
            if kind is dict or kind is list or kind is ObjectWithRepeats:
                containers.append(item)
            elif kind is int and not -MAX_INTEGER <= item < MAX_INTEGER:
                raise InvalidJsonError(f"it holds a number of {item.bit_length()} bits, 64 are read at most")
        if not containers:
            return value
        level = []
        for item in containers:
            level += item if type(item) is list else item.values()
    raise InvalidJsonError(f"it is nested more than {MAX_DEPTH} deep")


def _integer(digits: str) -> int | float:
    """Read an integer of JSON; as a float, perhaps an infinite one, where 64 bits do not hold it."""
    value = float(digits)
    return int(digits) if abs(value) < MAX_INTEGER else value


def _described(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, RecursionError):
        return f"it is nested more than {MAX_DEPTH} deep"
    return str(error)
