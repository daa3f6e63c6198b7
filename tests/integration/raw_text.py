"""Spans of raw files read by the standard library alone: a check on the project's own reader."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from pipeline.core.schema import Span


class RawText:
    """Reads spans by the standard library alone, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Any] = {}

    @staticmethod
    def _parsed(file: str, text: str) -> Any:
        """JSON, or a table's rows by the names in its first line."""
        if file.endswith(".jsonl"):
            return [json.loads(line) if line.strip() else None for line in text.split("\n")]
        if file.endswith(".csv"):
            return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
        return json.loads(text)

    def at(self, span: Span) -> str:
        value = self._files.get(span.file)
        if value is None:
            data = (self._folder / span.file).read_bytes()
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            value = self._files[span.file] = self._parsed(span.file, text) if span.record else text
        for part in span.record.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        assert isinstance(value, str)
        return value[span.start : span.end]
