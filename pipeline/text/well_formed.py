"""Unicode text that UTF-8 can hold: the one gate for strings that come out of JSON, literals and replies.

A Python string may hold half of a surrogate pair, which comes of an escape such as `\\ud83d` and is not a
character: UTF-8, Parquet, SQLite and tokenizers refuse it. ECMAScript has the same operations by these names.
"""

from typing import Any

REPLACEMENT = "\ufffd"


def is_well_formed(text: str) -> bool:
    """Tell whether UTF-8 can hold a string: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_well_formed(text: str) -> str:
    """Return a string that UTF-8 can hold: adjacent halves are joined, a lone one becomes U+FFFD."""
    if is_well_formed(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def well_formed_value(value: Any) -> Any:
    """Return a JSON value with every string in it, keys included, made well-formed.

    Takes values of bounded depth, such as `json_values.load_json` gives.
    """
    if isinstance(value, str):
        return to_well_formed(value)
    if isinstance(value, list):
        return [well_formed_value(item) for item in value]
    if isinstance(value, dict):
        return {well_formed_value(key): well_formed_value(item) for key, item in value.items()}
    return value
