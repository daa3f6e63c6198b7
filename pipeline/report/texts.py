"""Text of strangers made fit to be shown: cut to a length, the answer marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

BEFORE = 150  # characters kept before the first answer where a text is cut


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, a gold answer or not."""

    text: str
    gold: bool


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
