"""Subsequence search by Knuth, Morris and Pratt: linear in both sequences."""

from collections.abc import Iterator, Sequence


def find_occurrences(items: Sequence[object], pattern: Sequence[object]) -> Iterator[int]:
    """Yield each index of `items` at which `pattern` stands, item by item; occurrences may overlap.

    `pattern` holds at least one item.
    """
    borders = _borders(pattern)
    matched = 0
    for index, item in enumerate(items):
        while matched and (matched == len(pattern) or pattern[matched] != item):
            matched = borders[matched - 1]
        matched += pattern[matched] == item
        if matched == len(pattern):
            yield index - matched + 1


def _borders(pattern: Sequence[object]) -> list[int]:
    """Return for each prefix of a pattern the length of its longest proper prefix that is also its suffix."""
    borders = [0]
    for item in pattern[1:]:
        border = borders[-1]
        while border and pattern[border] != item:
            border = borders[border - 1]
        borders.append(border + (pattern[border] == item))
    return borders
