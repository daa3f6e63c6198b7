"""CLINC150: what people ask an assistant, 150 intents; its three parts make one pool, without what is out of
scope.
"""

from pathlib import Path

from pydantic import ConfigDict

from pipeline.documents import Parsed
from pipeline.schema import Reject, Span
from pipeline.sources.formats.examples import unique_examples
from pipeline.sources.reading import (
    RawRecord,
    is_text,
    pointer,
    raw_file,
    read_model,
    rejected_record,
    stripped,
)

_PARTS = ("train", "val", "test")


class File(RawRecord):
    """The file: pairs of text and intent in each part; parts named `oos_…` are out of scope."""

    model_config = ConfigDict(extra="allow")

    train: list[object]
    val: list[object]
    test: list[object]


def parse(raw: Path, source: str) -> Parsed:
    """The pool. What is no pair of two texts, and what is out of scope, is a reject.

    Raises MemcurateError when the file is missing or has not the three parts.
    """
    path = raw_file(raw, "data_full.json")
    file = read_model(File, path)
    rejects: list[Reject] = []
    found = []
    for part in _PARTS:
        for number, pair in enumerate(getattr(file, part)):
            match pair:
                case [str(text), str(label)] if is_text(text) and is_text(label):
                    inner, span = stripped(text, path.name, pointer(part, number, 0))
                    found.append((inner, label, label, span))
                case _:
                    where = Span(path.name, pointer(part, number), 0, 0)
                    rejects.append(rejected_record(source, "malformed record", repr(pair)[:200], where))
    for part, pairs in (file.model_extra or {}).items():
        for number, _ in enumerate(pairs if isinstance(pairs, list) else []):
            where = Span(path.name, pointer(part, number), 0, 0)
            rejects.append(rejected_record(source, "out of scope", "its intent is none of the 150", where))
    return unique_examples("clinc150", found, source, rejects)
