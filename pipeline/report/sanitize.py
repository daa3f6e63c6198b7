"""Texts of the data prepared for the report: truncated to a length, gold answers marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CONTEXT_CHARS = 150  # characters kept before the first answer where a text is cut


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text."""

    text: str
    is_gold: bool  # whether the piece is a gold answer


def highlight_answers(text: str, answers: Sequence[str], max_chars: int) -> list[TextPiece]:
    """Split a text into pieces, each gold answer a piece of its own.

    A text of over `max_chars` characters is cut to about that length around the first answer.
    """
    spans = _find_answers(text, answers)
    start, end = 0, len(text)
    if len(text) > max_chars:
        first, last = spans[0] if spans else (0, 0)
        start = max(0, min(first - CONTEXT_CHARS, len(text) - max_chars))
        end = max(start + max_chars, last)
        # Cut between words where possible.
        start += text[start:first].find(" ") + 1 if start else 0
        end = max(text.rfind(" ", last, end), last) if end < len(text) and " " in text[last:end] else end
    pieces, done = [TextPiece("… ", False)] if start else [], start
    for left, right in spans:
        if left < start or right > end:
            continue
        pieces += [TextPiece(text[done:left], False), TextPiece(text[left:right], True)]
        done = right
    pieces.append(TextPiece(text[done:end] + (" …" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece.text]


def _find_answers(text: str, answers: Sequence[str]) -> list[tuple[int, int]]:
    """Find the spans of answers in the text: as whole words, in any case, longer answers first."""
    unique_answers = sorted({answer.strip() for answer in answers} - {""}, key=lambda one: (-len(one), one))
    if not unique_answers:
        return []
    pattern = "|".join(re.escape(answer) for answer in unique_answers)
    return [match.span() for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)]
