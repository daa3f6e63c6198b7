"""TREC question classification: a line per question, `COARSE:fine question`."""

import re
from pathlib import Path

from pipeline.core.schema import Reject
from pipeline.sources.formats.label_files import iter_lines
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.io import find_raw_files, make_record_reject
from pipeline.sources.parsed import ParsedSource

_LINE = re.compile(r"^(?P<fine>(?P<coarse>[A-Z]+):[a-z]+) ++(?P<text>\S.*)$", re.DOTALL)
_REPLACEMENT_CHAR = "\ufffd"  # a character that an earlier decoding lost
_ENCODINGS = ("utf-8", "latin-1")  # the original files are latin-1


def parse(raw_dir: Path, source: str, label: str) -> ParsedSource:
    """Parse the questions of all `*.txt`, with `label` `coarse` or `fine`; damaged lines are rejects.

    Both sources have the same examples and the same split, which is stratified by the fine label. Raises
    MemcurateError when no file is there, or one is empty.
    """
    rejects: list[Reject] = []
    examples = []
    for path in find_raw_files(raw_dir, "*.txt"):
        for line, span in iter_lines(path, path.name, _ENCODINGS):
            match = _LINE.match(line.rstrip(" \t\r"))
            if line.strip() and (match is None or _REPLACEMENT_CHAR in line):
                reason = "malformed record" if match is None else "damaged characters"
                rejects.append(make_record_reject(source, reason, f"{line!r:.1000}", span))
            elif match is not None:
                span.start, span.end = span.start + match.start("text"), span.start + match.end("text")
                examples.append((match["text"], match[label], match["fine"], span))
    return deduplicate_examples("trec", examples, source, rejects)
