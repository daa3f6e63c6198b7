"""PubMed-RCT: sentences of medical abstracts, each labelled by its role there (the paper's is the 20k set).

Lines are `LABEL<TAB>sentence`; an abstract may begin with `###<id>` and end in a blank line, or have neither.
Deviation: labels keep their names in the metadata, and are numbered alphabetically, as in all sources.
"""

from pathlib import Path

from pipeline.core.schema import Reject
from pipeline.sources.formats.label_files import iter_lines
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.io import find_raw_files, make_record_reject, strip_with_span
from pipeline.sources.parsed import ParsedSource

_ABSTRACT = "###"


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the sentences of all `*.txt`. A line of another form is a reject.

    Raises MemcurateError when no file is there, or one is empty.
    """
    rejects: list[Reject] = []
    examples = []
    for path in find_raw_files(raw_dir, "*.txt"):
        for line, span in iter_lines(path, path.name):
            label, tab, sentence = line.partition("\t")
            inner, inner_span = strip_with_span(sentence, path.name, "", span.start + len(label) + 1)
            if tab and label.strip() and inner:
                examples.append((inner, label.strip(), label.strip(), inner_span))
            elif line.strip() and not line.startswith(_ABSTRACT):
                rejects.append(make_record_reject(source, "malformed record", repr(line[:200]), span))
    return deduplicate_examples("pubmed_rct", examples, source, rejects)
