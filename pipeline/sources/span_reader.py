"""Read the characters of spans again, with the files that were read last kept in memory."""

from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np

from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import InvalidJsonError, load_json_with_duplicates
from pipeline.core.schema import Span
from pipeline.core.unicode import to_well_formed
from pipeline.sources.io import read_data_file, read_text, resolve_pointer

# Returns the text of a raw file, or a JSON value whose strings spans name by their pointers.
ReadFile = Callable[[Path], Any]

_ENCODINGS = ("utf-8", "latin-1")
_KEPT_FILES = 4
_KEPT_STRINGS = 64
_BLOCK_BYTES = 1 << 22


class SpanReader:
    """A reader of the spans of a source's raw files."""

    def __init__(self, raw_dir: Path, read_file: ReadFile | None = None) -> None:
        """Read files below `raw_dir`; `read_file`: that of a format which decodes its files itself."""
        self._raw_dir = raw_dir
        self._read_file = read_file
        self._read_value = lru_cache(_KEPT_FILES)(self._read_value_anew)
        self.read_string: Callable[[str, str], str] = lru_cache(_KEPT_STRINGS)(self._read_string_anew)

    def read(self, span: Span) -> str:
        """Return the characters of a span. Raises MemcurateError where its file or record cannot be read."""
        return self.read_string(span.file, span.record)[span.start : span.end]

    def find_file(self, file: str) -> str:
        """Return the name below the raw folder of the file of a span."""
        return file

    def _read_string_anew(self, file: str, record: str) -> str:
        """Return the string at a JSON pointer in a file, or the text of a file. Raises MemcurateError."""
        value = self._read_value(file, bool(record))
        path = self._raw_dir / file
        if record:
            return resolve_pointer(value, record, path)
        if not isinstance(value, str):
            raise MemcurateError(
                f"{path} is not text, but a {type(value).__name__}: a span needs a JSON pointer into it"
            )
        return value

    def _read_value_anew(self, file: str, in_record: bool) -> Any:
        path = self._raw_dir / file
        if self._read_file is not None:
            return self._read_file(path)
        if not in_record:
            return read_text(path, _ENCODINGS)
        if path.suffix.lower() == ".jsonl" and path.is_file():
            lines = JsonLines(path)
            if len(lines) > 1:
                return lines
        return read_data_file(path, is_lenient=True)


class JsonLines(Sequence[Any]):
    """The values of a JSONL file by their lines, of which only those that are asked for are parsed."""

    def __init__(self, path: Path) -> None:
        """Find the lines of a file. Raises OSError where it cannot be read."""
        self._path = path
        self._ends = array("q")
        self._size = path.stat().st_size
        self._last: tuple[int, Any] = (-1, None)
        position = 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + position + 1
                self._ends.frombytes(ends.astype(np.int64).tobytes())
                position += len(block)

    def __len__(self) -> int:
        """Return the number of lines; what follows the last line end is one."""
        return len(self._ends) + (self._size > (self._ends[-1] if self._ends else 0))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return the value of a line; the line itself where it is not JSON. Raises IndexError."""
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._last[0] != index:
            self._last = (index, self._parse(index))
        return self._last[1]

    def _parse(self, index: int) -> Any:
        start = self._ends[index - 1] if index else 0
        end = self._ends[index] if index < len(self._ends) else self._size
        with self._path.open("rb") as file:
            file.seek(start)
            line = file.read(end - start)
        text = line.decode("utf-8-sig", "surrogateescape").rstrip("\r\n")
        try:
            return load_json_with_duplicates(text) if text.strip() else None
        except InvalidJsonError:
            return to_well_formed(text)
