"""Text of strangers made fit to be printed: what a reader would not see is shown by its number."""

import re

# Control characters, lone surrogates, and those that turn the direction of writing: a reader would not see
# them, but what they do to the text around.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text with each hidden character as its number, such as [U+202E]; line ends become one newline."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n"))


def visible_in_json(text: str) -> str:
    """JSON with each hidden character in its strings escaped, which means the same."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
