"""Split text into lines, with LF, CRLF or CR line ends."""

from collections.abc import Iterator

_BYTE_ORDER_MARK = "\ufeff"


def iter_lines_with_offsets(text: str) -> Iterator[tuple[str, int]]:
    """Yield (line without its end, index of its first character); CR ends lines in a text without LF.

    The text after the last line end counts as a line too. A byte order mark before a line, as in concatenated
    files, is not part of the line.
    """
    end = "\n" if "\n" in text else "\r"
    start = 0
    for line in text.split(end):
        inner = line.removeprefix(_BYTE_ORDER_MARK)
        yield inner.rstrip("\r"), start + len(line) - len(inner)
        start += len(line) + 1


def split_lines(text: str) -> list[str]:
    """Return the lines of `iter_lines_with_offsets`, without empty ones at the end."""
    lines = [line for line, _ in iter_lines_with_offsets(text)]
    while lines and not lines[-1]:
        lines.pop()
    return lines
