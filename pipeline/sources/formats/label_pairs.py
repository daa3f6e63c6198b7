"""Labelled examples in lists of a JSON object: each example is a list of its text and its label.

The examples of all lists are one pool, in the order of params.yaml.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, create_model

from pipeline.core.params.formats import LabelPairsFormat
from pipeline.core.schema import Reject, Span
from pipeline.sources.formats.labelled_examples import Example, parse_files
from pipeline.sources.io import (
    RawRecord,
    is_text,
    json_pointer,
    make_record_reject,
    read_json_model,
    strip_with_span,
    values_by_key,
)
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.shards import RawShard


class OpenRecord(RawRecord):
    """A record that keeps the keys which are not its fields."""

    model_config = ConfigDict(extra="allow")


class LabelPairs:
    """Reader of lists of pairs."""

    def __init__(self, columns: LabelPairsFormat) -> None:
        """`columns`: the keys of the lists."""
        self._columns = columns
        fields: dict[str, Any] = {
            f"part_{n}": (list[object], Field(alias=key))
            for n, key in enumerate(dict.fromkeys(columns.parts))
        }
        self._model = create_model("LabelPairsFile", __base__=OpenRecord, **fields)

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse the examples of all files. Malformed pairs, and examples of other keys, are rejects.

        Raises MemcurateError when a file is malformed, or lacks one of the keys.
        """
        return parse_files(shards, source, self._iter_examples)

    def _iter_examples(self, path: Path, file: str, source: str, rejects: list[Reject]) -> Iterator[Example]:
        value = read_json_model(self._model, path)
        parts = values_by_key(value)
        for part in self._columns.parts:
            for index, pair in enumerate(parts[part]):
                match pair:
                    case [str(text), str(label)] if is_text(text) and is_text(label):
                        inner, span = strip_with_span(text, file, json_pointer(part, index, 0))
                        yield inner, label, label, span
                    case _:
                        pair_span = Span(file, json_pointer(part, index), 0, 0)
                        detail = repr(pair)[:200]
                        rejects.append(make_record_reject(source, "malformed record", detail, pair_span))
        for part, pairs in (value.model_extra or {}).items():
            for index, _ in enumerate(pairs if isinstance(pairs, list) else []):
                pair_span = Span(file, json_pointer(part, index), 0, 0)
                detail = self._columns.out_of_scope
                rejects.append(make_record_reject(source, "out of scope", detail, pair_span))
