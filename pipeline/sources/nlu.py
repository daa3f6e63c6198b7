"""HWU64 (the paper's NLU): what people say to a home assistant, 64 intents; its three parts make one pool.

A folder each for train, valid and test, with the texts in `seq.in` and the labels in `label`, line by line.
Deviation: the paper takes the texts out of MemoryAgentBench, whose labels are numbers without names.
"""

from pathlib import Path

from pipeline.documents import Parsed
from pipeline.schema import Reject
from pipeline.sources.formats.examples import unique_examples
from pipeline.sources.formats.labelled import side_by_side
from pipeline.sources.reading import rejected_record, stripped

_PARTS = ("train", "valid", "test")


def parse(raw: Path, source: str) -> Parsed:
    """The pool. A text or a label that is blank makes a reject.

    Raises MemcurateError when a file is missing or has more lines than the one beside it.
    """
    rejects: list[Reject] = []
    found = []
    for part in _PARTS:
        for text, label, span in side_by_side(raw, f"{part}/seq.in", f"{part}/label"):
            inner, within = stripped(text, span.file, "")
            if not inner or not label:
                detail = f"text {text!r:.1000}, label {label!r:.1000}"
                rejects.append(rejected_record(source, "malformed record", detail, span))
                continue
            span.start, span.end = span.start + within.start, span.start + within.end
            found.append((inner, label, label, span))
    return unique_examples("nlu", found, source, rejects)
