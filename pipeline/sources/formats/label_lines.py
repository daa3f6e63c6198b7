"""Labelled lines: a label, a separator and a text in each line of text files."""

from pipeline.core.params.formats import LabelLinesFormat
from pipeline.core.schema import Reject
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.formats.text_lines import iter_lines
from pipeline.sources.io import make_record_reject, strip_with_span
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard, iter_files


class LabelLines:
    """Reader of labelled lines."""

    def __init__(self, columns: LabelLinesFormat) -> None:
        """`columns`: the separator, and how lines begin that are left out."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse the lines of all files. A line of another form is a reject; a blank one is left out.

        Raises MemcurateError when a file is empty, or is not UTF-8.
        """
        separator, skip = self._columns.separator, self._columns.skip
        rejects: list[Reject] = []
        examples = []
        for path, file in iter_files(shards):
            for line, span in iter_lines(path, file):
                if not line.strip() or (skip and line.startswith(skip)):
                    continue
                label, found, text = line.partition(separator)
                start = span.start + len(label) + len(separator)
                inner, inner_span = strip_with_span(text, file, "", start)
                label = label.strip()
                if found and label and inner:
                    examples.append((inner, label, label, inner_span))
                else:
                    rejects.append(make_record_reject(source, "malformed record", repr(line[:200]), span))
        return deduplicate_examples(source, examples, source, rejects)
