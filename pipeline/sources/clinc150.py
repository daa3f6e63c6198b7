"""CLINC150: requests to an assistant, 150 intents. Its three parts are pooled, without out-of-scope texts."""

from pathlib import Path

from pydantic import ConfigDict

from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.io import (
    RawRecord,
    find_raw_file,
    is_text,
    json_pointer,
    make_record_reject,
    read_json_model,
    strip_with_span,
)
from pipeline.sources.parsed import ParsedSource

_PARTS = ("train", "val", "test")


class Clinc150File(RawRecord):
    """The file: pairs of text and intent in each part; parts named `oos_…` are out of scope."""

    model_config = ConfigDict(extra="allow")

    train: list[object]
    val: list[object]
    test: list[object]


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the examples of all parts. Malformed pairs and out-of-scope texts are rejects.

    Raises MemcurateError when the file is missing or lacks one of the three parts.
    """
    path = find_raw_file(raw_dir, "data_full.json")
    file = read_json_model(Clinc150File, path)
    rejects: list[Reject] = []
    examples = []
    for part in _PARTS:
        for index, pair in enumerate(getattr(file, part)):
            match pair:
                case [str(text), str(label)] if is_text(text) and is_text(label):
                    inner, span = strip_with_span(text, path.name, json_pointer(part, index, 0))
                    examples.append((inner, label, label, span))
                case _:
                    pair_span = Span(path.name, json_pointer(part, index), 0, 0)
                    rejects.append(
                        make_record_reject(source, "malformed record", repr(pair)[:200], pair_span)
                    )
    for part, pairs in (file.model_extra or {}).items():
        for index, _ in enumerate(pairs if isinstance(pairs, list) else []):
            pair_span = Span(path.name, json_pointer(part, index), 0, 0)
            rejects.append(
                make_record_reject(source, "out of scope", "its intent is none of the 150", pair_span)
            )
    return deduplicate_examples("clinc150", examples, source, rejects)
