r"""Unicode text that UTF-8 can hold: the check of all strings from JSON, literals and replies of models.

A Python string may hold half of a surrogate pair, which comes from an escape such as `\ud83d` and is not a
character: UTF-8, Parquet, SQLite and tokenizers refuse it. The functions are named as in ECMAScript.
"""

from typing import Any

REPLACEMENT = "\ufffd"


def is_well_formed(text: str) -> bool:
    """Return whether UTF-8 can hold a string, that is, whether it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_well_formed(text: str) -> str:
    """Return a string that UTF-8 can hold: two adjacent halves are joined, a lone one becomes U+FFFD."""
    if is_well_formed(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def to_well_formed_value(value: Any) -> Any:
    """Return a JSON value with every string in it, keys included, made well-formed.

    The value must be of bounded depth, such as `json_reader.load_json` returns.
    """
    if isinstance(value, str):
        return to_well_formed(value)
    if isinstance(value, list):
        return [to_well_formed_value(item) for item in value]
    if isinstance(value, dict):
        return {to_well_formed_value(key): to_well_formed_value(item) for key, item in value.items()}
    return value
