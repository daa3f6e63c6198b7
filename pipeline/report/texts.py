"""Text of strangers made fit to be shown: nothing hidden in it, cut to a length, the answer marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Control characters, lone surrogates, and those that turn the direction of writing: a reader would not see
# them, but what they do to the text around.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

BEFORE = 150  # characters kept before the first answer where a text is cut


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, a gold answer or not."""

    text: str
    gold: bool


def visible(text: str) -> str:
    """The text with each hidden character as its number, such as [U+202E]; line ends become one newline."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n"))


def visible_in_json(text: str) -> str:
    """JSON with each hidden character in its strings escaped, which means the same."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def marked(text: str, answers: Sequence[str], length: int) -> list[Piece]:
    """The text in pieces, gold answers by themselves; cut to about `length` characters around the first."""
    spans = _answers_in(text, answers)
    start, end = 0, len(text)
    if len(text) > length:
        first, last = spans[0] if spans else (0, 0)
        start = max(0, min(first - BEFORE, len(text) - length))
        end = max(start + length, last)
        # Cut between words, where there are any near by.
        start += text[start:first].find(" ") + 1 if start else 0
        end = max(text.rfind(" ", last, end), last) if end < len(text) and " " in text[last:end] else end
    pieces, at = [Piece("… ", False)] if start else [], start
    for left, right in spans:
        if left < start or right > end:
            continue
        pieces += [Piece(text[at:left], False), Piece(text[left:right], True)]
        at = right
    pieces.append(Piece(text[at:end] + (" …" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece.text]


def _answers_in(text: str, answers: Sequence[str]) -> list[tuple[int, int]]:
    """Where answers stand in the text as whole words, whatever their case; longer ones first."""
    wanted = sorted({answer.strip() for answer in answers} - {""}, key=lambda one: (-len(one), one))
    if not wanted:
        return []
    pattern = "|".join(re.escape(answer) for answer in wanted)
    return [found.span() for found in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)]
