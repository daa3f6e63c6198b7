"""Read the raw characters of spans whose files and records have redacted names."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.sources.io import json_pointer
from pipeline.sources.pii.redaction import Redaction
from pipeline.sources.span_reader import ReadFile, SpanReader


class RedactedSpanReader(SpanReader):
    """A reader of spans that finds the raw file and record of redacted names; the characters are raw."""

    def __init__(self, raw_dir: Path, read_file: ReadFile | None, redaction: Redaction) -> None:
        """Read files below `raw_dir`; `redaction`: that of the source."""
        super().__init__(raw_dir, read_file)
        self._redaction = redaction

    def find_file(self, file: str) -> str:
        """Return the raw file whose name is redacted to `file`; `file` itself where there is none."""
        return self._files.get(file, file)

    @cached_property
    def _files(self) -> dict[str, str]:
        """The raw files by their redacted names."""
        files = (path.relative_to(self._raw_dir) for path in self._raw_dir.rglob("*") if path.is_file())
        return {self._redaction.redact_file(str(file)): str(file) for file in files}

    def _read_string_anew(self, file: str, record: str) -> str:
        raw = self.find_file(file)
        if record:
            record = _find_pointer(self._read_value(raw, True), record, self._redaction.replace_name)
        return super()._read_string_anew(raw, record)


def _find_pointer(value: Any, pointer: str, redact: Callable[[str], str]) -> str:
    """Return the pointer in a value whose keys are redacted to those of `pointer`."""
    keys: list[str] = []
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            key = next((one for one in value if one == key or redact(str(one)) == key), key)
            value = value.get(key)
        elif (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and key.isdecimal()
            and int(key) < len(value)
        ):
            value = value[int(key)]
        else:
            value = None
        keys.append(key)
    return json_pointer(*keys)
