"""Labelled examples in parallel lists of a JSON object: texts in one, labels in another.

The examples of all pairs of lists are one pool, in the order of the pairs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, create_model

from pipeline.core.errors import MemcurateError
from pipeline.core.params.formats import LabelListsFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.labelled_examples import Example, parse_files
from pipeline.sources.io import (
    RawRecord,
    is_text,
    json_pointer,
    make_record_reject,
    read_json_model,
    require_unique_keys,
    strip_with_span,
    values_by_key,
)
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard

_Names = Annotated[dict[Any, Any], BeforeValidator(require_unique_keys)]


class LabelLists:
    """Reader of parallel lists."""

    def __init__(self, columns: LabelListsFormat) -> None:
        """`columns`: the keys of the lists, and of the names of labels."""
        self._columns = columns
        self._model = _make_model(columns)

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse the examples of all files. A blank or malformed text, or an unknown label, is a reject.

        Raises MemcurateError when a file is malformed, or numbers of texts and labels differ.
        """
        return parse_files(shards, source, self._iter_examples)

    def _iter_examples(self, path: Path, file: str, source: str, rejects: list[Reject]) -> Iterator[Example]:
        columns = self._columns
        lists = values_by_key(read_json_model(self._model, path))
        for key, label_key in zip(columns.texts, columns.labels, strict=True):
            texts, labels = lists[key], lists[label_key]
            if len(texts) != len(labels):
                raise MemcurateError(f"{path}: {len(texts)} {key} but {len(labels)} labels in {label_key}")
            for index, (text, label) in enumerate(zip(texts, labels, strict=True)):
                record = json_pointer(key, index)
                name = self._find_name(label, lists)
                if not isinstance(text, str) or not is_text(text) or not _is_name(name):
                    detail = f"text {text!r:.1000}, label {label!r:.1000}"
                    if columns.label_names and not _is_name(name) and name is not None:
                        detail += f" named {name!r:.1000}"
                    span = Span(file, record, 0, 0)
                    rejects.append(make_record_reject(source, "malformed record", detail, span))
                    continue
                inner, span = strip_with_span(text, file, record)
                yield inner, name, name, span

    def _find_name(self, label: object, lists: dict[str, Any]) -> Any:
        """Return the name of a label; None where it has none."""
        if not isinstance(label, str | int):
            return None
        names = self._columns.label_names
        return lists[names].get(str(label)) if names else " ".join(str(label).split())


def _is_name(value: object) -> bool:
    return isinstance(value, str) and is_text(value)


def _make_model(columns: LabelListsFormat) -> type[RawRecord]:
    """Return the model of a file, whose keys are params."""
    keys = dict.fromkeys([*columns.texts, *columns.labels])
    fields: dict[str, Any] = {f"list_{n}": (list[object], Field(alias=key)) for n, key in enumerate(keys)}
    if columns.label_names:
        fields["names"] = (_Names, Field(alias=columns.label_names))
    return create_model("LabelListsFile", __base__=RawRecord, **fields)
