"""Read text files line by line, with the span of each line."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.core.schema import Span
from pipeline.sources.io import read_text
from pipeline.sources.lines import iter_lines_with_offsets


def iter_lines(path: Path, file: str, encodings: tuple[str, ...] = ("utf-8",)) -> Iterator[tuple[str, Span]]:
    """Yield (line without its end, its span) of a text file; `file` is its name in spans.

    Raises MemcurateError as `read_text` does.
    """
    for line, start in iter_lines_with_offsets(read_text(path, encodings)):
        yield line, Span(file, "", start, start + len(line))
