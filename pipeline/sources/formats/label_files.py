"""Labelled examples in parallel text files: texts in one, labels in another, line by line.

The examples of all pairs of files are one pool, in the order of the pairs.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.params.formats import LabelFilesFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.formats.text_lines import iter_lines
from pipeline.sources.io import find_raw_file, make_record_reject, strip_with_span
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard


class LabelFiles:
    """Reader of parallel files."""

    def __init__(self, columns: LabelFilesFormat) -> None:
        """`columns`: the files of texts and of labels."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse the examples of all pairs of files. A blank text or label is a reject.

        Raises MemcurateError when a file is missing, or texts and labels have different numbers of lines.
        """
        rejects: list[Reject] = []
        examples = []
        for texts, labels in zip(self._columns.texts, self._columns.labels, strict=True):
            for text, label, span in _read_parallel_files(shards[0].raw_dir, texts, labels):
                inner, inner_span = strip_with_span(text, span.file, "", span.start)
                if not inner or not label:
                    detail = f"text {text!r:.1000}, label {label!r:.1000}"
                    rejects.append(make_record_reject(source, "malformed record", detail, span))
                    continue
                examples.append((inner, label, label, inner_span))
        return deduplicate_examples(source, examples, source, rejects)


def _read_parallel_files(raw_dir: Path, texts: str, labels: str) -> Iterator[tuple[str, str, Span]]:
    """Yield (text, label, span of the text) of two files with a line for each example."""
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
