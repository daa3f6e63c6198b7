"""TREC's question classification: a line per question, `COARSE:fine question`."""

import re
from pathlib import Path

from pipeline.documents import Parsed
from pipeline.schema import Reject, Span
from pipeline.sources.formats.examples import unique_examples
from pipeline.sources.reading import raw_file, read_text, rejected_record

_LINE = re.compile(r"^(?P<fine>(?P<coarse>[A-Z]+):[a-z]+) +(?P<text>\S.*?)[ \t\r]*$")
_REPLACED = "\ufffd"  # a character that an earlier decoding lost


def parse(raw: Path, source: str, label: str) -> Parsed:
    """The pool `trec`, labelled by `coarse` or `fine`. Malformed and damaged lines are rejects.

    Both sources over it get the same examples and the same split, which goes by the fine label.
    Raises MemcurateError when the file is missing, empty or not UTF-8.
    """
    path = raw_file(raw, "question_labels.txt")
    rejects: list[Reject] = []
    found = []
    start = 0
    for line in read_text(path).split("\n"):
        match = _LINE.match(line)
        whole = Span(path.name, "", start, start + len(line))
        if line.strip() and (match is None or _REPLACED in line):
            reason = "malformed record" if match is None else "damaged characters"
            rejects.append(rejected_record(source, reason, repr(line), whole))
        elif match is not None:
            span = Span(path.name, "", start + match.start("text"), start + match.end("text"))
            found.append((match["text"], match[label], match["fine"], span))
        start += len(line) + 1
    return unique_examples("trec", found, source, rejects)
