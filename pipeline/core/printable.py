"""Escape hidden characters, so that untrusted text can be printed safely."""

import re

# Control characters, lone surrogates and direction marks are invisible, but change the text around them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def escape_hidden(text: str) -> str:
    """Return the text with each hidden character as its number, such as [U+202E]; CRLF becomes LF."""
    return _HIDDEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text.replace("\r\n", "\n"))


def escape_hidden_in_json(text: str) -> str:
    """Return JSON of the same meaning, with each hidden character in its strings escaped."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def count_noun(count: int, noun: str) -> str:
    """Return a number with its noun: 1 record, 2,000 records."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
