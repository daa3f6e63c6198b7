"""PubMed-RCT: sentences of medical abstracts, each labelled by its role in the abstract (the paper's is the
20k set).

Lines are `LABEL<TAB>sentence`; an abstract may begin with `###<id>` and end in a blank line, or have neither.
Deviation: labels keep their names in the metadata, and their numbers go by the alphabet, as everywhere.
"""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.schema import Reject
from pipeline.sources.formats.examples import unique_examples
from pipeline.sources.formats.labelled import lines
from pipeline.sources.reading import raw_files, rejected_record, stripped

_ABSTRACT = "###"


def parse(raw: Path, source: str) -> Parsed:
    """The pool of the sentences in all `*.txt`. A line that is none of these is a reject.

    Raises MemcurateError when there is no file, or an empty one.
    """
    rejects: list[Reject] = []
    found = []
    for path in raw_files(raw, "*.txt"):
        for line, span in lines(path, path.name):
            label, tab, sentence = line.partition("\t")
            inner, within = stripped(sentence, path.name, "")
            if tab and label.strip() and inner:
                span.start, span.end = (span.start + len(label) + 1 + at for at in (within.start, within.end))
                found.append((inner, label.strip(), label.strip(), span))
            elif line.strip() and not line.startswith(_ABSTRACT):
                rejects.append(rejected_record(source, "malformed record", repr(line[:200]), span))
    return unique_examples("pubmed_rct", found, source, rejects)
