"""Answers marked in the text that holds them."""

import re
from collections.abc import Callable, Iterable

_NOT_INSIDE_A_WORD = r"(?<!\w){}(?!\w)"


def spans(text: str, answers: Iterable[str]) -> list[tuple[int, int]]:
    """Where answers stand in a text as whole words, whatever the case and white space; none overlap."""
    found: list[tuple[int, int]] = []
    for answer in answers:
        wanted = r"\s+".join(map(re.escape, answer.split()))
        if wanted:
            pattern = re.compile(_NOT_INSIDE_A_WORD.format(wanted), re.IGNORECASE)
            found += (match.span() for match in pattern.finditer(text))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def marked(
    text: str,
    places: Iterable[tuple[int, int]],
    opening: str,
    closing: str,
    shown: Callable[[str], str] = str,
) -> str:
    """The text with marks around places, which are sorted and apart; `shown` writes what is no mark."""
    parts, last = [], 0
    for start, end in places:
        parts += [shown(text[last:start]), opening, shown(text[start:end]), closing]
        last = end
    return "".join([*parts, shown(text[last:])])
