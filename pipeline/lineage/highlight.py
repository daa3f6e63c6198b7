"""Highlight answers in the text that holds them."""

import re
from collections.abc import Callable, Iterable

_WHOLE_WORD = r"(?<!\w){}(?!\w)"


def find_spans(text: str, answers: Iterable[str]) -> list[tuple[int, int]]:
    """Return the spans of answers in a text, sorted and disjoint.

    Answers match as whole words, whatever their case and white space. Of spans that overlap the first counts,
    and of those that begin together the longest.
    """
    matches: list[tuple[int, int]] = []
    for answer in answers:
        answer_pattern = r"\s+".join(map(re.escape, answer.split()))
        if answer_pattern:
            pattern = re.compile(_WHOLE_WORD.format(answer_pattern), re.IGNORECASE)
            matches += (match.span() for match in pattern.finditer(text))
    disjoint: list[tuple[int, int]] = []
    for start, end in sorted(matches, key=lambda span: (span[0], -span[1])):
        if not disjoint or start >= disjoint[-1][1]:
            disjoint.append((start, end))
    return disjoint


def highlight_spans(
    text: str,
    spans: Iterable[tuple[int, int]],
    opening: str,
    closing: str,
    escape: Callable[[str], str] = str,
) -> str:
    """Return a text with marks around spans, which are sorted and disjoint.

    `opening` and `closing` are the marks; `escape` is applied to the text, not to the marks.
    """
    parts, last = [], 0
    for start, end in spans:
        parts += [escape(text[last:start]), opening, escape(text[start:end]), closing]
        last = end
    return "".join([*parts, escape(text[last:])])
