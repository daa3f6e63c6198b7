"""TREC's question classification: a line per question, `COARSE:fine question`."""

import re
from pathlib import Path

from pipeline.documents import Parsed
from pipeline.schema import Reject
from pipeline.sources.formats.examples import unique_examples
from pipeline.sources.formats.labelled import lines
from pipeline.sources.reading import raw_files, rejected_record

_LINE = re.compile(r"^(?P<fine>(?P<coarse>[A-Z]+):[a-z]+) ++(?P<text>\S.*)$", re.DOTALL)
_REPLACED = "\ufffd"  # a character that an earlier decoding lost
_ENCODINGS = ("utf-8", "latin-1")  # the second is that of the original files


def parse(raw: Path, source: str, label: str) -> Parsed:
    """The pool `trec` of the questions in all `*.txt`, labelled by `coarse` or `fine`; what is damaged is a
    reject.

    Both sources over it get the same examples and the same split, which goes by the fine label.
    Raises MemcurateError when there is no file, or an empty one.
    """
    rejects: list[Reject] = []
    found = []
    for path in raw_files(raw, "*.txt"):
        for line, span in lines(path, path.name, _ENCODINGS):
            match = _LINE.match(line.rstrip(" \t\r"))
            if line.strip() and (match is None or _REPLACED in line):
                reason = "malformed record" if match is None else "damaged characters"
                rejects.append(rejected_record(source, reason, f"{line!r:.1000}", span))
            elif match is not None:
                span.start, span.end = span.start + match.start("text"), span.start + match.end("text")
                found.append((match["text"], match[label], match["fine"], span))
    return unique_examples("trec", found, source, rejects)
