"""Read text files of labelled examples line by line: texts and labels in two parallel files, or in one."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span
from pipeline.sources.io import find_raw_file, read_text
from pipeline.sources.lines import iter_lines_with_offsets


def iter_lines(path: Path, file: str, encodings: tuple[str, ...] = ("utf-8",)) -> Iterator[tuple[str, Span]]:
    """Yield (line without its end, its span) of a text file; `file` is its name in spans.

    Raises MemcurateError as `read_text` does.
    """
    for line, start in iter_lines_with_offsets(read_text(path, encodings)):
        yield line, Span(file, "", start, start + len(line))


def read_parallel_files(raw_dir: Path, texts: str, labels: str) -> Iterator[tuple[str, str, Span]]:
    """Yield (text, label, span of the text) of two files with a line for each example.

    Raises MemcurateError when a file is missing, or their numbers of lines differ.
    """
    file_lines = [list(iter_lines(find_raw_file(raw_dir, file), file)) for file in (texts, labels)]
    for lines in file_lines:
        if not lines[-1][0]:
            lines.pop()  # the empty text after the last line end
    text_lines, label_lines = file_lines
    if len(text_lines) != len(label_lines):
        raise MemcurateError(
            f"{raw_dir / texts} has {len(text_lines)} lines, but {raw_dir / labels} has {len(label_lines)}: "
            "fetch both files again, or correct their locators"
        )
    for (text, span), (label, _) in zip(text_lines, label_lines, strict=True):
        yield text, label.strip(), span
