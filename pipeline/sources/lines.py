"""Lines of a text that is made of lines, whatever ends them."""

from collections.abc import Iterator

_BYTE_ORDER_MARK = "\ufeff"


def placed_lines(text: str) -> Iterator[tuple[str, int]]:
    """(line without its end, where it begins): by LF or CRLF, and by CR in a text that has no LF.

    What follows the last line's end counts as a line too. A byte order mark before a line, which files that
    were joined have, is no part of it.
    """
    end = "\n" if "\n" in text else "\r"
    start = 0
    for line in text.split(end):
        inner = line.removeprefix(_BYTE_ORDER_MARK)
        yield inner.rstrip("\r"), start + len(line) - len(inner)
        start += len(line) + 1


def split_lines(text: str) -> list[str]:
    """The lines of `placed_lines`, without empty ones at the end."""
    lines = [line for line, _ in placed_lines(text)]
    while lines and not lines[-1]:
        lines.pop()
    return lines
