"""Labels and texts side by side: a line each of two files, or both in a line."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import MemcurateError
from pipeline.schema import Span
from pipeline.sources.lines import placed_lines
from pipeline.sources.reading import raw_file, read_text


def lines(path: Path, file: str, encodings: tuple[str, ...] = ("utf-8",)) -> Iterator[tuple[str, Span]]:
    """(a line without its end, where it stands) of a text file, which spans call `file`.

    Raises MemcurateError as `read_text` does.
    """
    for line, start in placed_lines(read_text(path, encodings)):
        yield line, Span(file, "", start, start + len(line))


def side_by_side(raw: Path, texts: str, labels: str) -> Iterator[tuple[str, str, Span]]:
    """(text, label, where the text stands) of two files with a line each for every example.

    Raises MemcurateError when one is missing or has more lines than the other.
    """
    read = [list(lines(raw_file(raw, file), file)) for file in (texts, labels)]
    for of_file in read:
        if not of_file[-1][0]:
            of_file.pop()  # what follows the last line's end
    if len(read[0]) != len(read[1]):
        raise MemcurateError(f"{raw / texts} has {len(read[0])} lines, but {raw / labels} has {len(read[1])}")
    for (text, span), (label, _) in zip(*read, strict=True):
        yield text, label.strip(), span
