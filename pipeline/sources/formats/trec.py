"""TREC question classification: a line per question, `COARSE:fine question`."""

import re

from pipeline.core.params.formats import TrecFormat
from pipeline.core.schema import Reject
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.formats.text_lines import iter_lines
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard, iter_files

_LINE = re.compile(r"^(?P<fine>(?P<coarse>[A-Z]+):[a-z]+) ++(?P<text>\S.*)$", re.DOTALL)
_REPLACEMENT_CHAR = "\ufffd"  # a character that an earlier decoding lost
_ENCODINGS = ("utf-8", "latin-1")  # the original files are latin-1


class Trec:
    """Reader of TREC's questions."""

    def __init__(self, columns: TrecFormat) -> None:
        """`columns`: which label is shown."""
        self._label = columns.label

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse the questions of all files; damaged lines are rejects.

        With either label the examples and the split are the same: it is stratified by the fine label. Raises
        MemcurateError when a file is empty.
        """
        rejects: list[Reject] = []
        examples = []
        for path, file in iter_files(shards):
            for line, span in iter_lines(path, file, _ENCODINGS):
                match = _LINE.match(line.rstrip(" \t\r"))
                if line.strip() and (match is None or _REPLACEMENT_CHAR in line):
                    reason = "malformed record" if match is None else "damaged characters"
                    rejects.append(make_record_reject(source, reason, f"{line!r:.1000}", span))
                elif match is not None:
                    span.start, span.end = span.start + match.start("text"), span.start + match.end("text")
                    examples.append((match["text"], match[self._label], match["fine"], span))
        return deduplicate_examples("trec", examples, source, rejects)
