"""BANKING77: customers' questions to a bank, 77 intents. Its own train and test texts make one pool."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from pipeline.documents import Parsed
from pipeline.errors import MemcurateError
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
    unrepeated,
)


class Pool(RawRecord):
    """The file: texts and label numbers side by side, and what the numbers mean."""

    train_texts: list[object]
    train_labels: list[object]
    test_texts: list[object]
    test_labels: list[object]
    label_names: Annotated[dict[Any, Any], BeforeValidator(unrepeated)]


def parse(raw: Path, source: str) -> Parsed:
    """The pool. A text that is none, or whose label is unknown, is a reject.

    Raises MemcurateError when the file is missing, malformed, or has not as many labels as texts.
    """
    path = raw_file(raw, "pool.json")
    pool = read_model(Pool, path)
    rejects: list[Reject] = []
    found = []
    for part, texts, labels in (
        ("train_texts", pool.train_texts, pool.train_labels),
        ("test_texts", pool.test_texts, pool.test_labels),
    ):
        if len(texts) != len(labels):
            raise MemcurateError(f"{path}: {len(texts)} {part} but {len(labels)} labels")
        for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
            record = pointer(part, number)
            name = pool.label_names.get(str(label)) if isinstance(label, str | int) else None
            named = isinstance(name, str) and is_text(name)
            if not isinstance(text, str) or not is_text(text) or not isinstance(name, str) or not named:
                detail = f"text {text!r:.1000}, label {label!r:.1000}"
                if not named and name is not None:
                    detail += f" named {name!r:.1000}"
                rejects.append(
                    rejected_record(source, "malformed record", detail, Span(path.name, record, 0, 0))
                )
                continue
            inner, span = stripped(text, path.name, record)
            found.append((inner, name, name, span))
    return unique_examples("banking77", found, source, rejects)
