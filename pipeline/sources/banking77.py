"""BANKING77: customers' questions to a bank, 77 intents. Its own train and test texts are pooled."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.labelled_examples import deduplicate_examples
from pipeline.sources.io import (
    RawRecord,
    find_raw_file,
    is_text,
    json_pointer,
    make_record_reject,
    read_json_model,
    require_unique_keys,
    strip_with_span,
)
from pipeline.sources.parsed import ParsedSource


class Banking77File(RawRecord):
    """The file: parallel lists of texts and label numbers, and the names of the labels."""

    train_texts: list[object]
    train_labels: list[object]
    test_texts: list[object]
    test_labels: list[object]
    label_names: Annotated[dict[Any, Any], BeforeValidator(require_unique_keys)]


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse the examples of both parts. A blank or malformed text, or an unknown label, is a reject.

    Raises MemcurateError when the file is missing or malformed, or numbers of texts and labels differ.
    """
    path = find_raw_file(raw_dir, "pool.json")
    file = read_json_model(Banking77File, path)
    rejects: list[Reject] = []
    examples = []
    for part, texts, labels in (
        ("train_texts", file.train_texts, file.train_labels),
        ("test_texts", file.test_texts, file.test_labels),
    ):
        if len(texts) != len(labels):
            raise MemcurateError(f"{path}: {len(texts)} {part} but {len(labels)} labels")
        for index, (text, label) in enumerate(zip(texts, labels, strict=True)):
            record = json_pointer(part, index)
            name = file.label_names.get(str(label)) if isinstance(label, str | int) else None
            has_name = isinstance(name, str) and is_text(name)
            if not isinstance(text, str) or not is_text(text) or not isinstance(name, str) or not has_name:
                detail = f"text {text!r:.1000}, label {label!r:.1000}"
                if not has_name and name is not None:
                    detail += f" named {name!r:.1000}"
                rejects.append(
                    make_record_reject(source, "malformed record", detail, Span(path.name, record, 0, 0))
                )
                continue
            inner, span = strip_with_span(text, path.name, record)
            examples.append((inner, name, name, span))
    return deduplicate_examples("banking77", examples, source, rejects)
