"""Where a row of items stands in a longer one: Knuth, Morris and Pratt's search, linear in both."""

from collections.abc import Iterator, Sequence


def occurrences(items: Sequence[object], wanted: Sequence[object]) -> Iterator[int]:
    """The places in `items` at which all of `wanted`, one item at least, stand in a row; they may overlap."""
    borders = _borders(wanted)
    matched = 0
    for place, item in enumerate(items):
        while matched and (matched == len(wanted) or wanted[matched] != item):
            matched = borders[matched - 1]
        matched += wanted[matched] == item
        if matched == len(wanted):
            yield place - matched + 1


def _borders(wanted: Sequence[object]) -> list[int]:
    """For each beginning of a row, how much of it is also its end."""
    borders = [0]
    for item in wanted[1:]:
        border = borders[-1]
        while border and wanted[border] != item:
            border = borders[border - 1]
        borders.append(border + (wanted[border] == item))
    return borders
