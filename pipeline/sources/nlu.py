"""HWU64 (the paper's NLU): requests to a home assistant, 64 intents. Its three parts are pooled.

Each part has a folder, with the texts in `seq.in` and the labels in `label`, line by line. Deviation: the
paper takes the texts from MemoryAgentBench, whose labels are numbers without names.
"""

from pathlib import Path

from pipeline.core.schema import Reject
from pipeline.sources.formats.label_files import read_parallel_files
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.io import make_record_reject, strip_with_span
from pipeline.sources.parsed import ParsedSource

_PARTS = ("train", "valid", "test")


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the examples of all parts. A blank text or label is a reject.

    Raises MemcurateError when a file is missing, or texts and labels have different numbers of lines.
    """
    rejects: list[Reject] = []
    examples = []
    for part in _PARTS:
        for text, label, span in read_parallel_files(raw_dir, f"{part}/seq.in", f"{part}/label"):
            inner, inner_span = strip_with_span(text, span.file, "", span.start)
            if not inner or not label:
                detail = f"text {text!r:.1000}, label {label!r:.1000}"
                rejects.append(make_record_reject(source, "malformed record", detail, span))
                continue
            examples.append((inner, label, label, inner_span))
    return deduplicate_examples("nlu", examples, source, rejects)
